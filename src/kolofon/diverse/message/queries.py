"""All SQL of the operations of Message."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class Entry(msgspec.Struct, frozen=True):
    """One entry of a case."""

    case_id: int
    written_at: datetime
    direction: str
    subject: str | None
    content: str


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case to open, with its first message."""

    partner_id: int
    customer_number: int | None
    product_code: str | None
    case_type: str | None
    subject: str | None
    client_id: str
    sender_name: str | None = None
    sender_email: str | None = None
    sender_phone_number: str | None = None
    content: str
    actor: str


async def list_entries(database: Reader, partner_id: int, customer_number: int, most: int) -> list[Entry]:
    """The entries of a customer's newest cases: by case, and each in the order they were written."""
    rows = await database.fetch(
        """
        select c.case_id, m.written_at, m.direction, c.subject, m.content
        from (
            select case_id, subject from customer_case
            where partner_id = $1 and customer_number = $2
            order by case_id desc
            limit $3
        ) c
        join customer_case_message m on m.partner_id = $1 and m.case_id = c.case_id
        order by c.case_id, m.message_number
        """,
        partner_id,
        customer_number,
        most,
    )
    return [Entry(*row) for row in rows]


async def find_bounding(
    connection: Connection,
    partner_id: int,
    customer_number: int,
    actor: str,
    hour: tuple[datetime, datetime],
    most: int,
) -> datetime | None:
    """When somebody opened the `most`th newest of the customer's cases within a time; None: they opened fewer.

    `hour` has an end, so that what was opened before a clock was turned back counts for nothing.
    """
    opened_at: datetime | None = await connection.fetchval(
        """
        select c.opened_at
        from customer_case c
        join customer_case_message m on m.partner_id = $1 and m.case_id = c.case_id and m.message_number = 1
        where c.partner_id = $1 and c.customer_number = $2 and c.opened_at > $4 and c.opened_at <= $5 and m.actor = $3
        order by c.opened_at desc
        offset $6 limit 1
        """,
        partner_id,
        customer_number,
        actor,
        *hour,
        most - 1,
    )
    return opened_at


async def open_case(connection: Connection, case: NewCase, now: datetime) -> int:
    """Open a case that waits for customer service; returns its number."""
    case_id: int = await connection.fetchval(
        """
        with opened as (
            insert into customer_case
                (partner_id, customer_number, product_code, case_type, subject, client_id, sender_name, sender_email,
                sender_phone_number, status, opened_at, changed_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $12, $12)
            returning case_id
        ), message as (
            insert into customer_case_message
                (partner_id, case_id, message_number, direction, content, written_at, actor)
            select $1, case_id, 1, 'IN', $10, $12, $11 from opened
        )
        select case_id from opened
        """,
        *msgspec.structs.astuple(case),
        now,
    )
    return case_id
