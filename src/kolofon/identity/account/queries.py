"""All SQL of the account page. Every statement names the reader: another one's things are not found."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.credentials import EMAIL, PHONE, VERIFIED_LEVELS
from kolofon.platform.database import Connection


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at the account page."""

    unique_id: UUID
    first_name: str | None
    last_name: str | None
    has_password: bool
    session_client_id: str | None  # where the session began


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential of the reader."""

    credential: str
    credential_type: str
    verification_level: str
    created_at: datetime

    @property
    def verified(self) -> bool:
        """Whether it has been shown to be the reader's."""
        return self.verification_level in VERIFIED_LEVELS

    @property
    def reachable(self) -> bool:
        """Whether a code can be sent to it."""
        return self.credential_type in {EMAIL, PHONE}


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in."""

    session_id: str
    credential: str
    started_at: datetime
    expires_at: datetime
    client_id: str | None
    browser: str | None
    system: str | None


class OpenLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is kept signed in at one client."""

    login_id: UUID
    session_id: str | None
    credential: str
    authenticated_at: datetime
    rotated_at: datetime
    client_id: str
    browser: str | None
    system: str | None


class SiteAccess(msgspec.Struct, frozen=True, kw_only=True):
    """A client that acts for the reader."""

    client_id: str
    since: datetime
    scopes: list[str]


async def find_reader(connection: Connection, unique_id: UUID, session_id: str) -> Reader | None:
    """The reader of a session; None when the account is closed."""
    row = await connection.fetchrow(
        """
        select a.unique_id, a.first_name, a.last_name, a.password_hash is not null as has_password,
            (select s.client_id from user_session s where s.unique_id = $1 and s.session_id = $2 limit 1)
                as session_client_id
        from user_account a
        where a.unique_id = $1 and a.disabled_at is null
        """,
        unique_id,
        session_id,
    )
    return Reader(**row) if row is not None else None


async def list_credentials(connection: Connection, unique_id: UUID) -> list[Credential]:
    """The reader's credentials, oldest first."""
    rows = await connection.fetch(
        """
        select credential, credential_type, verification_level, created_at
        from user_credential where unique_id = $1
        order by created_at, credential
        """,
        unique_id,
    )
    return [Credential(**row) for row in rows]


async def remove_credential(connection: Connection, unique_id: UUID, credential: str) -> bool:
    """Take a credential from its user; False when it was not there."""
    status = await connection.execute(
        "delete from user_credential where unique_id = $1 and credential = $2", unique_id, credential
    )
    return status == "DELETE 1"


async def set_names(connection: Connection, unique_id: UUID, first_name: str, last_name: str) -> tuple[str, str] | None:
    """Give the reader another name; the names before, or None when they were these already."""
    row = await connection.fetchrow(
        """
        with before as (select unique_id, first_name, last_name from user_account where unique_id = $1 for update)
        update user_account a set first_name = $2, last_name = $3
        from before
        where a.unique_id = before.unique_id and (a.first_name, a.last_name) is distinct from ($2, $3)
        returning before.first_name, before.last_name
        """,
        unique_id,
        first_name,
        last_name,
    )
    return tuple(row) if row is not None else None


async def list_sessions(
    connection: Connection, unique_id: UUID, now: datetime, most: int | None = None
) -> list[OpenSession]:
    """The reader's sessions, that of the last visit first; without `most` all of them."""
    rows = await connection.fetch(
        """
        select session_id, credential, coalesce(started_at, authenticated_at) as started_at, expires_at, client_id,
            browser, system
        from user_session
        where unique_id = $1 and expires_at > $2
        order by expires_at desc
        limit $3
        """,
        unique_id,
        now,
        most,
    )
    return [OpenSession(**row) for row in rows]


async def list_logins(
    connection: Connection, unique_id: UUID, now: datetime, most: int | None = None
) -> list[OpenLogin]:
    """The reader's remember-me logins, that of the last use first; without `most` all of them."""
    rows = await connection.fetch(
        """
        select login_id, session_id, credential, authenticated_at, rotated_at, client_id, browser, system
        from remember_me_login
        where unique_id = $1 and expires_at > $2
        order by rotated_at desc
        limit $3
        """,
        unique_id,
        now,
        most,
    )
    return [OpenLogin(**row) for row in rows]


async def list_sites(connection: Connection, unique_id: UUID, now: datetime) -> list[SiteAccess]:
    """The clients that hold grants of the reader, by their ids."""
    rows = await connection.fetch(
        """
        select client_id, min(created_at) as since, array_agg(distinct scope) as scopes
        from oauth_grant
        where unique_id = $1 and revoked_at is null and expires_at > $2
        group by client_id
        order by client_id
        """,
        unique_id,
        now,
    )
    return [SiteAccess(**row) for row in rows]
