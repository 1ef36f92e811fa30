"""The one place where sessions end before their time; whoever has to hear of an end hears of it here.

A session that has run out and is swept does not come here, nor one whose browser goes on under a new secret.
"""

from datetime import datetime
from uuid import UUID

from kolofon.identity import queries
from kolofon.identity.back_channel_logout.service import tell_clients
from kolofon.identity.queries import EndedSession
from kolofon.platform.database import Connection


async def end_by_hash(connection: Connection, session_hash: bytes, now: datetime) -> list[EndedSession]:
    """End the session behind a cookie, if it is there."""
    ended = await queries.remove_session(connection, session_hash)
    return await tell(connection, [ended] if ended is not None else [], now)


async def end_by_id(connection: Connection, unique_id: UUID, session_id: str, now: datetime) -> list[EndedSession]:
    """End one session of a user; another user's stays."""
    return await tell(connection, await queries.remove_session_of(connection, unique_id, session_id), now)


async def end_all_of(
    connection: Connection, unique_id: UUID, now: datetime, but: str | None = None
) -> list[EndedSession]:
    """End all sessions of a user, except the one whose `session_id` is given."""
    return await tell(connection, await queries.remove_sessions_of(connection, unique_id, but), now)


async def end_all_by_credential(
    connection: Connection, unique_id: UUID, credential: str, now: datetime, but: str | None = None
) -> list[EndedSession]:
    """End those of a user's sessions that were begun with a credential, except the one whose id is given."""
    ended = await queries.remove_sessions_of(connection, unique_id, but, credential)
    return await tell(connection, ended, now)


async def end_all_by_method(
    connection: Connection, unique_id: UUID, method: str, now: datetime, but: str | None = None
) -> list[EndedSession]:
    """End those of a user's sessions that were begun in a way, as in RFC 8176, except the one whose id is given."""
    ended = await queries.remove_sessions_of(connection, unique_id, but, method=method)
    return await tell(connection, ended, now)


async def tell(connection: Connection, ended: list[EndedSession], now: datetime) -> list[EndedSession]:
    """Tell who has to hear of it, in the transaction that ends the sessions; returns them."""
    await tell_clients(connection, [session.session_id for session in ended], now)
    return ended
