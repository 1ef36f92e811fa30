"""All SQL of accounts and sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.origins import Origin
from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection, rows_changed


class SignInAccount(msgspec.Struct, frozen=True):
    """What signing in needs to know of an account."""

    unique_id: UUID
    password_hash: str | None
    disabled: bool


class Session(msgspec.Struct, frozen=True):
    """A signed-in browser."""

    unique_id: UUID
    credential: str
    authenticated_at: datetime
    authentication_methods: list[str] = msgspec.field(default_factory=lambda: ["pwd"])  # RFC 8176
    session_id: str = ""  # what clients know it by; empty until it has begun
    # The password that was right, as a digest of its hash: signing in with it ends when it is changed meanwhile.
    password_mark: bytes | None = None

    @property
    def is_by_provider_alone(self) -> bool:
        """Whether another server's word is all there is. It may have let a session of its own do."""
        return self.authentication_methods == ["fed"]


class EndedSession(msgspec.Struct, frozen=True):
    """A session that is no more."""

    unique_id: UUID
    session_id: str


async def find_sign_in_account(connection: Connection, credential: str) -> SignInAccount | None:
    """The account that a credential belongs to."""
    row = await connection.fetchrow(
        """
        select a.unique_id, a.password_hash, a.disabled_at is not null
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        where c.credential = $1
        """,
        credential,
    )
    return SignInAccount(*row) if row is not None else None


async def hold_account(connection: Connection, unique_id: UUID) -> SignInAccount | None:
    """An account whose password stays as it is until the transaction ends."""
    row = await connection.fetchrow(
        "select unique_id, password_hash, disabled_at is not null from user_account where unique_id = $1 for share",
        unique_id,
    )
    return SignInAccount(*row) if row is not None else None


async def lock_account(connection: Connection, unique_id: UUID) -> bool:
    """Have changes of one account made one after the other, until the transaction ends; False when it is closed.

    Who signs in to it waits as well. Not `for update`: a remembered browser that signs in holds its login and refers
    to the account, and who changes the account may wait for that login.
    """
    return bool(
        await connection.fetchval(
            "select true from user_account where unique_id = $1 and disabled_at is null for no key update", unique_id
        )
    )


async def best_credential(connection: Connection, unique_id: UUID, preferred: Sequence[str]) -> str | None:
    """What a sign-in without a credential counts as: one of the preferred that is the account's, the first of them
    best; else the best of the account's own.
    """
    found: str | None = await connection.fetchval(
        """
        select credential from user_credential
        where unique_id = $1
        order by array_position($2::text[], credential), verification_level = any($3::text[]) desc, credential_type,
            created_at, credential
        limit 1
        """,
        unique_id,
        preferred,
        VERIFIED_LEVELS,
    )
    return found


async def hold_unverified(connection: Connection, credential: str) -> UUID | None:
    """Whose a credential is that was never shown to be theirs; the account stays as it is until the transaction ends.

    None when it was, and when nobody has it.
    """
    query = """
        select a.unique_id from user_account a
        join user_credential c on c.unique_id = a.unique_id
        where c.credential = $1
            and c.verification_level <> all($2::text[])
    """
    if await connection.fetchval(query, credential, VERIFIED_LEVELS) is None:
        return None
    # Locked only where something is to be changed, and looked at again after waiting for the lock.
    await connection.execute(
        """
        select from user_account
        where unique_id = (select unique_id from user_credential where credential = $1)
        for no key update
        """,
        credential,
    )
    unique_id: UUID | None = await connection.fetchval(query, credential, VERIFIED_LEVELS)
    return unique_id


async def remove_other_unverified(connection: Connection, unique_id: UUID, credential: str) -> list[str]:
    """Take an account's credentials away that were never shown to be theirs, but for one; returns them."""
    rows = await connection.fetch(
        """
        delete from user_credential
        where unique_id = $1 and credential <> $2 and verification_level <> all($3::text[])
        returning credential
        """,
        unique_id,
        credential,
        VERIFIED_LEVELS,
    )
    return [row[0] for row in rows]


async def remove_password(connection: Connection, unique_id: UUID) -> None:
    """Take an account's password away."""
    await connection.execute("update user_account set password_hash = null where unique_id = $1", unique_id)


async def add_session(
    connection: Connection, session_hash: bytes, session: Session, origin: Origin, now: datetime, expires_at: datetime
) -> None:
    """Store a new session under its hash."""
    await connection.execute(
        """
        insert into user_session (session_hash, unique_id, credential, authenticated_at, expires_at,
            authentication_methods, session_id, started_at, client_id, browser, system)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        session_hash,
        session.unique_id,
        session.credential,
        session.authenticated_at,
        expires_at,
        session.authentication_methods,
        session.session_id,
        now,
        origin.client_id,
        origin.browser,
        origin.system,
    )


async def rename_session(connection: Connection, session_hash: bytes, new_hash: bytes, expires_at: datetime) -> bool:
    """Give a session another secret; False when it is not there."""
    status = await connection.execute(
        "update user_session set session_hash = $2, expires_at = $3 where session_hash = $1",
        session_hash,
        new_hash,
        expires_at,
    )
    return status == "UPDATE 1"


async def visit_session(
    connection: Connection, session_hash: bytes, now: datetime, expires_at: datetime
) -> Session | None:
    """The session, prolonged; None when it has ended or its account is disabled."""
    row = await connection.fetchrow(
        """
        update user_session s set expires_at = $3
        from user_account a
        where s.session_hash = $1 and s.expires_at > $2 and a.unique_id = s.unique_id and a.disabled_at is null
        returning s.unique_id, s.credential, s.authenticated_at, s.authentication_methods, s.session_id
        """,
        session_hash,
        now,
        expires_at,
    )
    return Session(*row) if row is not None else None


async def hold_session(connection: Connection, session_hash: bytes, now: datetime) -> bool:
    """Whether a session lives; it cannot end before the transaction does."""
    return bool(
        await connection.fetchval(
            "select true from user_session where session_hash = $1 and expires_at > $2 for share", session_hash, now
        )
    )


async def lock_session(connection: Connection, session_hash: bytes, now: datetime) -> tuple[UUID, str] | None:
    """Whose a living session is, and its id; it stays until the transaction ends or takes it away."""
    row = await connection.fetchrow(
        "select unique_id, session_id from user_session where session_hash = $1 and expires_at > $2 for update",
        session_hash,
        now,
    )
    return (row["unique_id"], row["session_id"]) if row is not None else None


async def set_session_methods(connection: Connection, session_hash: bytes, methods: list[str]) -> None:
    """Note what the reader of a session has shown by now."""
    await connection.execute(
        "update user_session set authentication_methods = $2 where session_hash = $1", session_hash, methods
    )


async def set_session_credential(connection: Connection, unique_id: UUID, session_id: str, credential: str) -> None:
    """Have a session count as begun with another credential of its user."""
    await connection.execute(
        "update user_session set credential = $3 where unique_id = $1 and session_id = $2",
        unique_id,
        session_id,
        credential,
    )


async def remove_session(connection: Connection, session_hash: bytes) -> EndedSession | None:
    """Remove one session."""
    row = await connection.fetchrow(
        "delete from user_session where session_hash = $1 returning unique_id, session_id", session_hash
    )
    return EndedSession(*row) if row is not None else None


async def remove_session_of(connection: Connection, unique_id: UUID, session_id: str) -> list[EndedSession]:
    """Remove one session of a user."""
    rows = await connection.fetch(
        "delete from user_session where unique_id = $1 and session_id = $2 returning unique_id, session_id",
        unique_id,
        session_id,
    )
    return [EndedSession(*row) for row in rows]


async def remove_sessions_of(
    connection: Connection,
    unique_id: UUID,
    but: str | None = None,
    credential: str | None = None,
    method: str | None = None,
) -> list[EndedSession]:
    """Remove all sessions of a user, or those begun with a credential or by a method, except one."""
    rows = await connection.fetch(
        """
        delete from user_session
        where unique_id = $1 and session_id is distinct from $2 and ($3::text is null or credential = $3)
            and ($4::text is null or $4 = any(authentication_methods))
        returning unique_id, session_id
        """,
        unique_id,
        but,
        credential,
        method,
    )
    return [EndedSession(*row) for row in rows]


async def sweep_sessions(connection: Connection, now: datetime) -> int:
    """Remove ended sessions and return their number."""
    return rows_changed(await connection.execute("delete from user_session where expires_at < $1", now))


class NewAccount(msgspec.Struct, frozen=True):
    """An account to add."""

    unique_id: UUID
    password_hash: str | None
    first_name: str | None
    last_name: str | None
    created_at: datetime


async def add_account(connection: Connection, account: NewAccount) -> None:
    """Add an account without credentials."""
    await connection.execute(
        """
        insert into user_account (unique_id, password_hash, first_name, last_name, created_at)
        values ($1, $2, $3, $4, $5)
        """,
        *msgspec.structs.astuple(account),
    )


async def add_credential(
    connection: Connection, unique_id: UUID, credential: str, credential_type: str, level: str, now: datetime
) -> None:
    """Give an account a credential; raises asyncpg.UniqueViolationError when another account has it."""
    await connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        values ($1, $2, $3, $4, $5)
        """,
        credential,
        credential_type,
        unique_id,
        level,
        now,
    )


async def set_password(connection: Connection, unique_id: UUID, before: str | None, password_hash: str) -> bool:
    """Give an account another password; False when it has another one than before already, or is closed."""
    status = await connection.execute(
        """
        update user_account set password_hash = $3
        where unique_id = $1 and password_hash is not distinct from $2 and disabled_at is null
        """,
        unique_id,
        before,
        password_hash,
    )
    return status == "UPDATE 1"


async def set_verification_level(connection: Connection, credential: str, level: str) -> None:
    """Note how a credential was last shown to be its user's."""
    await connection.execute(
        """
        update user_credential set verification_level = $2
        where credential = $1 and verification_level <> $2
        """,
        credential,
        level,
    )
