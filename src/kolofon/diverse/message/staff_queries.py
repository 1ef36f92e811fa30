"""All SQL of what customer service does with cases."""

from datetime import datetime

import msgspec

from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection


class ListedCase(msgspec.Struct, frozen=True):
    """A case in a list."""

    partner_code: str
    case_id: int
    customer_number: int | None
    product_code: str | None
    case_type: str | None
    subject: str | None
    status: str
    changed_at: datetime


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as customer service sees it."""

    partner_id: int
    case_id: int
    customer_number: int | None
    product_code: str | None
    case_type: str | None
    subject: str | None
    client_id: str
    sender_name: str | None
    sender_email: str | None
    sender_phone_number: str | None
    status: str
    opened_at: datetime
    changed_at: datetime
    customer_name: str | None = None  # told by find_case only


class CaseMessage(msgspec.Struct, frozen=True):
    """One entry of a case, with who wrote it."""

    message_number: int
    direction: str
    content: str
    written_at: datetime
    actor: str


async def list_waiting(connection: Connection, partner_id: int, most: int) -> list[ListedCase]:
    """The cases of a partner that wait for customer service, the one that waits longest first."""
    rows = await connection.fetch(
        """
        select p.partner_code, c.case_id, c.customer_number, c.product_code, c.case_type, c.subject, c.status,
            c.changed_at
        from customer_case c
        join partner p using (partner_id)
        where c.partner_id = $1 and c.status = 'waiting'
        order by c.changed_at
        limit $2
        """,
        partner_id,
        most,
    )
    return [ListedCase(*row) for row in rows]


async def list_newest(connection: Connection, partner_id: int, status: str, most: int) -> list[ListedCase]:
    """The newest cases of a partner that are in a state, the newest first."""
    rows = await connection.fetch(
        """
        select p.partner_code, c.case_id, c.customer_number, c.product_code, c.case_type, c.subject, c.status,
            c.changed_at
        from customer_case c
        join partner p using (partner_id)
        where c.partner_id = $1 and c.status = $2
        order by c.case_id desc
        limit $3
        """,
        partner_id,
        status,
        most,
    )
    return [ListedCase(*row) for row in rows]


async def find_case(connection: Connection, partner_ids: list[int], case_id: int) -> Case | None:
    """A case of one of the partners: no two have the same number."""
    row = await connection.fetchrow(
        """
        select c.partner_id, c.case_id, c.customer_number, c.product_code, c.case_type, c.subject, c.client_id,
            c.sender_name, c.sender_email, c.sender_phone_number, c.status, c.opened_at, c.changed_at,
            coalesce(k.company_name, concat_ws(' ', k.first_name, k.middle_name, k.last_name)) as customer_name
        from customer_case c
        left join customer k on k.partner_id = c.partner_id and k.customer_number = c.customer_number
        where c.partner_id = any($1::smallint[]) and c.case_id = $2
        """,
        partner_ids,
        case_id,
    )
    return None if row is None else Case(**dict(row))


async def lock_case(connection: Connection, partner_ids: list[int], case_id: int) -> Case | None:
    """As find_case, and nobody else changes it until the transaction ends."""
    row = await connection.fetchrow(
        """
        select partner_id, case_id, customer_number, product_code, case_type, subject, client_id, sender_name,
            sender_email, sender_phone_number, status, opened_at, changed_at
        from customer_case
        where partner_id = any($1::smallint[]) and case_id = $2
        for no key update
        """,
        partner_ids,
        case_id,
    )
    return None if row is None else Case(**dict(row))


async def list_case_messages(connection: Connection, partner_id: int, case_id: int) -> list[CaseMessage]:
    """The entries of a case, in the order they were written."""
    rows = await connection.fetch(
        """
        select message_number, direction, content, written_at, actor
        from customer_case_message
        where partner_id = $1 and case_id = $2
        order by message_number
        """,
        partner_id,
        case_id,
    )
    return [CaseMessage(*row) for row in rows]


async def find_recipient(connection: Connection, partner_id: int, customer_number: int) -> str | None:
    """The first e-mail address of a customer, else one at which somebody who signs in for it has been reached."""
    recipient: str | None = await connection.fetchval(
        """
        select coalesce((
            select email from customer_email
            where partner_id = $1 and customer_number = $2
            order by position, email
            limit 1
        ), (
            select credential
            from user_customer u
            join user_credential c using (unique_id)
            where u.partner_id = $1 and u.customer_number = $2
                and c.credential_type = 'A' and c.verification_level = any($3::text[])
            order by u.linked_at, c.created_at, c.credential
            limit 1
        ))
        """,
        partner_id,
        customer_number,
        list(VERIFIED_LEVELS),
    )
    return recipient


async def add_answer(connection: Connection, case: Case, text: str, actor: str, now: datetime) -> None:
    """Add what customer service answers to a locked case, which is answered then."""
    await connection.execute(
        """
        with answered as (
            update customer_case set status = 'answered', changed_at = $5
            where partner_id = $1 and case_id = $2
        )
        insert into customer_case_message
            (partner_id, case_id, message_number, direction, content, written_at, actor)
        select $1, $2, max(message_number) + 1, 'OUT', $3, $5, $4
        from customer_case_message
        where partner_id = $1 and case_id = $2
        """,
        case.partner_id,
        case.case_id,
        text,
        actor,
        now,
    )


async def close(connection: Connection, case: Case, now: datetime) -> None:
    """Close a locked case."""
    await connection.execute(
        "update customer_case set status = 'closed', changed_at = $3 where partner_id = $1 and case_id = $2",
        case.partner_id,
        case.case_id,
        now,
    )
