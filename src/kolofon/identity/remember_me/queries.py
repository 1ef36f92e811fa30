"""All SQL of remember-me logins."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.queries import Session
from kolofon.platform.database import Connection


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
    connection: Connection, login_id: UUID, client_id: str, session: Session, token_hash: bytes, until: datetime
) -> None:
    """Store a new login; its token counts as rotated when the reader signed in."""
    await connection.execute(
        """
        insert into remember_me_login (login_id, unique_id, client_id, credential, authenticated_at,
            authentication_methods, token_hash, rotated_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $5, $8)
        """,
        login_id,
        session.unique_id,
        client_id,
        session.credential,
        session.authenticated_at,
        session.authentication_methods,
        token_hash,
        until,
    )


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


async def sweep_logins(connection: Connection, now: datetime) -> int:
    """Remove ended logins and return their number."""
    status = await connection.execute("delete from remember_me_login where expires_at < $1", now)
    return int(status.rpartition(" ")[2])
