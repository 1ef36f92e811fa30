"""All SQL of a sandbox's clock."""

from datetime import timedelta

from kolofon.platform.database import Connection


async def move_clock(connection: Connection, partner_id: int, by: timedelta) -> timedelta | None:
    """Move a sandbox's clock ahead; returns how far ahead it is then. None: the partner is not a sandbox."""
    ahead: timedelta | None = await connection.fetchval(
        "update partner set clock_ahead = clock_ahead + $2 where partner_id = $1 and sandbox returning clock_ahead",
        partner_id,
        by,
    )
    return ahead
