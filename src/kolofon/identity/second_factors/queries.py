"""All SQL of second factors."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection


class TotpSecret(msgspec.Struct, frozen=True):
    """The secret of an account's app."""

    sealed_secret: bytes
    last_step: int
    failures: int
    blocked_until: datetime | None


class Passkey(msgspec.Struct, frozen=True):
    """A passkey as it is stored."""

    credential_id: bytes
    passkey_id: UUID
    unique_id: UUID
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None


class Held(msgspec.Struct, frozen=True):
    """Which second factors an account has. Recovery codes are none by themselves."""

    totp_since: datetime | None
    totp_used_at: datetime | None
    passkeys: int
    recovery_codes: int

    @property
    def totp(self) -> bool:
        """Whether there is an app."""
        return self.totp_since is not None

    @property
    def any(self) -> bool:
        """Whether the account has a second factor."""
        return self.totp or self.passkeys > 0


async def find_held(connection: Connection, unique_id: UUID) -> Held:
    """Which second factors an account has."""
    row = await connection.fetchrow(
        """
        select (select created_at from totp_secret where unique_id = $1),
            (select used_at from totp_secret where unique_id = $1),
            (select count(*) from passkey where unique_id = $1),
            (select count(*) from recovery_code where unique_id = $1)
        """,
        unique_id,
    )
    return Held(*row) if row is not None else Held(None, None, 0, 0)


async def verified_credentials(connection: Connection, unique_id: UUID) -> list[str]:
    """The credentials that an account has shown to be its own."""
    rows = await connection.fetch(
        "select credential from user_credential where unique_id = $1 and verification_level = any($2)",
        unique_id,
        VERIFIED_LEVELS,
    )
    return [row["credential"] for row in rows]


async def lock_totp(connection: Connection, unique_id: UUID) -> TotpSecret | None:
    """The secret of an account's app; parallel tries wait for each other."""
    row = await connection.fetchrow(
        """
        select sealed_secret, last_step, failures, blocked_until from totp_secret
        where unique_id = $1
        for update
        """,
        unique_id,
    )
    return TotpSecret(*row) if row is not None else None


async def add_totp(connection: Connection, unique_id: UUID, sealed_secret: bytes, step: int, now: datetime) -> bool:
    """Store the secret of an app; False when the account has one."""
    status = await connection.execute(
        """
        insert into totp_secret (unique_id, sealed_secret, last_step, created_at) values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        unique_id,
        sealed_secret,
        step,
        now,
    )
    return status == "INSERT 0 1"


async def use_totp(connection: Connection, unique_id: UUID, step: int, now: datetime) -> None:
    """Note which code was used last."""
    await connection.execute(
        """
        update totp_secret set last_step = $2, used_at = $3, failures = 0, blocked_until = null
        where unique_id = $1
        """,
        unique_id,
        step,
        now,
    )


async def count_failure(connection: Connection, unique_id: UUID, blocked_until: datetime | None) -> None:
    """Count a wrong code, and note until when none is looked at."""
    await connection.execute(
        "update totp_secret set failures = failures + 1, blocked_until = $2 where unique_id = $1",
        unique_id,
        blocked_until,
    )


async def remove_totp(connection: Connection, unique_id: UUID) -> bool:
    """Forget an account's app; False when there was none."""
    return await connection.execute("delete from totp_secret where unique_id = $1", unique_id) == "DELETE 1"


async def put_recovery_codes(connection: Connection, unique_id: UUID, hashes: list[bytes], now: datetime) -> None:
    """Give an account these codes in place of those it had."""
    await connection.execute("delete from recovery_code where unique_id = $1", unique_id)
    await connection.execute(
        "insert into recovery_code (unique_id, code_hash, created_at) select $1, unnest($2::bytea[]), $3",
        unique_id,
        hashes,
        now,
    )


async def use_recovery_code(connection: Connection, unique_id: UUID, code_hash: bytes) -> bool:
    """Use up a code; False when the account has no such code. Of two at once, one is first."""
    status = await connection.execute(
        "delete from recovery_code where unique_id = $1 and code_hash = $2", unique_id, code_hash
    )
    return status == "DELETE 1"


async def list_passkeys(connection: Connection, unique_id: UUID) -> list[Passkey]:
    """An account's passkeys, the oldest first."""
    rows = await connection.fetch(
        """
        select credential_id, passkey_id, unique_id, public_key, sign_count, name, created_at, used_at
        from passkey
        where unique_id = $1
        order by created_at, passkey_id
        """,
        unique_id,
    )
    return [Passkey(*row) for row in rows]


async def find_owner(connection: Connection, credential_id: bytes) -> UUID | None:
    """Whose a passkey is."""
    found: UUID | None = await connection.fetchval(
        "select unique_id from passkey where credential_id = $1", credential_id
    )
    return found


async def lock_passkey(connection: Connection, credential_id: bytes) -> Passkey | None:
    """A passkey; parallel uses of it wait for each other."""
    row = await connection.fetchrow(
        """
        select credential_id, passkey_id, unique_id, public_key, sign_count, name, created_at, used_at
        from passkey
        where credential_id = $1
        for update
        """,
        credential_id,
    )
    return Passkey(*row) if row is not None else None


async def add_passkey(connection: Connection, passkey: Passkey) -> bool:
    """Store a passkey; False when it is there already."""
    status = await connection.execute(
        """
        insert into passkey
            (credential_id, passkey_id, unique_id, public_key, sign_count, name, created_at, used_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        """,
        *msgspec.structs.astuple(passkey),
    )
    return status == "INSERT 0 1"


async def use_passkey(connection: Connection, credential_id: bytes, sign_count: int, now: datetime) -> None:
    """Note that a passkey was used, and how often it says it was."""
    await connection.execute(
        "update passkey set sign_count = $2, used_at = $3 where credential_id = $1", credential_id, sign_count, now
    )


async def remove_passkey(connection: Connection, unique_id: UUID, passkey_id: UUID) -> str | None:
    """Remove one of an account's own passkeys; returns its name, None when there is no such one."""
    name: str | None = await connection.fetchval(
        "delete from passkey where passkey_id = $2 and unique_id = $1 returning name", unique_id, passkey_id
    )
    return name


async def remove_all_factors(connection: Connection, unique_id: UUID) -> None:
    """Take an account's app, passkeys and recovery codes away."""
    await remove_totp(connection, unique_id)
    await connection.execute("delete from passkey where unique_id = $1", unique_id)
    await remove_recovery_codes(connection, unique_id)


async def remove_recovery_codes(connection: Connection, unique_id: UUID) -> None:
    """Forget an account's recovery codes."""
    await connection.execute("delete from recovery_code where unique_id = $1", unique_id)
