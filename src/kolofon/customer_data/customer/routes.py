"""Customer: list info in both modes, change info, check number. The search is in search_routes."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from kolofon.customer_data.customer import search_routes
from kolofon.customer_data.customer.check_service import NumberGuesses, check_customer_number
from kolofon.customer_data.customer.schemas import (
    CustomerInfo,
    CustomerInfoAnswer,
    CustomerInfoChange,
    CustomerNumberAnswer,
    CustomerNumberCheck,
)
from kolofon.customer_data.customer.service import change_info, list_info, list_users_info
from kolofon.engine.calls import ClientReads, CustomerNumber, UserReads, UserWrites

TAG = "Customer"


@get(
    "/v1/customer/info",
    operation_id="listCustomerInfo",
    summary="List customer info",
    tags=[TAG],
    opt={"xml_root": "customerInfo"},
)
async def list_customer_info(
    user_reads: UserReads,
) -> CustomerInfo:
    """The logged-in customer's name, phone numbers and e-mail addresses, and the users who are this customer."""
    return await list_users_info(user_reads)


@post(
    "/v1/customer/info",
    operation_id="changeCustomerInfo",
    summary="Change customer Info",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "result"},
)
async def change_customer_info(
    data: JSONBody[CustomerInfoChange],
    user_writes: UserWrites,
) -> CustomerInfoAnswer:
    """Replace the logged-in customer's name, phone numbers, e-mail addresses and where invoices go.

    All of them at once: what is left out is removed. A customer without last and company name is called `-`.
    """
    return await change_info(user_writes, data)


@get(
    "/v1/client/customer/info/{customer_number:int}",
    operation_id="listCustomerInfoClient",
    summary="List customer info - client mode",
    tags=[TAG],
    opt={"xml_root": "customerInfo"},
)
async def list_customer_info_client(
    customer_number: CustomerNumber,
    client_reads: ClientReads,
) -> CustomerInfo:
    """The same of any customer of the partner."""
    return await list_info(client_reads, customer_number)


@post(
    "/v1/client/customer/check",
    operation_id="checkCustomerNumberClient",
    summary="Check customer number - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "result"},
)
async def check_number(
    data: JSONBody[CustomerNumberCheck],
    client_reads: ClientReads,
    number_guesses: NamedDependency[SkipValidation[NumberGuesses]],
) -> CustomerNumberAnswer:
    """Whether a customer number and a last name, a postal code or both belong together.

    One that is not there and one that is another's are answered alike; too many wrong ones are refused for a minute.
    """
    return await check_customer_number(client_reads, number_guesses, data)


HANDLERS = [list_customer_info, change_customer_info, list_customer_info_client, check_number, *search_routes.HANDLERS]
