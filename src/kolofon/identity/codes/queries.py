"""All SQL of one-time codes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection, rows_changed

Purpose = Literal["login", "register", "password", "credential"]


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code to store, under its hash."""

    code_id: UUID
    credential: str
    purpose: Purpose
    code_hash: bytes
    created_at: datetime
    expires_at: datetime


async def lock_credential(connection: Connection, credential: str) -> None:
    """Have codes of one credential made one after the other, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('one-time code ' || $1, 0))", credential)


async def count_codes(connection: Connection, credential: str, since: datetime) -> int:
    """How many codes were made for a credential since then."""
    return int(
        await connection.fetchval(
            "select count(*) from one_time_code where credential = $1 and created_at > $2", credential, since
        )
    )


async def add_code(connection: Connection, code: NewCode) -> None:
    """Store a code; older ones of the same credential and purpose end."""
    await connection.execute(
        """
        update one_time_code set expires_at = $3
        where credential = $1 and purpose = $2 and expires_at > $3 and entered_at is null
        """,
        code.credential,
        code.purpose,
        code.created_at,
    )
    await connection.execute(
        """
        insert into one_time_code (code_id, credential, purpose, code_hash, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        *msgspec.structs.astuple(code),
    )


async def count_try(connection: Connection, code_id: UUID, now: datetime, most: int) -> bytes | None:
    """The hash of a live code, after counting one try at it; None when there is none, or no try is left.

    The row stays locked, so parallel tries are counted one after the other.
    """
    found: bytes | None = await connection.fetchval(
        """
        update one_time_code set tries = tries + 1
        where code_id = $1 and expires_at > $2 and entered_at is null and tries < $3
        returning code_hash
        """,
        code_id,
        now,
        most,
    )
    return found


async def mark_entered(connection: Connection, code_id: UUID, now: datetime) -> None:
    """Note that a code was entered; it cannot be entered again."""
    await connection.execute("update one_time_code set entered_at = $2 where code_id = $1", code_id, now)


async def spend(connection: Connection, code_id: UUID, now: datetime) -> bool:
    """Note that what an entered code was for is done; False when it was before."""
    status = await connection.execute(
        """
        update one_time_code set spent_at = $2
        where code_id = $1 and entered_at is not null and spent_at is null
        """,
        code_id,
        now,
    )
    return status == "UPDATE 1"


async def sweep_codes(connection: Connection, before: datetime) -> int:
    """Remove codes made before then and return their number."""
    return rows_changed(await connection.execute("delete from one_time_code where created_at < $1", before))
