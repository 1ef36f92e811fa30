"""All SQL of consents."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from kolofon.platform.database import Connection


async def hold_consent(connection: Connection, unique_id: UUID, client_id: str) -> frozenset[str]:
    """The scopes that a reader lets a client have; they cannot be taken back before the transaction ends."""
    scopes = await connection.fetchval(
        "select scopes from client_consent where unique_id = $1 and client_id = $2 for share", unique_id, client_id
    )
    return frozenset(scopes or ())


async def give(connection: Connection, unique_id: UUID, client_id: str, scopes: Collection[str], now: datetime) -> None:
    """Note a reader's yes, in addition to what was given before."""
    await connection.execute(
        """
        insert into client_consent (unique_id, client_id, scopes, given_at)
        values ($1, $2, $3, $4)
        on conflict (unique_id, client_id) do update
        set scopes = array(select unnest(client_consent.scopes) union select unnest(excluded.scopes)),
            given_at = excluded.given_at
        """,
        unique_id,
        client_id,
        sorted(scopes),
        now,
    )


async def withdraw(connection: Connection, unique_id: UUID, client_id: str) -> bool:
    """Forget a reader's consent; says whether there was one. Revoke the grants after it, in the same transaction:

    who gives a code at this moment holds the consent until its grant can be seen.
    """
    status = await connection.execute(
        "delete from client_consent where unique_id = $1 and client_id = $2", unique_id, client_id
    )
    return status == "DELETE 1"
