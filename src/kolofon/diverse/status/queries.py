"""All SQL of Status."""

from datetime import date, datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class Concern(msgspec.Struct, frozen=True):
    """Whom to list for, and when. `country_code` is where addresses lie that name no country."""

    partner_id: int
    customer_number: int
    now: datetime
    day: date
    country_code: str


class Running(msgspec.Struct, frozen=True):
    """A notice that concerns the customer."""

    code: str
    message: str
    product_code: str | None
    start_time: datetime
    end_time: datetime | None


class Overdue(msgspec.Struct, frozen=True):
    """An invoice of the customer that was due before today."""

    company_code: str
    invoice_number: int
    due_date: date


class NewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to add. Its area are the postal codes of a country, both included, a whole country, or everywhere."""

    partner_id: int
    code: str
    message: str
    product_code: str | None = None
    country_code: str | None = None
    postal_code_from: str | None = None
    postal_code_to: str | None = None
    start_time: datetime
    end_time: datetime | None = None


class ListedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as staff see it."""

    partner_code: str
    status_message_id: int
    code: str
    message: str
    product_code: str | None
    country_code: str | None
    postal_code_from: str | None
    postal_code_to: str | None
    start_time: datetime
    end_time: datetime | None


# The address that counts for a product is the temporary one of that product, else the home address; a notice of any
# product concerns who has any of them in its area. Postal codes are compared as they are stored, digit by digit.
CONCERNS = """
    select m.code, m.message, m.product_code, m.start_time, m.end_time, null as company_code,
        null::bigint as invoice_number, null::date as due_date
    from status_message m
    where m.partner_id = $1 and m.start_time <= $3 and (m.end_time is null or m.end_time > $3)
        and (m.product_code is null or exists (
            select from subscription s
            where s.partner_id = $1 and s.customer_number = $2 and s.product_code = m.product_code
                and s.state <> 'stopped' and (s.state <> 'stopping' or s.end_time is null or s.end_time > $3)
        ))
        and (m.country_code is null or exists (
            select from customer_address a
            where a.partner_id = $1 and a.customer_number = $2 and a.dropped is null
                and a.valid_from <= $4 and (a.valid_until is null or a.valid_until > $4)
                and (m.product_code is null or a.product_code = m.product_code or (
                    a.product_code is null and not exists (
                        select from customer_address t
                        where t.partner_id = $1 and t.customer_number = $2 and t.dropped is null
                            and t.valid_from <= $4 and (t.valid_until is null or t.valid_until > $4)
                            and t.product_code = m.product_code
                    )
                ))
                and coalesce(a.country_code, $5) = m.country_code
                and (m.postal_code_from is null or (
                    a.postal_code collate "C" >= m.postal_code_from and a.postal_code collate "C" <= m.postal_code_to
                ))
        ))
    union all
    select null, null, null, null, null, i.company_code, i.invoice_number, i.due_date
    from invoice i
    where i.partner_id = $1 and i.customer_number = $2 and i.status = 'open' and i.kind = 'invoice'
        and i.due_date < $4 and i.net_minor + i.vat_minor + i.fees_minor > i.paid_minor
    order by start_time, due_date, code, invoice_number
"""


async def list_concerns(database: Reader, concern: Concern) -> tuple[list[Running], list[Overdue]]:
    """The running notices that concern a customer, and the invoices that are overdue, each the oldest first."""
    rows = await database.fetch(CONCERNS, *msgspec.structs.astuple(concern))
    notices = [Running(*tuple(row)[:5]) for row in rows if row["code"] is not None]
    return notices, [Overdue(*tuple(row)[5:]) for row in rows if row["code"] is None]


async def add_status(connection: Connection, status: NewStatus, now: datetime) -> int:
    """Add a notice; returns its number."""
    status_message_id: int = await connection.fetchval(
        """
        insert into status_message
            (partner_id, code, message, product_code, country_code, postal_code_from, postal_code_to, start_time,
            end_time, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        returning status_message_id
        """,
        *msgspec.structs.astuple(status),
        now,
    )
    return status_message_id


async def list_not_ended(connection: Connection, partner_id: int, now: datetime) -> list[ListedStatus]:
    """The notices of a partner that run or are to begin, in the order of their beginning."""
    rows = await connection.fetch(
        """
        select p.partner_code, m.status_message_id, m.code, m.message, m.product_code, m.country_code,
            m.postal_code_from, m.postal_code_to, m.start_time, m.end_time
        from status_message m
        join partner p using (partner_id)
        where m.partner_id = $1 and (m.end_time is null or m.end_time > $2)
        order by m.start_time, m.status_message_id
        """,
        partner_id,
        now,
    )
    return [ListedStatus(**dict(row)) for row in rows]


async def lock_status(
    connection: Connection, partner_ids: list[int], status_message_id: int
) -> tuple[int, datetime, datetime | None] | None:
    """Partner, start and end of a notice of one of the partners, which nobody else changes until we are done."""
    row = await connection.fetchrow(
        """
        select partner_id, start_time, end_time from status_message
        where partner_id = any($1::smallint[]) and status_message_id = $2
        for update
        """,
        partner_ids,
        status_message_id,
    )
    return None if row is None else (row["partner_id"], row["start_time"], row["end_time"])


async def end_status(connection: Connection, partner_id: int, status_message_id: int, now: datetime) -> None:
    """End a notice that runs; one that has not begun is removed."""
    await connection.execute(
        "update status_message set end_time = $3 where partner_id = $1 and status_message_id = $2 and start_time < $3",
        partner_id,
        status_message_id,
        now,
    )
    await connection.execute(
        "delete from status_message where partner_id = $1 and status_message_id = $2 and start_time >= $3",
        partner_id,
        status_message_id,
        now,
    )
