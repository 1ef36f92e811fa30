"""All SQL of an order's states."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.engine.orders.rules import OrderStatus
from kolofon.platform.database import Connection, Reader


class OrderPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of an order before it is completed: whose it is, and how it is paid."""

    order_id: int
    partner_id: int
    client_id: str
    unique_id: UUID | None
    status: OrderStatus
    payment_method: str
    recurring: bool
    prepaid: bool
    merchant_id: str | None
    currency: str
    amount_minor: int
    payer: dict[str, Any]


class ClaimLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that takes something when its order is completed, or opens access until the hand-over."""

    line_number: int
    product_spec_type: str
    product_code: str
    quantity: int
    voucher_code: str | None
    reward_partner_id: int | None
    reward_id: str | None
    allow_access_product: str | None
    allow_access_category_type: str | None
    allow_access_seconds: int | None
    has_receiver: bool


class LockedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that nobody else changes until the transaction ends."""

    order_id: int
    status: OrderStatus
    unique_id: UUID | None
    expires_at: datetime
    customer_number: int | None
    payer: dict[str, Any]
    lines: list[ClaimLine]


async def find_order(database: Reader, order_id: int) -> OrderPayment | None:
    """An order of any partner, as it is now: the caller checks whose it is."""
    row = await database.fetchrow(
        """
        select order_id, partner_id, client_id, unique_id, status, payment_method, recurring, prepaid, merchant_id,
            currency, amount_minor, payer
        from customer_order
        where order_id = $1
        """,
        order_id,
    )
    return OrderPayment(**row) if row is not None else None


async def lock_order(connection: Connection, partner_id: int, order_id: int) -> LockedOrder | None:
    """A partner's order, with the lines that take something."""
    row = await connection.fetchrow(
        """
        select o.order_id, o.status, o.unique_id, o.expires_at, o.customer_number, o.payer, (
            select coalesce(jsonb_agg(jsonb_build_object(
                'line_number', l.line_number,
                'product_spec_type', l.product_spec_type,
                'product_code', l.product_code,
                'quantity', l.quantity,
                'voucher_code', l.voucher_code,
                'reward_partner_id', l.reward_partner_id,
                'reward_id', l.reward_id,
                'allow_access_product', l.allow_access_product,
                'allow_access_category_type', l.allow_access_category_type,
                'allow_access_seconds', l.allow_access_seconds,
                'has_receiver', l.receiver is not null) order by l.line_number), '[]')
            from order_line l
            where l.order_id = o.order_id and (l.product_spec_type = 'product'
                or num_nonnulls(l.voucher_code, l.reward_partner_id, l.allow_access_seconds) > 0)
        ) as lines
        from customer_order o
        where o.order_id = $1 and o.partner_id = $2
        for no key update of o
        """,
        order_id,
        partner_id,
    )
    return msgspec.convert(dict(row), LockedOrder) if row is not None else None


async def change_status(
    connection: Connection,
    partner_id: int,
    order: LockedOrder,
    status: OrderStatus,
    now: datetime,
    actor: str,
    cause: str,
) -> None:
    """Change the status of a locked order, and write the change down."""
    await connection.execute(
        """
        with changed as (
            update customer_order
            set status = $3,
                fulfilled_at = case when $3 = 'fulfilled' then $5 else fulfilled_at end,
                -- The queue goes by the machine's clock, which a sandbox may be ahead of.
                next_attempt_at = case when $3 = 'fulfilled' then
                    $5 - (select p.clock_ahead from partner p where p.partner_id = $2)
                end
            where order_id = $1
        )
        insert into order_change (order_id, partner_id, changed_at, status_before, status, cause, actor)
        values ($1, $2, $5, $4, $3, $6, $7)
        """,
        order.order_id,
        partner_id,
        status,
        order.status,
        now,
        cause,
        actor,
    )


async def find_cause(connection: Connection, order_id: int) -> str:
    """Why an order has the status that it has."""
    return str(
        await connection.fetchval(
            "select cause from order_change where order_id = $1 order by order_change_id desc limit 1", order_id
        )
    )


async def tie_order(connection: Connection, partner_id: int, order_id: int, unique_id: UUID) -> bool:
    """Make an order of nobody a user's; False when it is somebody's."""
    return (
        await connection.fetchval(
            """
            update customer_order set unique_id = $3
            where order_id = $1 and partner_id = $2 and unique_id is null
            returning true
            """,
            order_id,
            partner_id,
            unique_id,
        )
        is not None
    )


async def note_customer(connection: Connection, order_id: int, customer_number: int) -> None:
    """Note the payer's customer of a locked order."""
    await connection.execute(
        "update customer_order set customer_number = $2 where order_id = $1", order_id, customer_number
    )


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may read for a time."""

    kind: str
    code: str
    end_time: datetime


async def add_access(
    connection: Connection,
    partner_id: int,
    order_id: int,
    customer_number: int,
    start_time: datetime,
    accesses: list[Access],
) -> None:
    """Let a customer read things for a time, by an order."""
    await connection.execute(
        """
        insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time, order_id)
        select $1, $2, wanted.kind, wanted.code, $3, wanted.end_time, $7
        from unnest($4::text[], $5::text[], $6::timestamptz[]) as wanted (kind, code, end_time)
        """,
        partner_id,
        customer_number,
        start_time,
        [access.kind for access in accesses],
        [access.code for access in accesses],
        [access.end_time for access in accesses],
        order_id,
    )


async def close_access(connection: Connection, partner_id: int, order_id: int, customer_number: int) -> None:
    """Close what a customer could read by an order."""
    await connection.execute(
        "delete from customer_access where partner_id = $1 and customer_number = $2 and order_id = $3",
        partner_id,
        customer_number,
        order_id,
    )
