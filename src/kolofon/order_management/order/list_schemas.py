"""Wire shapes of listing orders."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.engine.orders import rules
from kolofon.order_management.order.schemas import OrderId
from kolofon.platform.schemas import Answer, CustomerNumber, EpochMilliseconds, RequestBody

OrderStatus = Annotated[
    rules.OrderStatus,
    Meta(
        description="preliminary: registered. fulfilled: completed. transferred: handed over. "
        "cancelled, failed, expired: nothing comes of it."
    ),
]
InvoiceStatus = Annotated[Literal["invoiced", "notInvoiced"], Meta(description="Whether it is invoiced.")]
ExternalOrderId = Annotated[str, Meta(max_length=40, description="The client's own id.")]
InvoiceNumber = Annotated[int, Meta(description="Number of the invoice, within its company.")]


class OrderSearch(RequestBody, kw_only=True):
    """Which order: exactly one of the two."""

    order_id: OrderId | None = None
    external_order_id: ExternalOrderId | None = None


class ListedOrder(Answer, kw_only=True):
    """An order and how far it has come."""

    order_id: OrderId
    external_order_id: ExternalOrderId | None = None
    order_time: EpochMilliseconds
    order_status: OrderStatus
    order_amount: Annotated[float, Meta(description="All lines, with VAT and distribution.")]
    customer_number: CustomerNumber | None = None


class OrderListAnswer(Answer):
    """Orders, the newest first."""

    orders: list[ListedOrder]


class DetailedLine(Answer, kw_only=True):
    """A line and what came of it."""

    product_id: Annotated[str, Meta(max_length=12, description="Product code.")]
    description: Annotated[str, Meta(description="What was ordered.")]
    invoice_number: InvoiceNumber | None = None
    invoice_time: EpochMilliseconds | None = None
    invoice_line_amount: Annotated[float, Meta(description="With VAT and distribution.")] | None = None
    invoice_status: InvoiceStatus
    delivery_status: Annotated[Literal["waiting", "delivered"], Meta(description="Whether it has been delivered.")]


class DetailedOrder(Answer, kw_only=True):
    """An order with its lines."""

    order_id: OrderId
    external_order_id: ExternalOrderId | None = None
    order_time: EpochMilliseconds
    order_status: OrderStatus
    order_amount: Annotated[float, Meta(description="All lines, with VAT and distribution.")]
    order_lines: list[DetailedLine]


class OrderDetailsAnswer(Answer):
    """Orders with their lines, the newest first."""

    orders: list[DetailedOrder]


class BoughtProduct(Answer, kw_only=True):
    """Goods that were bought."""

    customer_number: CustomerNumber
    order_number: OrderId
    order_date: EpochMilliseconds
    description: Annotated[str, Meta(description="What was bought.")]
    amount: Annotated[float, Meta(description="With VAT and distribution.")]
    vat: Annotated[float, Meta(description="The VAT in it.")]
    invoice_number: InvoiceNumber | None = None
    invoice_date: EpochMilliseconds | None = None
    company_code: Annotated[str, Meta(max_length=12, description="Company that sold it.")]
    invoice_status: InvoiceStatus
    target: Annotated[Literal["C"], Meta(description="C: a customer.")]


class ProductHistoryAnswer(Answer):
    """Goods that were bought, the newest first."""

    orders: list[BoughtProduct]
