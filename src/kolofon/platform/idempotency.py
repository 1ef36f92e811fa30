"""Repeatable writes: the answer to a request with an Idempotency-Key is kept in the transaction of its effect."""

from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from kolofon.platform.callers import ClientCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, rows_changed
from kolofon.platform.errors import Conflict, InvalidRequest, Unprocessable

KEY_LENGTH = 255
KEPT = timedelta(days=7)


class RepeatableRequest(msgspec.Struct, frozen=True):
    """What makes two requests the same: caller, key, route and body."""

    caller: ClientCaller
    key: str
    route: str
    body_hash: bytes


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it went out."""

    status: int
    content_type: str
    body: bytes


def repeatable(caller: ClientCaller, key: str, route: str, body: bytes) -> RepeatableRequest:
    """The request's identity; raises InvalidRequest for an unusable key."""
    if not 1 <= len(key) <= KEY_LENGTH or not (key.isascii() and key.isprintable()):
        raise InvalidRequest(f"Idempotency-Key: expected 1 to {KEY_LENGTH} printable ASCII characters")
    return RepeatableRequest(caller, key, route, sha256(body).digest())


async def begin(connection: Connection, request: RepeatableRequest) -> StoredAnswer | None:
    """The first answer, if there was one. Raises Conflict while the first is in flight, Unprocessable when it differed.

    Runs in the caller's transaction, whose end lets the next one in.
    """
    free = await connection.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 0))",
        f"{request.caller.client_id} {request.caller.idempotency_scope} {request.key}",
    )
    if not free:
        raise Conflict("Idempotency-Key: the first request with this key is still being answered")
    row = await connection.fetchrow(
        """
        select route, body_hash, status, content_type, body
        from idempotency_key
        where client_id = $1 and caller = $2 and idempotency_key = $3
        """,
        request.caller.client_id,
        request.caller.idempotency_scope,
        request.key,
    )
    if row is None:
        return None
    if row["route"] != request.route or row["body_hash"] != request.body_hash:
        raise Unprocessable("Idempotency-Key: this key was used for another request")
    return StoredAnswer(row["status"], row["content_type"], row["body"])


async def remember(connection: Connection, clock: Clock, request: RepeatableRequest, answer: StoredAnswer) -> None:
    """Keep the answer, for as long as the transaction's effect."""
    await connection.execute(
        """
        insert into idempotency_key
            (client_id, caller, idempotency_key, route, body_hash, status, content_type, body, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        request.caller.client_id,
        request.caller.idempotency_scope,
        request.key,
        request.route,
        request.body_hash,
        answer.status,
        answer.content_type,
        answer.body,
        clock.now(),
    )


async def sweep_idempotency_keys(connection: Connection, before: datetime) -> int:
    """Forget the answers given before a time and return their number."""
    status = await connection.execute("delete from idempotency_key where created_at < $1", before)
    return rows_changed(status)
