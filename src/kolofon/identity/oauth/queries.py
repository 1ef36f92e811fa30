"""All SQL of OAuth: keys, grants, codes, refresh tokens, revocations."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from kolofon.identity.oauth.keys import StoredKey
from kolofon.identity.oauth.rfc6749 import SignIn, StoredCode, StoredRefreshToken
from kolofon.platform.database import Connection


class Revocation(msgspec.Struct, frozen=True):
    """A revoked token or grant."""

    revoked_id: UUID
    expires_at: datetime


class WhichGrants(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a reader's grants are meant; all, when nothing is said."""

    session_ids: list[str] | None = None
    but_session_id: str | None = None
    client_id: str | None = None
    method: str | None = None  # how the reader had signed in, as in RFC 8176
    credential: str | None = None  # and with which credential


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One authorization of a client by a user: the family of its code and tokens."""

    grant_id: UUID
    client_id: str
    unique_id: UUID
    credential: str | None
    created_at: datetime
    expires_at: datetime
    scope: str = "read"
    sign_in: SignIn | None = None
    userinfo_claims: tuple[str, ...] = ()


async def list_keys(connection: Connection, now: datetime) -> list[StoredKey]:
    """The keys that are not retired, oldest first."""
    rows = await connection.fetch(
        """
        select kid, algorithm, sealed_private_key, public_jwk, created_at, active_from, retires_at
        from signing_key
        where retires_at is null or retires_at > $1
        order by active_from
        """,
        now,
    )
    return [StoredKey(*row) for row in rows]


async def add_key(connection: Connection, key: StoredKey) -> None:
    """Add a key."""
    await connection.execute(
        """
        insert into signing_key (kid, algorithm, sealed_private_key, public_jwk, created_at, active_from, retires_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        *msgspec.structs.astuple(key),
    )


async def retire_older_keys(connection: Connection, kid: str, algorithm: str, retires_at: datetime) -> None:
    """Give every other key of an algorithm an end."""
    await connection.execute(
        "update signing_key set retires_at = $3 where kid <> $1 and algorithm = $2 and retires_at is null",
        kid,
        algorithm,
        retires_at,
    )


async def list_revocations(connection: Connection, now: datetime) -> list[Revocation]:
    """What is revoked and not yet expired."""
    rows = await connection.fetch("select revoked_id, expires_at from token_revocation where expires_at > $1", now)
    return [Revocation(*row) for row in rows]


async def is_revoked(connection: Connection, token_id: UUID, grant_id: UUID | None) -> bool:
    """Whether a token or its grant is revoked, straight from the table."""
    return bool(
        await connection.fetchval(
            "select exists (select from token_revocation where revoked_id = any($1::uuid[]))", [token_id, grant_id]
        )
    )


async def add_revocation(connection: Connection, revoked_id: UUID, expires_at: datetime) -> bool:
    """Revoke a token or a grant; all processes hear of it at commit. False when it already was."""
    status = await connection.execute(
        "insert into token_revocation (revoked_id, expires_at) values ($1, $2) on conflict do nothing",
        revoked_id,
        expires_at,
    )
    return status == "INSERT 0 1"


async def revoke_grant(connection: Connection, grant_id: UUID, now: datetime) -> None:
    """End a family: its code and refresh tokens work no more."""
    await connection.execute(
        "update oauth_grant set revoked_at = $2 where grant_id = $1 and revoked_at is null", grant_id, now
    )


async def revoke_grants_of(
    connection: Connection, unique_id: UUID, which: WhichGrants, now: datetime, expires_at: datetime
) -> list[UUID]:
    """Revoke a reader's grants, and list them as revoked until then; returns their ids."""
    rows = await connection.fetch(
        """
        with ended as (
            update oauth_grant set revoked_at = $5
            where unique_id = $1 and revoked_at is null
                and ($2::text[] is null or session_id = any($2))
                and ($3::text is null or session_id is distinct from $3)
                and ($4::text is null or client_id = $4)
                and ($7::text is null or $7 = any(authentication_methods))
                and ($8::text is null or credential = $8)
            returning grant_id
        ), listed as (
            insert into token_revocation (revoked_id, expires_at) select grant_id, $6 from ended
            on conflict do nothing
        )
        select grant_id from ended
        """,
        unique_id,
        which.session_ids,
        which.but_session_id,
        which.client_id,
        now,
        expires_at,
        which.method,
        which.credential,
    )
    return [row["grant_id"] for row in rows]


async def add_grant(connection: Connection, grant: Grant) -> None:
    """Note that a user authorized a client."""
    await connection.execute(
        """
        insert into oauth_grant (grant_id, client_id, unique_id, credential, created_at, expires_at, scope,
            authenticated_at, session_id, authentication_methods, userinfo_claims)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        *msgspec.structs.astuple(grant)[:-2],
        *(msgspec.structs.astuple(grant.sign_in) if grant.sign_in is not None else (None, None, [])),
        grant.userinfo_claims,
    )


async def find_enabled_account(connection: Connection, credential: str) -> UUID | None:
    """The account that a credential belongs to, unless it is disabled."""
    unique_id: UUID | None = await connection.fetchval(
        """
        select a.unique_id
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        where c.credential = $1 and a.disabled_at is null
        """,
        credential,
    )
    return unique_id


async def add_code(
    connection: Connection,
    code_hash: bytes,
    grant_id: UUID,
    redirect_uri: str,
    code_challenge: str | None,
    nonce: str | None,
    expires_at: datetime,
) -> None:
    """Store a new authorization code's hash."""
    await connection.execute(
        """
        insert into authorization_code (code_hash, grant_id, redirect_uri, code_challenge, nonce, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        code_hash,
        grant_id,
        redirect_uri,
        code_challenge,
        nonce,
        expires_at,
    )


async def lock_code(connection: Connection, code_hash: bytes) -> StoredCode | None:
    """The code with its grant; a second request with it waits here until the first is done."""
    row = await connection.fetchrow(
        """
        select g.grant_id, g.client_id, g.unique_id, c.redirect_uri, c.code_challenge, c.expires_at, c.used_at,
            g.revoked_at, a.disabled_at is not null, c.nonce, g.scope, g.authenticated_at, g.session_id,
            g.authentication_methods
        from authorization_code c
        join oauth_grant g on g.grant_id = c.grant_id
        join user_account a on a.unique_id = g.unique_id
        where c.code_hash = $1
        for update of c
        """,
        code_hash,
    )
    return StoredCode(*_with_sign_in(row)) if row is not None else None


async def use_code(connection: Connection, code_hash: bytes, now: datetime) -> None:
    """Mark a code as used."""
    await connection.execute("update authorization_code set used_at = $2 where code_hash = $1", code_hash, now)


async def add_refresh_token(connection: Connection, token_hash: bytes, grant_id: UUID, expires_at: datetime) -> None:
    """Store the first refresh token of a family."""
    await connection.execute(
        "insert into refresh_token (token_hash, grant_id, expires_at) values ($1, $2, $3)",
        token_hash,
        grant_id,
        expires_at,
    )


_FIND_REFRESH_TOKEN = """
    select g.grant_id, g.client_id, g.unique_id, t.expires_at, t.rotated_at, t.sealed_answer,
        g.revoked_at, a.disabled_at is not null, g.scope, g.created_at, g.authenticated_at, g.session_id,
        g.authentication_methods
    from refresh_token t
    join oauth_grant g on g.grant_id = t.grant_id
    join user_account a on a.unique_id = g.unique_id
    where t.token_hash = $1
"""


async def find_refresh_token(connection: Connection, token_hash: bytes) -> StoredRefreshToken | None:
    """The refresh token with its grant, to look at."""
    row = await connection.fetchrow(_FIND_REFRESH_TOKEN, token_hash)
    return StoredRefreshToken(*_with_sign_in(row)) if row is not None else None


async def lock_refresh_token(connection: Connection, token_hash: bytes) -> StoredRefreshToken | None:
    """The refresh token with its grant; a second request with it waits here until the first is done.

    A revocation at the same moment need not wait: what a refresh still gives is dead, as its grant is revoked.
    """
    row = await connection.fetchrow(_FIND_REFRESH_TOKEN + " for update of t", token_hash)
    return StoredRefreshToken(*_with_sign_in(row)) if row is not None else None


def _with_sign_in(row: asyncpg.Record) -> tuple[Any, ...]:
    """A row whose last three columns become one value; a grant may have come about without a sign-in."""
    return (*row[:-3], SignIn(*row[-3:]) if row["authenticated_at"] is not None else None)


async def rotate_refresh_token(
    connection: Connection,
    token_hash: bytes,
    now: datetime,
    sealed_answer: bytes,
    successor_hash: bytes,
    expires_at: datetime,
) -> None:
    """Replace a refresh token by its successor and let the family live on, in one statement."""
    await connection.execute(
        """
        with rotated as (
            update refresh_token set rotated_at = $2, sealed_answer = $3 where token_hash = $1 returning grant_id
        ), prolonged as (
            update oauth_grant g set expires_at = $5 from rotated where g.grant_id = rotated.grant_id
        )
        insert into refresh_token (token_hash, grant_id, expires_at) select $4, grant_id, $5 from rotated
        """,
        token_hash,
        now,
        sealed_answer,
        successor_hash,
        expires_at,
    )


async def push_request(
    connection: Connection, request_hash: bytes, client_id: str, parameters: dict[str, str], expires_at: datetime
) -> None:
    """Store a pushed authorization request under its hash."""
    await connection.execute(
        "insert into pushed_request (request_hash, client_id, parameters, expires_at) values ($1, $2, $3, $4)",
        request_hash,
        client_id,
        parameters,
        expires_at,
    )


async def take_pushed_request(
    connection: Connection, request_hash: bytes, client_id: str, now: datetime
) -> dict[str, str] | None:
    """The parameters of a client's pushed request, which is gone with that; None when there is none in time."""
    parameters: dict[str, str] | None = await connection.fetchval(
        """
        delete from pushed_request
        where request_hash = $1 and client_id = $2 and expires_at > $3
        returning parameters
        """,
        request_hash,
        client_id,
        now,
    )
    return parameters


async def use_once(connection: Connection, used_hash: bytes, expires_at: datetime) -> bool:
    """Note that something was used; False when it was before. Of two at once, one is first."""
    status = await connection.execute(
        "insert into used_once (used_hash, expires_at) values ($1, $2) on conflict do nothing", used_hash, expires_at
    )
    return status == "INSERT 0 1"
