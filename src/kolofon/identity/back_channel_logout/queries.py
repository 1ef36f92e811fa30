"""All SQL of telling clients that a session has ended."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection, rows_changed


class DueLogout(msgspec.Struct, frozen=True):
    """A client to be told of a session's end; `attempt` says by which taking."""

    session_id: str
    client_id: str
    unique_id: UUID
    attempt: int
    expires_at: datetime


async def note_ended(connection: Connection, session_ids: list[str], now: datetime, expires_at: datetime) -> None:
    """Have every client told that was given a grant in one of these sessions, if it wants to be.

    Session ids are those that clients know. Whether a grant was revoked meanwhile says nothing of what the client's
    site believes.
    """
    await connection.execute(
        """
        insert into back_channel_logout (session_id, client_id, unique_id, created_at, expires_at, next_attempt_at)
        select distinct g.session_id, g.client_id, g.unique_id, $2::timestamptz, $3::timestamptz, $2::timestamptz
        from oauth_grant g
        join client c on c.client_id = g.client_id
        where g.session_id = any($1::text[]) and c.backchannel_logout_uri is not null and not c.disabled
        on conflict (session_id, client_id) do nothing
        """,
        session_ids,
        now,
        expires_at,
    )


async def take_due(
    connection: Connection, now: datetime, taken_until: datetime, resting: list[str]
) -> DueLogout | None:
    """Take what has been due longest and is not for a resting client, for oneself alone until a time.

    One statement, committed before anything is sent. Whoever dies with it gives it to the next that way.
    """
    row = await connection.fetchrow(
        """
        update back_channel_logout set attempts = attempts + 1, next_attempt_at = $2
        where (session_id, client_id) = (
            select session_id, client_id from back_channel_logout
            where told_at is null and given_up_at is null
                and next_attempt_at <= $1 and expires_at > $1 and client_id <> all($3::text[])
            order by next_attempt_at
            limit 1
            -- Another worker that is taking this very row takes it, and we the next.
            for update skip locked
        )
        returning session_id, client_id, unique_id, attempts, expires_at
        """,
        now,
        taken_until,
        resting,
    )
    return DueLogout(*row) if row is not None else None


async def note_told(connection: Connection, due: DueLogout, now: datetime) -> None:
    """The client knows. True whoever else has the row by now, so nobody tells it again."""
    await connection.execute(
        """
        update back_channel_logout set told_at = $3, last_problem = null
        where session_id = $1 and client_id = $2 and told_at is null and given_up_at is null
        """,
        due.session_id,
        due.client_id,
        now,
    )


async def note_failed(connection: Connection, due: DueLogout, problem: str, next_attempt_at: datetime) -> None:
    """The client could not be told, and will be again, unless somebody else has taken the row meanwhile."""
    await connection.execute(
        """
        update back_channel_logout set last_problem = $4, next_attempt_at = $5
        where session_id = $1 and client_id = $2 and attempts = $3 and told_at is null and given_up_at is null
        """,
        due.session_id,
        due.client_id,
        due.attempt,
        problem,
        next_attempt_at,
    )


async def note_given_up(connection: Connection, due: DueLogout, problem: str, now: datetime) -> None:
    """The client will not be told, unless somebody else has taken the row meanwhile."""
    await connection.execute(
        """
        update back_channel_logout set last_problem = $4, given_up_at = $5
        where session_id = $1 and client_id = $2 and attempts = $3 and told_at is null and given_up_at is null
        """,
        due.session_id,
        due.client_id,
        due.attempt,
        problem,
        now,
    )


async def give_up_overdue(connection: Connection, now: datetime) -> list[str]:
    """Give up what has expired and nobody is telling; returns the client of each."""
    rows = await connection.fetch(
        """
        update back_channel_logout
        set given_up_at = $1, last_problem = coalesce(last_problem, 'expired, or nobody lived to tell it')
        where told_at is null and given_up_at is null and next_attempt_at <= $1 and expires_at <= $1
        returning client_id
        """,
        now,
    )
    return [row["client_id"] for row in rows]


async def sweep(connection: Connection, before: datetime) -> int:
    """Forget the rows from before a time that are done; returns their number."""
    status = await connection.execute(
        """
        delete from back_channel_logout
        where created_at < $1 and (told_at is not null or given_up_at is not null)
        """,
        before,
    )
    return rows_changed(status)
