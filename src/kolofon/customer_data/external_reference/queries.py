"""All SQL of External Reference. A reference and its look-up are written together, in one transaction."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class ReferenceKey(msgspec.Struct, frozen=True):
    """A customer and a system."""

    partner_id: int
    customer_number: int
    reference_code: str


async def list_references(database: Reader, partner_id: int, customer_number: int) -> list[tuple[str, str]]:
    """Codes and identifiers of a customer, without former ones."""
    rows = await database.fetch(
        """
        select reference_code, external_id
        from customer_external_reference
        where partner_id = $1 and customer_number = $2 and not former
        order by reference_code
        """,
        partner_id,
        customer_number,
    )
    return [(row["reference_code"], row["external_id"]) for row in rows]


async def list_held(connection: Connection, key: ReferenceKey) -> dict[str, bool]:
    """The identifiers that a system has for a customer, each with whether it is a former one."""
    rows = await connection.fetch(
        """
        select external_id, former
        from customer_external_reference
        where partner_id = $1 and customer_number = $2 and reference_code = $3
        """,
        *msgspec.structs.astuple(key),
    )
    return {row["external_id"]: row["former"] for row in rows}


async def take_external_id(connection: Connection, key: ReferenceKey, external_id: str) -> bool:
    """Make an identifier this customer's; False when it is another's.

    Of two who want it the second waits until it is known whether the first keeps it.
    """
    return (
        await connection.fetchval(
            """
            insert into external_reference_look_up (partner_id, customer_number, reference_code, external_id)
            values ($1, $2, $3, $4)
            on conflict do nothing
            returning true
            """,
            *msgspec.structs.astuple(key),
            external_id,
        )
        is not None
    )


async def put_reference(connection: Connection, key: ReferenceKey, external_id: str, now: datetime) -> None:
    """Make an identifier that is this customer's the one that counts; a former one becomes it again."""
    await connection.execute(
        """
        insert into customer_external_reference
            (partner_id, customer_number, reference_code, external_id, registered_at)
        values ($1, $2, $3, $4, $5)
        on conflict (partner_id, customer_number, reference_code, external_id)
            do update set former = false, registered_at = excluded.registered_at
        """,
        *msgspec.structs.astuple(key),
        external_id,
        now,
    )


async def remove_reference(connection: Connection, key: ReferenceKey) -> str | None:
    """Remove the identifier that counts, which is free for others then; returns it. None: there was none."""
    external_id: str | None = await connection.fetchval(
        """
        with gone as (
            delete from customer_external_reference
            where partner_id = $1 and customer_number = $2 and reference_code = $3 and not former
            returning external_id
        ), free as (
            delete from external_reference_look_up l
            using gone
            where l.partner_id = $1 and l.reference_code = $3 and l.external_id = gone.external_id
        )
        select external_id from gone
        """,
        *msgspec.structs.astuple(key),
    )
    return external_id
