"""All SQL of telling clients how an order ended."""

from datetime import datetime

import msgspec

from kolofon.engine.orders.rules import CallbackStatus
from kolofon.platform.database import Connection


class DueCallback(msgspec.Struct, frozen=True, kw_only=True):
    """An address to call. `attempt` counts from 1."""

    order_id: int
    order_callback_id: int
    url: str
    fulfillment_status: CallbackStatus
    attempt: int


async def add_callback(
    connection: Connection, partner_id: int, order_id: int, url: str, status: CallbackStatus, now: datetime
) -> None:
    """Have an address called, unless it is or was already. The caller holds the order's lock."""
    await connection.execute(
        """
        insert into order_callback (order_id, partner_id, url, fulfillment_status, next_attempt_at)
        select $1, $2, $3, $4, $5
        where not exists (select from order_callback where order_id = $1 and url = $3)
        """,
        order_id,
        partner_id,
        url,
        status,
        now,
    )


async def take_due(connection: Connection, now: datetime, taken_until: datetime) -> DueCallback | None:
    """Take what has been due longest, so that nobody else does until then."""
    row = await connection.fetchrow(
        """
        update order_callback c set next_attempt_at = $2, attempts = c.attempts + 1
        from (
            select order_id, order_callback_id from order_callback
            where done_at is null and given_up_at is null and next_attempt_at <= $1
            order by next_attempt_at
            limit 1
            for update skip locked
        ) due
        where c.order_id = due.order_id and c.order_callback_id = due.order_callback_id
        returning c.order_id, c.order_callback_id, c.url, c.fulfillment_status, c.attempts as attempt
        """,
        now,
        taken_until,
    )
    return DueCallback(**row) if row is not None else None


async def note_done(connection: Connection, due: DueCallback, now: datetime) -> None:
    """It was called. True whoever else has the row by now, so nobody calls again."""
    await connection.execute(
        """
        update order_callback set done_at = $3, last_problem = null
        where order_id = $1 and order_callback_id = $2 and done_at is null and given_up_at is null
        """,
        due.order_id,
        due.order_callback_id,
        now,
    )


async def note_failed(connection: Connection, due: DueCallback, problem: str, next_attempt_at: datetime) -> None:
    """It could not be called, and will be again, unless somebody else has taken the row meanwhile."""
    await connection.execute(
        """
        update order_callback set last_problem = $4, next_attempt_at = $5
        where order_id = $1 and order_callback_id = $2 and attempts = $3 and done_at is null and given_up_at is null
        """,
        due.order_id,
        due.order_callback_id,
        due.attempt,
        problem,
        next_attempt_at,
    )


async def note_given_up(connection: Connection, due: DueCallback, problem: str, now: datetime) -> None:
    """It will not be called, unless somebody else has taken the row meanwhile."""
    await connection.execute(
        """
        update order_callback set last_problem = $4, given_up_at = $5
        where order_id = $1 and order_callback_id = $2 and attempts = $3 and done_at is null and given_up_at is null
        """,
        due.order_id,
        due.order_callback_id,
        due.attempt,
        problem,
        now,
    )
