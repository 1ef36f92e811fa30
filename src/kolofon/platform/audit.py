"""The audit log: who changed what, when, from what to what. Written in the transaction of the change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.callers import ClientCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.telemetry import current_request_id


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one thing. `before` and `after` are JSON values; None: it was not there, or is no more."""

    action: str
    subject: str
    before: Any = None
    after: Any = None


async def record(connection: Connection, clock: Clock, caller: ClientCaller, change: Change) -> None:
    """Write down what an API caller changed; it stays or goes with the caller's transaction."""
    await _add(connection, clock, (caller.partner_id, caller.actor, caller.client_id), change)


async def record_user(
    connection: Connection,
    clock: Clock,
    unique_id: UUID,
    client_id: str,
    action: str,
    before: Any = None,
    after: Any = None,
) -> None:
    """Write down what a reader changed of the own account, which no partner owns."""
    actor = f"user:{unique_id.hex}"
    change = Change(action=action, subject=actor, before=before, after=after)
    await _add(connection, clock, (None, actor, client_id), change)


async def record_visit(connection: Connection, clock: Clock, who: tuple[int, str, str], change: Change) -> None:
    """Write down what somebody changed of a partner's in a browser; `who` is partner, actor and client."""
    await _add(connection, clock, who, change)


async def record_command(
    connection: Connection, clock: Clock, partner_id: int | None, actor: str, change: Change
) -> None:
    """Write down what somebody changed from the command line; `actor` is 'command-line:<system user>'."""
    await _add(connection, clock, (partner_id, actor, None), change)


async def record_work(
    connection: Connection, now: datetime, partner_id: int, changes: Sequence[Change], actor: str = "worker"
) -> None:
    """Write down what the worker changed of a partner's, many things at once; or somebody else, as `actor`."""
    await connection.execute(
        """
        insert into audit_log (partner_id, occurred_at, actor, action, subject, before, after)
        select $1, $2, $7, done.action, done.subject, done.before, done.after
        from unnest($3::text[], $4::text[], $5::jsonb[], $6::jsonb[]) as done (action, subject, before, after)
        """,
        partner_id,
        now,
        [change.action for change in changes],
        [change.subject for change in changes],
        [change.before for change in changes],
        [change.after for change in changes],
        actor,
    )


async def _add(connection: Connection, clock: Clock, who: tuple[int | None, str, str | None], change: Change) -> None:
    partner_id, actor, client_id = who
    await connection.execute(
        """
        insert into audit_log
            (partner_id, occurred_at, actor, client_id, request_id, action, subject, before, after)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        partner_id,
        clock.now(),
        actor,
        client_id,
        current_request_id(),
        change.action,
        change.subject,
        change.before,
        change.after,
    )
