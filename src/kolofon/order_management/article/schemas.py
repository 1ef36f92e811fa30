"""Wire shapes of Article."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer, Code, RequestBody

CompanyCode = Annotated[Code, Meta(description="Code of the company that sells the article.")]
ProductCode = Annotated[Code, Meta(description="Code of the product, of type article, that the article belongs to.")]
ArticleRef = Annotated[str, Meta(min_length=1, max_length=255, description="The publisher's id of the article.")]
Category = Annotated[str, Meta(max_length=255, description="Category that the price may hang on.")]


class ArticlePriceRequest(RequestBody):
    """Which article."""

    company_code: CompanyCode
    product: ProductCode
    article_ref: ArticleRef
    article_category: Category | None = None


class ArticlePriceAnswer(Answer):
    """The price of one article."""

    company_code: CompanyCode
    product: ProductCode
    article_ref: ArticleRef
    price: Annotated[float, Meta(description="As in the price list.")]
    vat_amount: Annotated[float, Meta(description="VAT in the price or on top of it.")]
    vatpercent: Annotated[float, Meta(description="Rate of the VAT, in per cent.")]
    vat_include: Annotated[bool, Meta(description="true: price contains the VAT; false: it comes on top.")]
    currency: Annotated[str, Meta(max_length=3, description="ISO 4217, such as NOK.")]
