"""ProductDependency: one operation."""

from litestar import post
from litestar.params import JSONBody

from kolofon.engine.calls import ClientReads
from kolofon.product_services.product_dependency.schemas import DiscountAnswer, DiscountRequest
from kolofon.product_services.product_dependency.service import check_discount

TAG = "ProductDependency"


@post(
    "/v1/client/productdependency/discount",
    operation_id="checkProductDependencyDiscountClient",
    summary="Check product dependency discount - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "discount"},
)
async def check(data: JSONBody[DiscountRequest], client_reads: ClientReads) -> DiscountAnswer:
    """Whether a customer gets a discount on a product for subscribing to others, and which."""
    return await check_discount(client_reads, data)


HANDLERS = [check]
