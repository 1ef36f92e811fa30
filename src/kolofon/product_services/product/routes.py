"""Product: the customer's products, which existing clients read although no reference names it."""

from litestar import get

from kolofon.catalogue.memory import Catalogue
from kolofon.platform.clock import Clock
from kolofon.platform.dependencies import ReadConnection, Shared, User
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
async def list_products(
    user: User, connection: ReadConnection, catalogue: Shared[Catalogue], clock: Shared[Clock]
) -> CustomerProducts:
    """The products the logged-in customer has or had, and the access each gives now."""
    return await list_customer_products(connection, clock, catalogue.partner(user.partner_id), user)


HANDLERS = [list_products]
