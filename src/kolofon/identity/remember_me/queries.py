"""All SQL of remember-me logins."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.origins import Origin
from kolofon.identity.queries import Session
from kolofon.platform.database import Connection, rows_changed


class RememberedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A remember-me login as it is stored."""

    session: Session
    client_id: str
    token_hash: bytes
    previous_hash: bytes | None
    sealed_token: bytes | None
    rotated_at: datetime
    user_disabled: bool


async def add_login(
    connection: Connection,
    login_id: UUID,
    client_id: str,
    session: Session,
    origin: Origin,
    token_hash: bytes,
    now: datetime,
    until: datetime,
) -> None:
    """Store a new login of a session that has begun."""
    await connection.execute(
        """
        insert into remember_me_login (login_id, unique_id, client_id, credential, authenticated_at,
            authentication_methods, session_id, browser, system, token_hash, rotated_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        login_id,
        session.unique_id,
        client_id,
        session.credential,
        session.authenticated_at,
        session.authentication_methods,
        session.session_id or None,
        origin.browser,
        origin.system,
        token_hash,
        now,
        until,
    )


async def tie_login(connection: Connection, login_id: UUID, session_id: str) -> None:
    """Note the session that a login has signed in."""
    await connection.execute("update remember_me_login set session_id = $2 where login_id = $1", login_id, session_id)


async def lock_login(connection: Connection, login_id: UUID, now: datetime) -> RememberedLogin | None:
    """A live login; parallel uses of it wait for each other."""
    row = await connection.fetchrow(
        """
        select l.unique_id, l.credential, l.authenticated_at, l.authentication_methods, l.client_id, l.token_hash,
            l.previous_hash, l.sealed_token, l.rotated_at, a.disabled_at is not null as user_disabled
        from remember_me_login l
        join user_account a on a.unique_id = l.unique_id
        where l.login_id = $1 and l.expires_at > $2
        for update of l
        """,
        login_id,
        now,
    )
    if row is None:
        return None
    members = dict(row)
    names = ("unique_id", "credential", "authenticated_at", "authentication_methods")
    return RememberedLogin(session=Session(*(members.pop(name) for name in names)), **members)


async def rotate(
    connection: Connection, login_id: UUID, token_hash: bytes, sealed_token: bytes, now: datetime, until: datetime
) -> None:
    """Give a login its next token."""
    await connection.execute(
        """
        update remember_me_login
        set previous_hash = token_hash, token_hash = $2, sealed_token = $3, rotated_at = $4, expires_at = $5
        where login_id = $1
        """,
        login_id,
        token_hash,
        sealed_token,
        now,
        until,
    )


async def end_login(connection: Connection, login_id: UUID) -> None:
    """End one login."""
    await connection.execute("delete from remember_me_login where login_id = $1", login_id)


async def end_logins_of(connection: Connection, unique_id: UUID) -> None:
    """End all of a user's logins."""
    await connection.execute("delete from remember_me_login where unique_id = $1", unique_id)


async def end_logins_by(
    connection: Connection,
    unique_id: UUID,
    session_ids: list[str] | None = None,
    credential: str | None = None,
    method: str | None = None,
) -> int:
    """End those of a user's logins that belong to sessions, a credential or a method; returns their number."""
    status = await connection.execute(
        """
        delete from remember_me_login
        where unique_id = $1 and ($2::text[] is null or session_id = any($2))
            and ($3::text is null or credential = $3)
            and ($4::text is null or $4 = any(authentication_methods))
        """,
        unique_id,
        session_ids,
        credential,
        method,
    )
    return rows_changed(status)


async def end_other_logins(
    connection: Connection, unique_id: UUID, session_id: str, login_ids: Collection[UUID]
) -> None:
    """End a user's logins except those that belong to a session, and some more."""
    await connection.execute(
        """
        delete from remember_me_login
        where unique_id = $1 and session_id is distinct from $2 and login_id <> all($3::uuid[])
        """,
        unique_id,
        session_id,
        list(login_ids),
    )


async def end_login_of(connection: Connection, unique_id: UUID, login_id: UUID) -> bool:
    """End one login of a user; another user's stays."""
    status = await connection.execute(
        "delete from remember_me_login where unique_id = $1 and login_id = $2", unique_id, login_id
    )
    return status == "DELETE 1"


async def sweep_logins(connection: Connection, now: datetime) -> int:
    """Remove ended logins and return their number."""
    status = await connection.execute("delete from remember_me_login where expires_at < $1", now)
    return rows_changed(status)
