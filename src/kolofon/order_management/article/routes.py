"""Article: one operation."""

from litestar import post
from litestar.params import JSONBody

from kolofon.engine.calls import UserReads
from kolofon.order_management.article.schemas import ArticlePriceAnswer, ArticlePriceRequest
from kolofon.order_management.article.service import check_article_price

TAG = "Article"


@post(
    "/v1/customer/article/price",
    operation_id="checkArticlePrice",
    summary="Check article price",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "articlePrice"},
)
async def check_price(data: JSONBody[ArticlePriceRequest], user_reads: UserReads) -> ArticlePriceAnswer:
    """What one article costs the logged-in user, by its category, with the VAT of the user's country."""
    return await check_article_price(user_reads, data)


HANDLERS = [check_price]
