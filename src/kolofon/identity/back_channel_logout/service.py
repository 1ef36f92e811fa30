"""Having clients told of ended sessions: written down in the caller's transaction, told once that is committed."""

from datetime import datetime, timedelta

from kolofon.identity.back_channel_logout import queries
from kolofon.platform.database import Connection

# A client that has not answered for a day has ended most sessions itself by then.
LIFETIME = timedelta(days=1)


async def tell_clients(connection: Connection, session_ids: list[str], now: datetime) -> None:
    """Have the clients of these sessions told that they have ended. The ids are those that clients know."""
    if session_ids:
        await queries.note_ended(connection, session_ids, now, now + LIFETIME)
