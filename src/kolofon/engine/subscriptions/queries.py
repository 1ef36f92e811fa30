"""SQL that reads subscriptions to change them, and writes what became of them.

PostgreSQL's infinity comes from asyncpg without a time zone; here it is FOREVER.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from kolofon.engine.subscriptions.rules import FOREVER, Standing
from kolofon.platform.database import Connection

_INFINITY = FOREVER.replace(tzinfo=None)

# A subscription with its last period. One that was brought along has none: it is one period so far.
_HELD = """
    select s.customer_number, s.subscription_id, s.product_code, s.payer_customer_number, s.delivery_plan_id,
        (
            select coalesce(max(p.period_number), 0) from subscription_period p
            where p.partner_id = s.partner_id and p.customer_number = s.customer_number
                and p.subscription_id = s.subscription_id
        ) as last_period,
        coalesce(last.start_time, s.start_time) as last_start,
        case when last.start_time is null then s.end_time else last.end_time end as last_end,
        s.state, s.start_time, s.end_time, s.paid_until, s.renew_at, s.change_at, s.pause_from, s.pause_until,
        s.stop_reason
    from subscription s
    left join lateral (
        select p.start_time, p.end_time
        from subscription_period p
        where p.partner_id = s.partner_id and p.customer_number = s.customer_number
            and p.subscription_id = s.subscription_id and not p.cancelled
        order by p.period_number desc
        limit 1
    ) last on true
"""
LOCK_OF_PRODUCT = f"""
    {_HELD}
    where s.partner_id = $1 and s.customer_number = $2 and s.product_code = $3 and not s.received_b2b
    order by s.subscription_id
    for update of s
"""
LOCK_ONE = f"""
    {_HELD}
    where s.partner_id = $1 and s.customer_number = $2 and s.subscription_id = $3
    for update of s
"""
# Who changes one by hand holds it now, and what was due is seen to by the next run.
TAKE_DUE = f"""
    {_HELD}
    where s.partner_id = $1 and s.change_at <= $2
    order by s.change_at
    limit $3
    for update of s skip locked
"""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that is locked. `last_period`: the number of its last one, and from when to when it goes."""

    customer_number: int
    subscription_id: int
    product_code: str
    payer_customer_number: int | None
    delivery_plan_id: int | None
    last_period: int
    last_start: datetime
    last_end: datetime | None
    standing: Standing


class NewPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A period to add to a subscription."""

    customer_number: int
    subscription_id: int
    number: int
    start_time: datetime
    end_time: datetime | None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription goes by, beside its times."""

    payer_customer_number: int | None
    copies: int
    order_id: int | None
    line_number: int | None
    category_code: str | None
    coupon_code: str | None
    coupon_number: int | None
    delivery_plan_id: int | None
    sales_person: str | None
    customer_reference: str | None
    payment_method: str


async def lock_subscriptions(
    connection: Connection, partner_id: int, customer_number: int, product_code: str
) -> list[Held]:
    """The subscriptions of a product that a customer has or had, the oldest first."""
    return [_held(row) for row in await connection.fetch(LOCK_OF_PRODUCT, partner_id, customer_number, product_code)]


async def lock_subscription(
    connection: Connection, partner_id: int, customer_number: int, subscription_id: int
) -> Held | None:
    """One subscription of a customer."""
    row = await connection.fetchrow(LOCK_ONE, partner_id, customer_number, subscription_id)
    return _held(row) if row is not None else None


async def take_due(connection: Connection, partner_id: int, now: datetime, most: int) -> list[Held]:
    """Up to `most` subscriptions that change by themselves by now, due longest first."""
    return [_held(row) for row in await connection.fetch(TAKE_DUE, partner_id, now, most)]


def _held(row: asyncpg.Record) -> Held:
    members: dict[str, Any] = dict(row)
    standing = {name: aware(members.pop(name)) for name in Standing.__struct_fields__}
    return Held(**members, standing=Standing(**standing))


def aware(value: Any) -> Any:
    """A column's value, with PostgreSQL's infinity as FOREVER."""
    return FOREVER if value == _INFINITY else value


async def add_subscription(
    connection: Connection, partner_id: int, customer_number: int, product_code: str, standing: Standing, terms: Terms
) -> int:
    """Add a subscription; returns its id."""
    subscription_id: int = await connection.fetchval(
        """
        insert into subscription (partner_id, customer_number, product_code, state, start_time, end_time, paid_until,
            renew_at, change_at, payer_customer_number, copies, order_id, line_number, category_code, coupon_code,
            coupon_number, delivery_plan_id, sales_person, customer_reference, payment_method)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        returning subscription_id
        """,
        partner_id,
        customer_number,
        product_code,
        standing.state,
        standing.start_time,
        standing.end_time,
        standing.paid_until,
        standing.renew_at,
        standing.change_at,
        *msgspec.structs.astuple(terms),
    )
    return subscription_id


async def add_period(connection: Connection, partner_id: int, period: NewPeriod) -> None:
    """Add a period."""
    await connection.execute(
        """
        insert into subscription_period
            (partner_id, customer_number, subscription_id, period_number, start_time, end_time)
        values ($1, $2, $3, $4, $5, $6)
        """,
        partner_id,
        *msgspec.structs.astuple(period),
    )


async def replace_terms(connection: Connection, partner_id: int, held: Held, terms: Terms, first_period: int) -> None:
    """Have a subscription go by new terms from a period on. What they leave open stays as it is."""
    await connection.execute(
        """
        update subscription
        set payer_customer_number = $4, copies = $5, order_id = $6, line_number = $7,
            category_code = coalesce($8, category_code), coupon_code = $9, coupon_number = $10,
            delivery_plan_id = coalesce($11, delivery_plan_id), sales_person = $12, customer_reference = $13,
            payment_method = $14, terms_period = $15
        where partner_id = $1 and customer_number = $2 and subscription_id = $3
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        *msgspec.structs.astuple(terms),
        first_period,
    )


async def leave_periods(connection: Connection, partner_id: int, held: Held, at: datetime) -> None:
    """End the periods of a stopped subscription where it was left; those that had not begun never will."""
    await connection.execute(
        """
        update subscription_period
        set cancelled = start_time >= $4, end_time = case when start_time >= $4 then end_time else $4 end
        where partner_id = $1 and customer_number = $2 and subscription_id = $3
            and (end_time is null or end_time > $4) and not cancelled
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        at,
    )


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """By how many days a subscription's time after a moment is put off."""

    customer_number: int
    subscription_id: int
    after: datetime
    days: int


async def move_periods(connection: Connection, partner_id: int, moves: Sequence[Move], time_zone: str) -> None:
    """Put off what is left of periods: days of the partner's time zone, so that they begin and end at midnight."""
    await connection.execute(
        """
        update subscription_period p
        set start_time = case when p.start_time > wanted.after
                then (p.start_time at time zone $6 + make_interval(days => wanted.days)) at time zone $6
                else p.start_time end,
            end_time = (p.end_time at time zone $6 + make_interval(days => wanted.days)) at time zone $6
        from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::integer[])
            as wanted (customer_number, subscription_id, after, days)
        where p.partner_id = $1 and p.customer_number = wanted.customer_number
            and p.subscription_id = wanted.subscription_id
            and (p.end_time > wanted.after or p.start_time > wanted.after) and not p.cancelled
        """,
        partner_id,
        [move.customer_number for move in moves],
        [move.subscription_id for move in moves],
        [move.after for move in moves],
        [move.days for move in moves],
        time_zone,
    )


async def change_delivery_plan(connection: Connection, partner_id: int, held: Held, delivery_plan_id: int) -> None:
    """Have a subscription delivered by another plan."""
    await connection.execute(
        """
        update subscription set delivery_plan_id = $4
        where partner_id = $1 and customer_number = $2 and subscription_id = $3
        """,
        partner_id,
        held.customer_number,
        held.subscription_id,
        delivery_plan_id,
    )
