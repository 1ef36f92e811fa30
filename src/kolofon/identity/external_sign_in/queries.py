"""All SQL of signing in through other providers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection, rows_changed


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that was sent to a provider: from which page, and how it wants to go on."""

    page: str
    prefix: str
    query: str
    language: str
    remember: bool
    session_id: str | None = None  # in which a provider is to be linked to the account; None: somebody signs in


class Handover(msgspec.Struct, frozen=True):
    """What a provider told of the user whom a reader is asked about."""

    provider_code: str
    told: dict[str, Any]


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


class Link(msgspec.Struct, frozen=True):
    """A provider's user that an account is linked to."""

    subject: Subject
    linked_at: datetime
    last_used_at: datetime


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
    told: dict[str, Any] | None = None,
) -> None:
    """Note that a browser goes to a provider; `hashes` are those of the state and of the browser.

    With `told` it has come back, and is handed over to the account page under another secret.
    """
    await connection.execute(
        """
        insert into external_sign_in_request (state_hash, browser_hash, provider_code, page, prefix, query, language,
            remember, session_id, started_at, expires_at, told)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        *hashes,
        provider_code,
        *msgspec.structs.astuple(waiting),
        now,
        expires_at,
        told,
    )


async def take_request(
    connection: Connection, hashes: tuple[bytes, bytes], provider_code: str, now: datetime
) -> Waiting | None:
    """The request that a browser comes back with, which is gone with that. Another browser finds and spends nothing."""
    row = await connection.fetchrow(
        """
        delete from external_sign_in_request
        where state_hash = $1 and browser_hash = $2 and provider_code = $3 and expires_at > $4
        returning page, prefix, query, language, remember, session_id
        """,
        *hashes,
        provider_code,
        now,
    )
    return Waiting(**row) if row is not None else None


async def find_handover(
    connection: Connection, hashes: tuple[bytes, bytes], session_id: str, now: datetime
) -> Handover | None:
    """What is handed over to a session in a browser."""
    row = await connection.fetchrow(
        """
        select provider_code, told
        from external_sign_in_request
        where state_hash = $1 and browser_hash = $2 and session_id = $3 and expires_at > $4 and told is not null
        """,
        *hashes,
        session_id,
        now,
    )
    return Handover(*row) if row is not None else None


async def take_handover(
    connection: Connection, hashes: tuple[bytes, bytes], session_id: str, now: datetime
) -> Handover | None:
    """The same, which is gone with that."""
    row = await connection.fetchrow(
        """
        delete from external_sign_in_request
        where state_hash = $1 and browser_hash = $2 and session_id = $3 and expires_at > $4 and told is not null
        returning provider_code, told
        """,
        *hashes,
        session_id,
        now,
    )
    return Handover(*row) if row is not None else None


async def sweep_requests(connection: Connection, now: datetime) -> int:
    """Remove requests nobody came back with, and return their number."""
    status = await connection.execute("delete from external_sign_in_request where expires_at < $1", now)
    return rows_changed(status)


async def lock_subject(connection: Connection, subject: Subject) -> None:
    """Have sign-ins of one provider's user done one after the other, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended('external sign-in ' || $1 || ' ' || $2 || ' ' || $3, 0))",
        *msgspec.structs.astuple(subject),
    )


async def use_link(connection: Connection, subject: Subject, now: datetime) -> Account | None:
    """The account that a provider's user is linked to; notes that the link was used."""
    # The account first, as whoever removes a link does: otherwise the two could wait for each other. A link that was
    # removed while this waited is looked at again by the update, and not found.
    row = await connection.fetchrow(
        """
        with account as (
            select a.unique_id, a.disabled_at is not null as disabled
            from external_sign_in_link l
            join user_account a on a.unique_id = l.unique_id
            where l.provider_code = $1 and l.issuer = $2 and l.subject = $3 and l.removed_at is null
            for share of a
        )
        update external_sign_in_link l set last_used_at = $4
        from account
        where l.provider_code = $1 and l.issuer = $2 and l.subject = $3 and l.removed_at is null
            and l.unique_id = account.unique_id
        returning account.unique_id, account.disabled
        """,
        *msgspec.structs.astuple(subject),
        now,
    )
    return Account(*row) if row is not None else None


async def add_link(connection: Connection, subject: Subject, unique_id: UUID, now: datetime) -> bool:
    """Link a provider's user to an account; False when it is linked already. One that was removed comes back."""
    status = await connection.execute(
        """
        insert into external_sign_in_link as l (provider_code, issuer, subject, unique_id, linked_at, last_used_at)
        values ($1, $2, $3, $4, $5, $5)
        on conflict (provider_code, issuer, subject) do update
        set unique_id = excluded.unique_id, linked_at = $5, last_used_at = $5, removed_at = null
        where l.removed_at is not null
        """,
        *msgspec.structs.astuple(subject),
        unique_id,
        now,
    )
    return status == "INSERT 0 1"


async def list_links(connection: Connection, unique_id: UUID) -> list[Link]:
    """What an account is linked to, oldest first."""
    rows = await connection.fetch(
        """
        select provider_code, issuer, subject, linked_at, last_used_at
        from external_sign_in_link
        where unique_id = $1 and removed_at is null
        order by linked_at, provider_code, subject
        """,
        unique_id,
    )
    return [Link(Subject(*tuple(row)[:3]), row["linked_at"], row["last_used_at"]) for row in rows]


async def remove_link(connection: Connection, unique_id: UUID, subject: Subject, now: datetime) -> bool:
    """Take a link from its account, which the caller holds; False when it is not there."""
    status = await connection.execute(
        """
        update external_sign_in_link set removed_at = $5
        where provider_code = $1 and issuer = $2 and subject = $3 and unique_id = $4 and removed_at is null
        """,
        *msgspec.structs.astuple(subject),
        unique_id,
        now,
    )
    return status == "UPDATE 1"


async def was_removed(connection: Connection, subject: Subject) -> bool:
    """Whether a reader has removed the link of a provider's user."""
    return bool(
        await connection.fetchval(
            """
            select true from external_sign_in_link
            where provider_code = $1 and issuer = $2 and subject = $3 and removed_at is not null
            """,
            *msgspec.structs.astuple(subject),
        )
    )


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
        credentials,
    )
    rows = await connection.fetch(
        """
        select c.credential, a.unique_id, a.disabled_at is not null as disabled,
            c.verification_level = any($2::text[]) as verified
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        where c.credential = any($1::text[])
        """,
        credentials,
        VERIFIED_LEVELS,
    )
    return {credential: Holder(unique_id=who, disabled=disabled, verified=ok) for credential, who, disabled, ok in rows}


async def remove_links(connection: Connection, unique_id: UUID) -> None:
    """Have no provider's user sign in to an account any more."""
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
