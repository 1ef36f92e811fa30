"""All SQL of notices."""

from uuid import UUID

from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection


async def list_recipients(connection: Connection, unique_id: UUID) -> list[str]:
    """The e-mail addresses and phone numbers that have been shown to be a reader's."""
    rows = await connection.fetch(
        """
        select credential
        from user_credential
        where unique_id = $1 and credential_type in ('A', 'B')
            and verification_level = any($2::text[])
        order by credential
        """,
        unique_id,
        VERIFIED_LEVELS,
    )
    return [row["credential"] for row in rows]


async def find_time_zone(connection: Connection, client_id: str | None) -> str | None:
    """The time zone of a client's newspaper."""
    found: str | None = await connection.fetchval(
        "select p.time_zone from client c join partner p on p.partner_id = c.partner_id where c.client_id = $1",
        client_id,
    )
    return found
