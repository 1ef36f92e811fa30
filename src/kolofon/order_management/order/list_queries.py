"""The SQL that lists orders."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kolofon.engine.orders.rules import OrderStatus
from kolofon.platform.database import Reader


class StoredOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order_id: int
    external_order_id: str | None
    order_time: datetime
    status: OrderStatus
    currency: str
    amount_minor: int
    customer_number: int | None


class StoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its invoice, where it has one."""

    product_code: str
    description: str
    delivery_status: Literal["waiting", "delivered"]
    invoice_number: int | None
    invoiced_at: datetime | None
    invoiced_minor: int | None


class StoredDetails(StoredOrder, frozen=True, kw_only=True):
    """An order with its lines."""

    lines: list[StoredLine]


class StoredProduct(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that a customer has bought."""

    order_id: int
    order_time: datetime
    description: str
    currency: str
    amount_minor: int
    vat_minor: int
    company_code: str
    invoice_number: int | None
    invoiced_at: datetime | None


async def list_users_orders(database: Reader, partner_id: int, unique_id: UUID, most: int) -> list[StoredOrder]:
    """The newest orders of a user at a partner."""
    rows = await database.fetch(
        """
        select order_id, external_order_id, order_time, status, currency, amount_minor,
            coalesce(customer_number, (payer ->> 'customerNumber')::bigint) as customer_number
        from customer_order
        where unique_id = $1 and partner_id = $2
        order by registered_at desc, order_id
        limit $3
        """,
        unique_id,
        partner_id,
        most,
    )
    return [StoredOrder(**row) for row in rows]


async def find_partners_order(database: Reader, partner_id: int, order_id: int) -> StoredOrder | None:
    """One order of a partner."""
    row = await database.fetchrow(
        """
        select order_id, external_order_id, order_time, status, currency, amount_minor,
            coalesce(customer_number, (payer ->> 'customerNumber')::bigint) as customer_number
        from customer_order
        where order_id = $1 and partner_id = $2
        """,
        order_id,
        partner_id,
    )
    return StoredOrder(**row) if row is not None else None


async def list_details(
    database: Reader,
    partner_id: int,
    unique_id: UUID,
    order_id: int | None,
    external_order_id: str | None,
    most: int,
) -> list[StoredDetails]:
    """The newest orders of a user with one of the two ids, and their lines."""
    rows = await database.fetch(
        """
        select o.order_id, o.external_order_id, o.order_time, o.status, o.currency, o.amount_minor,
            o.customer_number, l.lines
        from customer_order o
        cross join lateral (
            select jsonb_agg(jsonb_build_object(
                'product_code', l.product_code,
                'description', l.description,
                'delivery_status', l.delivery_status,
                'invoice_number', l.invoice_number,
                'invoiced_at', i.created_at,
                'invoiced_minor', (
                    select sum(n.net_minor + n.vat_minor)
                    from invoice_line n
                    where n.partner_id = i.partner_id and n.customer_number = i.customer_number
                        and n.company_code = i.company_code and n.invoice_number = i.invoice_number
                        and n.order_id = l.order_id and n.order_line_number = l.line_number
                )) order by l.line_number) as lines
            from order_line l
            left join invoice i on i.partner_id = o.partner_id and i.customer_number = o.customer_number
                and i.company_code = o.company_code and i.invoice_number = l.invoice_number
            where l.order_id = o.order_id
        ) l
        where o.unique_id = $2 and o.partner_id = $1 and (o.order_id = $3 or o.external_order_id = $4)
        order by o.registered_at desc, o.order_id
        limit $5
        """,
        partner_id,
        unique_id,
        order_id,
        external_order_id,
        most,
    )
    return [msgspec.convert(dict(row), StoredDetails) for row in rows]


async def list_products_bought(
    database: Reader, partner_id: int, customer_number: int, most: int
) -> list[StoredProduct]:
    """The goods that a customer has bought, the newest first."""
    rows = await database.fetch(
        """
        select o.order_id, o.order_time, l.description, o.currency,
            l.net_minor + l.vat_minor + l.distribution_net_minor + l.distribution_vat_minor as amount_minor,
            l.vat_minor + l.distribution_vat_minor as vat_minor,
            o.company_code, l.invoice_number, i.created_at as invoiced_at
        from customer_order o
        join order_line l on l.order_id = o.order_id and l.product_spec_type = 'product'
        left join invoice i on i.partner_id = o.partner_id and i.customer_number = o.customer_number
            and i.company_code = o.company_code and i.invoice_number = l.invoice_number
        where o.partner_id = $1 and o.customer_number = $2 and o.status = 'transferred'
        order by o.registered_at desc, o.order_id, l.line_number
        limit $3
        """,
        partner_id,
        customer_number,
        most,
    )
    return [StoredProduct(**row) for row in rows]
