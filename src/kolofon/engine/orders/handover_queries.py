"""All SQL of the hand-over."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class DueOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Fulfilled orders of one partner that one worker has taken. `attempts` by order, counted from 1."""

    partner_id: int
    attempts: dict[int, int]


class FulfilledOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be handed over, locked."""

    order_id: int
    unique_id: UUID | None
    registered_at: datetime
    order_time: datetime
    payment_method: str
    recurring: bool
    prepaid: bool
    company_code: str
    currency: str
    amount_minor: int
    prepaid_minor: int | None
    customer_reference: str | None
    seller: str | None
    payer: dict[str, Any]
    payment_info: dict[str, Any] | None
    customer_number: int | None


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of it, with the price that it was ordered with."""

    order_id: int
    line_number: int
    product_spec_type: str
    coupon_code: str | None
    coupon_number: int | None
    product_code: str
    description: str
    quantity: int
    price_version: datetime | None
    vat_included: bool
    unit_price_minor: int
    discount_minor: int
    net_minor: int
    vat_percent: Decimal
    vat_minor: int
    distribution_net_minor: int
    distribution_vat_minor: int
    category_code: str | None
    start_time: datetime | None
    start_issue: str | None
    reward_partner_id: int | None
    article_ref: str | None
    receiver: dict[str, Any] | None

    @property
    def total_minor(self) -> int:
        """All that this line costs."""
        return self.net_minor + self.vat_minor + self.distribution_minor

    @property
    def distribution_minor(self) -> int:
        """What bringing it costs, with VAT."""
        return self.distribution_net_minor + self.distribution_vat_minor


class LineResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a line."""

    order_id: int
    line_number: int
    receiver_customer_number: int
    subscription_id: int | None = None
    invoice_number: int | None = None
    delivered: bool = False


class ArticleAccess(msgspec.Struct, frozen=True, kw_only=True):
    """An article that a customer may read."""

    customer_number: int
    article_ref: str
    end_time: datetime


class StuckOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A fulfilled order whose hand-over has failed, and will be tried again."""

    order_id: int
    partner_code: str
    fulfilled_at: datetime
    attempts: int
    next_attempt_at: datetime
    problem: str


async def take_due(connection: Connection, now: datetime, taken_until: datetime, most: int) -> DueOrders | None:
    """Take what has been due longest, all of one partner, so that nobody else does until then."""
    rows = await connection.fetch(
        """
        update customer_order o set next_attempt_at = $2, attempts = least(o.attempts + 1, 30000)
        from (
            select order_id from customer_order
            where status = 'fulfilled' and next_attempt_at <= $1 and partner_id = (
                select partner_id from customer_order
                where status = 'fulfilled' and next_attempt_at <= $1
                order by next_attempt_at limit 1)
            order by next_attempt_at
            limit $3
            for update skip locked
        ) due
        where o.order_id = due.order_id
        returning o.order_id, o.partner_id, o.attempts
        """,
        now,
        taken_until,
        most,
    )
    if not rows:
        return None
    return DueOrders(partner_id=rows[0]["partner_id"], attempts={row["order_id"]: row["attempts"] for row in rows})


async def lock_fulfilled(connection: Connection, partner_id: int, order_ids: Sequence[int]) -> list[FulfilledOrder]:
    """Those of the orders that are still to be handed over; nobody else changes them until the transaction ends."""
    rows = await connection.fetch(
        """
        select order_id, unique_id, registered_at, order_time, payment_method, recurring, prepaid, company_code,
            currency, amount_minor, prepaid_minor, customer_reference, seller, payer, payment_info, customer_number
        from customer_order
        where order_id = any($2::bigint[]) and partner_id = $1 and status = 'fulfilled'
        order by order_id
        for no key update
        """,
        partner_id,
        order_ids,
    )
    return [FulfilledOrder(**row) for row in rows]


async def list_lines(connection: Connection, order_ids: Sequence[int]) -> list[OrderLine]:
    """The lines of orders, in their order."""
    rows = await connection.fetch(
        """
        select order_id, line_number, product_spec_type, coupon_code, coupon_number, product_code, description,
            quantity, price_version, vat_included, unit_price_minor, discount_minor, net_minor, vat_percent, vat_minor,
            distribution_net_minor, distribution_vat_minor, category_code, start_time, start_issue, reward_partner_id,
            article_ref, receiver
        from order_line
        where order_id = any($1::bigint[])
        order by order_id, line_number
        """,
        order_ids,
    )
    return [OrderLine(**row) for row in rows]


async def add_article_access(
    connection: Connection, partner_id: int, accesses: Sequence[ArticleAccess], now: datetime
) -> None:
    """Let customers read the articles they bought."""
    await connection.execute(
        """
        insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
        select $1, bought.customer_number, 'article', bought.code, $2, bought.end_time
        from unnest($3::bigint[], $4::text[], $5::timestamptz[]) as bought (customer_number, code, end_time)
        """,
        partner_id,
        now,
        [access.customer_number for access in accesses],
        [access.article_ref for access in accesses],
        [access.end_time for access in accesses],
    )


async def note_rewards(connection: Connection, partner_id: int, customers: dict[int, int]) -> None:
    """Note whose the rewards of orders are; `customers` by order."""
    await connection.execute(
        """
        update customer_reward r set customer_number = o.customer_number
        from unnest($2::bigint[], $3::bigint[]) as o (order_id, customer_number)
        where r.partner_id = $1 and r.order_id = o.order_id
        """,
        partner_id,
        list(customers),
        list(customers.values()),
    )


async def note_lines(connection: Connection, results: Sequence[LineResult]) -> None:
    """Note what came of lines."""
    await connection.execute(
        """
        update order_line l
        set receiver_customer_number = r.receiver_customer_number, subscription_id = r.subscription_id,
            invoice_number = r.invoice_number,
            delivery_status = case when r.delivered then 'delivered' else l.delivery_status end
        from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[])
            as r (order_id, line_number, receiver_customer_number, subscription_id, invoice_number, delivered)
        where l.order_id = r.order_id and l.line_number = r.line_number
        """,
        [result.order_id for result in results],
        [result.line_number for result in results],
        [result.receiver_customer_number for result in results],
        [result.subscription_id for result in results],
        [result.invoice_number for result in results],
        [result.delivered for result in results],
    )


async def note_transferred(
    connection: Connection, partner_id: int, customers: dict[int, int], now: datetime, actor: str
) -> None:
    """Locked orders are handed over; `customers` are the payers by order."""
    await connection.execute(
        """
        with handed_over as (
            update customer_order o
            set status = 'transferred', customer_number = c.customer_number, transferred_at = $4,
                next_attempt_at = null, problem = null
            from unnest($2::bigint[], $3::bigint[]) as c (order_id, customer_number)
            where o.order_id = c.order_id and o.partner_id = $1
            returning o.order_id
        )
        insert into order_change (order_id, partner_id, changed_at, status_before, status, cause, actor)
        select order_id, $1, $4, 'fulfilled', 'transferred', 'handOver', $5 from handed_over
        """,
        partner_id,
        list(customers),
        list(customers.values()),
        now,
        actor,
    )


async def note_problem(
    connection: Connection, order_id: int, attempt: int, problem: str, next_attempt_at: datetime
) -> None:
    """An order could not be handed over, and will be tried again, unless somebody else has taken it meanwhile."""
    await connection.execute(
        """
        update customer_order set problem = $3, next_attempt_at = $4
        where order_id = $1 and attempts = $2 and status = 'fulfilled'
        """,
        order_id,
        attempt,
        problem,
        next_attempt_at,
    )


async def list_stuck(connection: Connection) -> list[StuckOrder]:
    """The orders whose hand-over has failed, the oldest first."""
    rows = await connection.fetch(
        """
        select o.order_id, p.partner_code, o.fulfilled_at, o.attempts, o.next_attempt_at, o.problem
        from customer_order o
        join partner p on p.partner_id = o.partner_id
        where o.status = 'fulfilled' and o.problem is not null
        order by o.fulfilled_at, o.order_id
        """
    )
    return [StuckOrder(**row) for row in rows]


async def make_due(connection: Connection, order_id: int, now: datetime) -> int | None:
    """Have a fulfilled order handed over at once; returns its partner, None when it is not to be handed over."""
    partner_id: int | None = await connection.fetchval(
        """
        with due as (
            update customer_order set next_attempt_at = $2
            where order_id = $1 and status = 'fulfilled'
            returning partner_id
        )
        select partner_id from due, pg_notify('kolofon_order', '')
        """,
        order_id,
        now,
    )
    return partner_id
