"""Product: the customer's products, which existing clients read although no reference names it."""

from litestar import get

from kolofon.engine.calls import UserReads
from kolofon.product_services.product.schemas import CustomerProducts
from kolofon.product_services.product.service import list_customer_products

TAG = "Product"


@get(
    "/v1/customer/product",
    operation_id="listCustomerProducts",
    summary="List customer products",
    tags=[TAG],
    opt={"xml_root": "products"},
)
async def list_products(user_reads: UserReads) -> CustomerProducts:
    """The products the logged-in customer has or had, and the access each gives now."""
    return await list_customer_products(user_reads)


HANDLERS = [list_products]
