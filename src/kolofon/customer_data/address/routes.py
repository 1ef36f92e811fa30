"""Address: five operations."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter

from kolofon.customer_data.address.changing import change_addresses
from kolofon.customer_data.address.schemas import AddressChange, Addresses
from kolofon.customer_data.address.service import list_of_customer, list_of_user
from kolofon.engine.calls import ClientReads, CustomerNumber, UserReads, UserWrites

TAG = "Address"
ProductCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of a product.")]


@post(
    "/v1/customer/address",
    operation_id="changeAddresses",
    summary="Change addresses",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "addresses"},
)
async def change(data: JSONBody[AddressChange], user_writes: UserWrites) -> Addresses:
    """Correct the home address, plan a temporary change or a move, move its dates, or cancel it.

    Days are those of the publisher's time zone. The answer is what List addresses gives.
    """
    return await change_addresses(user_writes, data)


@get(
    "/v1/customer/address",
    operation_id="listAddresses",
    summary="List addresses",
    tags=[TAG],
    opt={"xml_root": "addresses"},
)
async def list_own(user_reads: UserReads) -> Addresses:
    """The logged-in customer's home address, running and planned changes, and former addresses to use again."""
    return await list_of_user(user_reads)


@get(
    "/v1/customer/address/{product_code:str}",
    operation_id="listAddressesForProduct",
    summary="List addresses for product",
    tags=[TAG],
    opt={"xml_root": "addresses"},
)
async def list_own_for_product(product_code: ProductCode, user_reads: UserReads) -> Addresses:
    """The same without changes for other products."""
    return await list_of_user(user_reads, product_code)


@get(
    "/v1/client/customer/address/{customer_number:int}",
    operation_id="listAddressesClient",
    summary="List addresses - client mode",
    tags=[TAG],
    opt={"xml_root": "addresses"},
)
async def list_for_client(customer_number: CustomerNumber, client_reads: ClientReads) -> Addresses:
    """A customer's home address, running and planned changes, and former addresses."""
    return await list_of_customer(client_reads, customer_number)


@get(
    "/v1/client/customer/address/{customer_number:int}/{product_code:str}",
    operation_id="listAddressesForProductClient",
    summary="List addresses for product - client mode",
    tags=[TAG],
    opt={"xml_root": "addresses"},
)
async def list_for_product_for_client(
    customer_number: CustomerNumber, product_code: ProductCode, client_reads: ClientReads
) -> Addresses:
    """The same without changes for other products."""
    return await list_of_customer(client_reads, customer_number, product_code)


HANDLERS = [change, list_own, list_own_for_product, list_for_client, list_for_product_for_client]
