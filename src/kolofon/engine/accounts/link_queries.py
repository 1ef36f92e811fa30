"""All SQL of links by which a user signs in once."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection, rows_changed


class LoginLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link, known by its hash. `used_at` is None until somebody has signed in by it."""

    link_hash: bytes
    unique_id: UUID
    credential: str
    client_id: str
    return_url: str
    error_url: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


async def add_link(connection: Connection, link: LoginLink) -> None:
    """Store a link; those that were sent to the same credential before end."""
    await connection.execute(
        """
        update login_link set expires_at = $3
        where unique_id = $1 and credential = $2 and used_at is null and expires_at > $3
        """,
        link.unique_id,
        link.credential,
        link.created_at,
    )
    await connection.execute(
        """
        insert into login_link
            (link_hash, unique_id, credential, client_id, return_url, error_url, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        *msgspec.structs.astuple(link)[:8],
    )


async def find_link(connection: Connection, link_hash: bytes) -> LoginLink | None:
    """A link, whether or not it can still be used."""
    row = await connection.fetchrow(
        """
        select link_hash, unique_id, credential, client_id, return_url, error_url, created_at, expires_at, used_at
        from login_link
        where link_hash = $1
        """,
        link_hash,
    )
    return LoginLink(**row) if row is not None else None


async def use_link(connection: Connection, link_hash: bytes, now: datetime) -> bool:
    """Use a link; False when it was used before, or has expired."""
    return (
        await connection.fetchval(
            """
            update login_link set used_at = $2
            where link_hash = $1 and used_at is null and expires_at > $2
            returning true
            """,
            link_hash,
            now,
        )
        is not None
    )


async def sweep_links(connection: Connection, before: datetime) -> int:
    """Forget links that expired before a time; returns their number."""
    return rows_changed(await connection.execute("delete from login_link where expires_at < $1", before))
