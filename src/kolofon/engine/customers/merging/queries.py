"""SQL that moves everything of one customer to another, whole rows at once.

A row is moved by deleting it and adding it with another number, since the number is part of its key, by which tables
may be spread over machines. Parents and children go in one statement: references are checked at its end. Rows are moved
whole, whatever columns they have, so that a column that is added later cannot be forgotten here.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from kolofon.platform.database import Connection, rows_changed


class Both(msgspec.Struct, frozen=True):
    """Who is merged into whom."""

    partner_id: int
    merged_number: int
    into_number: int


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's own columns."""

    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    company_registration_number: str | None
    department: str | None
    department_name: str | None
    sealed_national_id: str | None
    birth_date: date | None
    sex: str | None
    invoice_email: str | None


async def lock_orders(connection: Connection, both: Both) -> list[int]:
    """The orders of the customer that goes; nobody else changes them until the transaction ends."""
    rows = await connection.fetch(
        """
        select order_id from customer_order
        where partner_id = $1 and customer_number = $2
        order by order_id
        for no key update
        """,
        both.partner_id,
        both.merged_number,
    )
    return [row["order_id"] for row in rows]


async def lock_customers(connection: Connection, both: Both) -> dict[int, Person]:
    """The two by their numbers; nobody else changes what they own until the transaction ends."""
    rows = await connection.fetch(
        """
        select customer_number, first_name, middle_name, last_name, company_name, company_registration_number,
            department, department_name, sealed_national_id, birth_date, sex, invoice_email
        from customer
        where partner_id = $1 and customer_number in ($2, $3)
        order by customer_number
        for no key update
        """,
        *msgspec.structs.astuple(both),
    )
    return {number: Person(**members) for number, members in ((row[0], _but_the_number(row)) for row in rows)}


def _but_the_number(row: Any) -> dict[str, Any]:
    members = dict(row)
    del members["customer_number"]
    return members


async def has_other_orders(connection: Connection, both: Both, known: Sequence[int]) -> bool:
    """Whether the customer that goes has orders besides those that are locked."""
    return bool(
        await connection.fetchval(
            """
            select exists (
                select from customer_order
                where partner_id = $1 and customer_number = $2 and order_id <> all($3::bigint[])
            )
            """,
            both.partner_id,
            both.merged_number,
            known,
        )
    )


async def lock_holdings(connection: Connection, both: Both) -> None:
    """Lock what runs do without a customer's lock: the subscriptions that it has or pays for, then its invoices."""
    await connection.execute(
        """
        select from subscription
        where partner_id = $1 and (customer_number = $2 or payer_customer_number = $2)
        order by customer_number, subscription_id
        for update
        """,
        both.partner_id,
        both.merged_number,
    )
    await connection.execute(
        """
        select from invoice
        where partner_id = $1 and customer_number = $2
        order by company_code, invoice_number
        for update
        """,
        both.partner_id,
        both.merged_number,
    )


_MOVE = """
    gone_TABLE as (
        delete from TABLE t where t.partner_id = $1 and t.customer_number = $2 returning t as whole
    ), new_TABLE as (
        insert into TABLE overriding system value
        select moved.*
        from gone_TABLE gone,
            jsonb_populate_record(gone.whole, jsonb_build_object('customer_number', $3::bigint)) as moved
        returning 1
    )
"""
_MOVED = "(select count(*) from new_TABLE) as TABLE"


def _moving(*tables: str) -> str:
    """The statement that moves the rows of some tables; it returns how many of each there were."""
    moves, counts = (", ".join(part.replace("TABLE", table) for table in tables) for part in (_MOVE, _MOVED))
    return f"""
with {moves}
select {counts}
"""


_MOVES = (
    _moving("subscription", "subscription_period", "subscription_change"),
    _moving("customer_access"),
    _moving("invoice", "invoice_line", "invoice_payment", "invoice_reminder"),
)


async def move_holdings(connection: Connection, both: Both) -> dict[str, int]:
    """Move subscriptions, access and invoices with all that belongs to them; how many rows of each table there were."""
    moved: dict[str, int] = {}
    for move in _MOVES:
        row = await connection.fetchrow(move, *msgspec.structs.astuple(both))
        moved |= dict(row or {})
    return moved


# What only names the customer. $2 goes, $3 stays.
_NAMED = {
    "user_customer": "update user_customer set customer_number = $3 where partner_id = $1 and customer_number = $2",
    "customer_order": "update customer_order set customer_number = $3 where partner_id = $1 and customer_number = $2",
    "customer_case": "update customer_case set customer_number = $3 where partner_id = $1 and customer_number = $2",
    "customer_merge": "update customer_merge set customer_number = $3 where partner_id = $1 and customer_number = $2",
    # Its invoices are moved by now: what they say of who gets it is among these.
    "invoice_line_receiver": """
        update invoice_line set receiver_customer_number = $3
        where partner_id = $1 and receiver_customer_number = $2 and receiver_customer_number <> customer_number
    """,
    # Who pays for the own subscription is nobody else.
    "subscription_payer": """
        update subscription set payer_customer_number = case when customer_number <> $3 then $3::bigint end
        where partner_id = $1
            and (payer_customer_number = $2 or (payer_customer_number = $3 and customer_number = $3))
    """,
    "invoice_look_up": """
        update invoice_look_up k set customer_number = $3
        from invoice i
        where i.partner_id = $1 and i.customer_number = $3 and k.partner_id = i.partner_id
            and k.company_code = i.company_code and k.invoice_number = i.invoice_number and k.customer_number = $2
    """,
    "external_reference_look_up": """
        update external_reference_look_up k set customer_number = $3
        from customer_external_reference r
        where r.partner_id = $1 and r.customer_number = $3 and k.partner_id = r.partner_id
            and k.reference_code = r.reference_code and k.external_id = r.external_id and k.customer_number = $2
    """,
}


async def rename(connection: Connection, both: Both, order_ids: Sequence[int]) -> dict[str, int]:
    """Write the number that stays wherever the other one is named; how many rows there were, by what they are."""
    renamed = {
        name: rows_changed(await connection.execute(statement, *msgspec.structs.astuple(both)))
        for name, statement in _NAMED.items()
    }
    # Of an order that somebody else has placed for this customer, the line says so; all others are its own orders'.
    renamed["order_line"] = rows_changed(
        await connection.execute(
            """
            update order_line set receiver_customer_number = $3
            where partner_id = $1 and receiver_customer_number = $2
                and (order_id = any($4::bigint[]) or receiver is not null)
            """,
            *msgspec.structs.astuple(both),
            order_ids,
        )
    )
    # A reward is the payer's.
    renamed["customer_reward"] = rows_changed(
        await connection.execute(
            """
            update customer_reward set customer_number = $3
            where partner_id = $1 and customer_number = $2 and order_id = any($4::bigint[])
            """,
            *msgspec.structs.astuple(both),
            order_ids,
        )
    )
    return renamed


async def take_columns(connection: Connection, both: Both, taken: dict[str, Any]) -> None:
    """Write columns of who stays, who is a customer since the earlier of the two became one."""
    await connection.execute(
        """
        update customer c set first_name = t.first_name, middle_name = t.middle_name, last_name = t.last_name,
            company_name = t.company_name, company_registration_number = t.company_registration_number,
            department = t.department, department_name = t.department_name,
            sealed_national_id = t.sealed_national_id, birth_date = t.birth_date, sex = t.sex,
            invoice_email = t.invoice_email, created_at = least(c.created_at, m.created_at)
        from customer m, customer k, jsonb_populate_record(k, $4) t
        where c.partner_id = $1 and c.customer_number = $3 and m.partner_id = $1 and m.customer_number = $2
            and k.partner_id = $1 and k.customer_number = $3
        """,
        *msgspec.structs.astuple(both),
        taken,
    )


async def remove_customer(connection: Connection, both: Both, now: datetime, actor: str) -> None:
    """Take away the customer that everything has gone from, and note where to. Raises when anything is left."""
    await connection.execute(
        """
        insert into customer_merge (partner_id, customer_number, merged_number, merged_at, actor)
        values ($1, $3, $2, $4, $5)
        """,
        *msgspec.structs.astuple(both),
        now,
        actor,
    )
    await connection.execute(
        "delete from customer where partner_id = $1 and customer_number = $2", both.partner_id, both.merged_number
    )
