"""List orders, and what was bought with them."""

from datetime import datetime
from typing import Literal

from kolofon.engine.calls import Read
from kolofon.engine.customers.queries import find_customer_number
from kolofon.order_management.order import list_queries
from kolofon.order_management.order.list_queries import StoredLine, StoredOrder
from kolofon.order_management.order.list_schemas import (
    BoughtProduct,
    DetailedLine,
    DetailedOrder,
    ListedOrder,
    OrderDetailsAnswer,
    OrderListAnswer,
    OrderSearch,
    ProductHistoryAnswer,
)
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.errors import InvalidRequest, NotFound
from kolofon.platform.money import amount
from kolofon.platform.schemas import without_blanks

# Nobody has so many; a list is not to grow without an end all the same.
MOST = 1000


async def list_orders(call: Read[UserCaller]) -> OrderListAnswer:
    """The orders of the logged-in user, the newest first."""
    found = await list_queries.list_users_orders(call.database, call.caller.partner_id, call.caller.unique_id, MOST)
    return OrderListAnswer(orders=[_listed(order) for order in found])


async def show_order(call: Read[ClientCaller], order_id: int) -> OrderListAnswer:
    """One order of the partner. Raises NotFound."""
    order = await list_queries.find_partners_order(call.database, call.caller.partner_id, order_id)
    if order is None:
        raise NotFound(f"orderId: there is no order {order_id}")
    return OrderListAnswer(orders=[_listed(order)])


async def search_orders(call: Read[UserCaller], request: OrderSearch) -> OrderDetailsAnswer:
    """The user's orders with an id, and their lines; none: an empty list. Raises InvalidRequest."""
    request = without_blanks(request)
    if (request.order_id is None) == (request.external_order_id is None):
        raise InvalidRequest("orderId: expected either this or externalOrderId")
    caller = call.caller
    found = await list_queries.list_details(
        call.database, caller.partner_id, caller.unique_id, request.order_id, request.external_order_id, MOST
    )
    return OrderDetailsAnswer(
        orders=[
            DetailedOrder(
                order_id=order.order_id,
                external_order_id=order.external_order_id,
                order_time=epoch_milliseconds(order.order_time),
                order_status=order.status,
                order_amount=amount(order.amount_minor, order.currency),
                order_lines=[_line(line, order.currency) for line in order.lines],
            )
            for order in found
        ]
    )


async def list_product_history(call: Read[UserCaller]) -> ProductHistoryAnswer:
    """The goods that the user's customer has bought; none when the user is no customer."""
    customer_number = await find_customer_number(call.database, call.caller.partner_id, call.caller.unique_id)
    if customer_number is None:
        return ProductHistoryAnswer(orders=[])
    found = await list_queries.list_products_bought(call.database, call.caller.partner_id, customer_number, MOST)
    return ProductHistoryAnswer(
        orders=[
            BoughtProduct(
                customer_number=customer_number,
                order_number=bought.order_id,
                order_date=epoch_milliseconds(bought.order_time),
                description=bought.description,
                amount=amount(bought.amount_minor, bought.currency),
                vat=amount(bought.vat_minor, bought.currency),
                invoice_number=bought.invoice_number,
                invoice_date=_milliseconds(bought.invoiced_at),
                company_code=bought.company_code,
                invoice_status=_invoice_status(bought.invoice_number),
                target="C",
            )
            for bought in found
        ]
    )


def _listed(order: StoredOrder) -> ListedOrder:
    return ListedOrder(
        order_id=order.order_id,
        external_order_id=order.external_order_id,
        order_time=epoch_milliseconds(order.order_time),
        order_status=order.status,
        order_amount=amount(order.amount_minor, order.currency),
        customer_number=order.customer_number,
    )


def _line(line: StoredLine, currency: str) -> DetailedLine:
    return DetailedLine(
        product_id=line.product_code,
        description=line.description,
        invoice_number=line.invoice_number,
        invoice_time=_milliseconds(line.invoiced_at),
        invoice_line_amount=amount(line.invoiced_minor, currency) if line.invoiced_minor is not None else None,
        invoice_status=_invoice_status(line.invoice_number),
        delivery_status=line.delivery_status,
    )


def _milliseconds(time: datetime | None) -> int | None:
    return epoch_milliseconds(time) if time is not None else None


def _invoice_status(invoice_number: int | None) -> Literal["invoiced", "notInvoiced"]:
    return "notInvoiced" if invoice_number is None else "invoiced"
