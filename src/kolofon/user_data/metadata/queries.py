"""All SQL of Metadata."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class Place(msgspec.Struct, frozen=True):
    """Of whom, and whose."""

    partner_id: int
    customer_number: int
    client_id: str


async def find_metadata(database: Reader, place: Place) -> str | None:
    """The JSON text that is stored."""
    text: str | None = await database.fetchval(
        """
        select metadata from customer_metadata
        where partner_id = $1 and customer_number = $2 and client_id = $3
        """,
        *msgspec.structs.astuple(place),
    )
    return text


async def change_metadata(connection: Connection, place: Place, text: str, now: datetime) -> None:
    """Store a JSON text instead of the one before."""
    await connection.execute(
        """
        insert into customer_metadata (partner_id, customer_number, client_id, metadata, changed_at)
        values ($1, $2, $3, $4, $5)
        on conflict (partner_id, customer_number, client_id)
            do update set metadata = excluded.metadata, changed_at = excluded.changed_at
        """,
        *msgspec.structs.astuple(place),
        text,
        now,
    )


async def remove_metadata(connection: Connection, place: Place) -> str | None:
    """Remove the JSON text and return it; None when there was none."""
    text: str | None = await connection.fetchval(
        """
        delete from customer_metadata
        where partner_id = $1 and customer_number = $2 and client_id = $3
        returning metadata
        """,
        *msgspec.structs.astuple(place),
    )
    return text
