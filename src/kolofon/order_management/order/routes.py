"""Order: registering orders and customers, and listing orders."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, SkipValidation

from kolofon.engine.calls import ClientReads, ClientWrites, UserReads, UserWrites
from kolofon.engine.guessing import Guesses
from kolofon.order_management.order.customer_service import register_clients_customer, register_users_customer
from kolofon.order_management.order.list_schemas import (
    OrderDetailsAnswer,
    OrderListAnswer,
    OrderSearch,
    ProductHistoryAnswer,
)
from kolofon.order_management.order.list_service import list_orders, list_product_history, search_orders, show_order
from kolofon.order_management.order.schemas import CustomerAnswer, CustomerRequest, OrderAnswer, OrderRequest
from kolofon.order_management.order.service import register_clients_order, register_users_order

TAG = "Order"
VoucherGuesses = NamedDependency[SkipValidation[Guesses]]
OrderId = Annotated[int, PathParameter(ge=1, le=2**53 - 1, description="Id of an order of the partner.")]


@post(
    "/v1/order",
    operation_id="registerOrder",
    summary="Register order",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "order"},
)
async def register_order(
    data: JSONBody[OrderRequest],
    user_writes: UserWrites,
    voucher_guesses: VoucherGuesses,
) -> OrderAnswer:
    """Register an order of the logged-in user. It takes effect when it is completed."""
    return await register_users_order(user_writes, voucher_guesses, data)


@post(
    "/v1/client/order",
    operation_id="registerOrderClient",
    summary="Register order - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "order"},
)
async def register_order_client(
    data: JSONBody[OrderRequest],
    client_writes: ClientWrites,
    voucher_guesses: VoucherGuesses,
) -> OrderAnswer:
    """Register an order of a user, or of nobody yet. It takes effect when it is completed."""
    return await register_clients_order(client_writes, voucher_guesses, data)


@post(
    "/v1/order/customer",
    operation_id="registerCustomer",
    summary="Register customer",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "customer"},
)
async def register_customer(
    data: JSONBody[CustomerRequest],
    user_writes: UserWrites,
) -> CustomerAnswer:
    """Make the logged-in user a customer without an order; one that is a customer already keeps the number."""
    return await register_users_customer(user_writes, data)


@post(
    "/v1/client/order/customer",
    operation_id="registerCustomerClient",
    summary="Register customer - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "customer"},
)
async def register_customer_client(
    data: JSONBody[CustomerRequest],
    client_writes: ClientWrites,
) -> CustomerAnswer:
    """Make or find a customer without an order, and tie the user that is named to it."""
    return await register_clients_customer(client_writes, data)


@get(
    "/v1/order/status",
    operation_id="listOrders",
    summary="List orders",
    tags=[TAG],
    opt={"xml_root": "orders"},
)
async def list_own_orders(
    user_reads: UserReads,
) -> OrderListAnswer:
    """The orders of the logged-in user, the newest first."""
    return await list_orders(user_reads)


@post(
    "/v1/order/status",
    operation_id="searchOrderDetails",
    summary="Search order details",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "orders"},
)
async def search_order_details(
    data: JSONBody[OrderSearch],
    user_reads: UserReads,
) -> OrderDetailsAnswer:
    """The logged-in user's orders with an id of ours or of the client, and their lines."""
    return await search_orders(user_reads, data)


@get(
    "/v1/customer/order/product/history",
    operation_id="listOrderProductHistory",
    summary="List order product history",
    tags=[TAG],
    opt={"xml_root": "orders"},
)
async def list_order_product_history(
    user_reads: UserReads,
) -> ProductHistoryAnswer:
    """The goods that the logged-in user's customer has bought."""
    return await list_product_history(user_reads)


@get(
    "/v1/client/order/status/{order_id:int}",
    operation_id="listOrderStatusClient",
    summary="List order status - client mode",
    tags=[TAG],
    opt={"xml_root": "orders"},
)
async def list_order_status(
    order_id: OrderId,
    client_reads: ClientReads,
) -> OrderListAnswer:
    """One order of the partner, as a list of one."""
    return await show_order(client_reads, order_id)


HANDLERS = [
    register_order,
    register_order_client,
    register_customer,
    register_customer_client,
    list_own_orders,
    search_order_details,
    list_order_product_history,
    list_order_status,
]
