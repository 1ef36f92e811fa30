"""All SQL of signing in through other providers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that was sent to a provider: from which page, and how it wants to go on."""

    page: str
    prefix: str
    query: str
    language: str
    remember: bool


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a credential, and whether it was ever shown to be theirs."""

    unique_id: UUID
    verified: bool
    disabled: bool


class Subject(msgspec.Struct, frozen=True):
    """A provider's user."""

    provider_code: str
    issuer: str
    subject: str


class Account(msgspec.Struct, frozen=True):
    """An account that a provider's user is linked to."""

    unique_id: UUID
    disabled: bool


async def add_request(
    connection: Connection,
    hashes: tuple[bytes, bytes],
    provider_code: str,
    waiting: Waiting,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Note that a browser goes to a provider; `hashes` are those of the state and of the browser."""
    await connection.execute(
        """
        insert into external_sign_in_request (state_hash, browser_hash, provider_code, page, prefix, query, language,
            remember, started_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        *hashes,
        provider_code,
        *msgspec.structs.astuple(waiting),
        now,
        expires_at,
    )


async def take_request(
    connection: Connection, hashes: tuple[bytes, bytes], provider_code: str, now: datetime
) -> Waiting | None:
    """The request that a browser comes back with, which is gone with that. Another browser finds and spends nothing."""
    row = await connection.fetchrow(
        """
        delete from external_sign_in_request
        where state_hash = $1 and browser_hash = $2 and provider_code = $3 and expires_at > $4
        returning page, prefix, query, language, remember
        """,
        *hashes,
        provider_code,
        now,
    )
    return Waiting(**row) if row is not None else None


async def sweep_requests(connection: Connection, now: datetime) -> int:
    """Remove requests nobody came back with, and return their number."""
    status = await connection.execute("delete from external_sign_in_request where expires_at < $1", now)
    return int(status.rpartition(" ")[2])


async def lock_subject(connection: Connection, subject: Subject) -> None:
    """Have sign-ins of one provider's user done one after the other, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('external sign-in ' || $1 || ' ' || $2 || ' ' || $3, 0))",
        *msgspec.structs.astuple(subject),
    )


async def use_link(connection: Connection, subject: Subject, now: datetime) -> Account | None:
    """The account that a provider's user is linked to; notes that the link was used."""
    row = await connection.fetchrow(
        """
        update external_sign_in_link l set last_used_at = $4
        from user_account a
        where l.provider_code = $1 and l.issuer = $2 and l.subject = $3 and a.unique_id = l.unique_id
        returning a.unique_id, a.disabled_at is not null
        """,
        *msgspec.structs.astuple(subject),
        now,
    )
    return Account(*row) if row is not None else None


async def add_link(connection: Connection, subject: Subject, unique_id: UUID, now: datetime) -> bool:
    """Link a provider's user to an account; False when it is linked already."""
    status = await connection.execute(
        """
        insert into external_sign_in_link (provider_code, issuer, subject, unique_id, linked_at, last_used_at)
        values ($1, $2, $3, $4, $5, $5) on conflict do nothing
        """,
        *msgspec.structs.astuple(subject),
        unique_id,
        now,
    )
    return status == "INSERT 0 1"


async def hold_holders(connection: Connection, credentials: Sequence[str]) -> dict[str, Holder]:
    """Who has each of the credentials; their accounts stay as they are until the transaction ends."""
    # Accounts first and in order, as everybody does who changes an account: otherwise two could wait for each other.
    await connection.execute(
        """
        select from user_account
        where unique_id in (select c.unique_id from user_credential c where c.credential = any($1::text[]))
        order by unique_id
        for no key update
        """,
        list(credentials),
    )
    rows = await connection.fetch(
        """
        select c.credential, a.unique_id, a.disabled_at is not null as disabled,
            c.verification_level in ('verificationLink', 'verificationCode', 'externallyVerified') as verified
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        where c.credential = any($1::text[])
        """,
        list(credentials),
    )
    return {credential: Holder(unique_id=who, disabled=disabled, verified=ok) for credential, who, disabled, ok in rows}


async def credential_to_sign_in_with(connection: Connection, unique_id: UUID, preferred: Sequence[str]) -> str | None:
    """The credential that a session of an account is begun with: one of the preferred, else a verified one."""
    credential: str | None = await connection.fetchval(
        """
        select credential
        from user_credential
        where unique_id = $1
        order by array_position($2::text[], credential),
            verification_level in ('verificationLink', 'verificationCode', 'externallyVerified') desc,
            credential_type, created_at, credential
        limit 1
        """,
        unique_id,
        list(preferred),
    )
    return credential


async def remove_password_and_links(connection: Connection, unique_id: UUID) -> None:
    """Take away what an account can be signed in to with, but for its credentials."""
    await connection.execute("update user_account set password_hash = null where unique_id = $1", unique_id)
    await connection.execute("delete from external_sign_in_link where unique_id = $1", unique_id)


async def put_external_profile(
    connection: Connection, unique_id: UUID, source: str, info: dict[str, Any], now: datetime
) -> None:
    """Keep what a source told of a user, in place of what it told before."""
    await connection.execute(
        """
        insert into user_external_profile (unique_id, source, info, updated_at) values ($1, $2, $3, $4)
        on conflict (unique_id, source) do update set info = excluded.info, updated_at = excluded.updated_at
        """,
        unique_id,
        source,
        info,
        now,
    )
