"""Product: what the partner sells, in client mode, and the customer's products, which existing clients read although
no reference names them.

What is sold is in memory, so listing it does not ask the database.
"""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from kolofon.catalogue.offers import ProductType
from kolofon.engine.calls import ClientReads, UserReads
from kolofon.product_services.product.schemas import CustomerProducts, ProductCheck, Products
from kolofon.product_services.product.selling import check_sold_products, list_sold_products
from kolofon.product_services.product.service import list_customer_products

TAG = "Product"
ProductId = Annotated[
    str | None, QueryParameter(name="productId", max_length=12, description="Only the product with this code.")
]
Shop = Annotated[bool, QueryParameter(description="Only products that are available in the web shop.")]
Kind = Annotated[ProductType, PathParameter(description="Type of the products, such as subscription.")]


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


@get(
    "/v1/client/product",
    operation_id="listProductsClient",
    summary="List products - client mode",
    tags=[TAG],
    opt={"xml_root": "products"},
)
async def list_sold(client_reads: ClientReads, product_id: ProductId = None, shop: Shop = False) -> Products:
    """The products of the partner, or one of them; an empty list when there is no such product."""
    return list_sold_products(client_reads, product_id=product_id, shop=shop)


@post(
    "/v1/client/product",
    operation_id="checkProductClient",
    summary="Check product - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "products"},
)
async def check_sold(data: JSONBody[ProductCheck], client_reads: ClientReads, shop: Shop = False) -> Products:
    """The products that changed after a time, for who keeps a copy: those that are sold no more are there, ended."""
    return check_sold_products(client_reads, data, shop=shop)


@get(
    "/v1/client/product/{product_type:str}",
    operation_id="listSpecificProductsClient",
    summary="List specific products - client mode",
    tags=[TAG],
    opt={"xml_root": "products"},
)
async def list_sold_of_type(
    product_type: Kind, client_reads: ClientReads, product_id: ProductId = None, shop: Shop = False
) -> Products:
    """The products of one type, such as subscription."""
    return list_sold_products(client_reads, product_id=product_id, shop=shop, product_type=product_type)


HANDLERS = [list_products, list_sold, check_sold, list_sold_of_type]
