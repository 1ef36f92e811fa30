"""The SQL that gives up orders."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection


class ExpiredOrder(msgspec.Struct, frozen=True):
    """An order that has been given up, and when by the partner's clock."""

    order_id: int
    partner_id: int
    expired_at: datetime


async def expire_some(connection: Connection, now: datetime, most: int, cause: str) -> list[ExpiredOrder]:
    """Let preliminary orders lapse whose time is up, and write the changes down."""
    rows = await connection.fetch(
        """
        with due as (
            select o.order_id, $1::timestamptz + p.clock_ahead as partners_now
            from customer_order o
            join partner p on p.partner_id = o.partner_id
            -- A sandbox may be ahead; the furthest of them bounds what the index has to give.
            where o.status = 'preliminary' and o.expires_at <= $1::timestamptz + (select max(clock_ahead) from partner)
                and o.expires_at <= $1::timestamptz + p.clock_ahead
            order by o.expires_at
            limit $2
            for no key update of o skip locked
        ), expired as (
            update customer_order o set status = 'expired'
            from due
            where o.order_id = due.order_id
            returning o.order_id, o.partner_id, due.partners_now
        ), change as (
            insert into order_change (order_id, partner_id, changed_at, status_before, status, cause, actor)
            select order_id, partner_id, partners_now, 'preliminary', 'expired', $3, 'worker' from expired
        )
        select order_id, partner_id, partners_now from expired
        """,
        now,
        most,
        cause,
    )
    return [ExpiredOrder(*row) for row in rows]
