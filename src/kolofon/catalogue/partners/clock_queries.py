"""SQL that asks for the clock of a sandbox."""

from datetime import timedelta

from kolofon.platform.database import Connection


async def is_ahead(connection: Connection, partner_code: str) -> bool:
    """Whether a partner's clock has been moved, so that it has to stay a sandbox."""
    return bool(
        await connection.fetchval(
            "select exists (select from partner where partner_code = $1 and clock_ahead > '0')", partner_code
        )
    )


async def find_clock_ahead(connection: Connection, partner_id: int) -> timedelta:
    """How far a partner's time is ahead of that of all others."""
    ahead: timedelta = await connection.fetchval("select clock_ahead from partner where partner_id = $1", partner_id)
    return ahead
