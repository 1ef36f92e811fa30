"""SQL that writes changes of many subscriptions at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from kolofon.engine.subscriptions.rules import Standing
from kolofon.platform.database import Connection


class _Change(Protocol):
    @property
    def customer_number(self) -> int: ...
    @property
    def subscription_id(self) -> int: ...
    @property
    def before(self) -> str | None: ...
    @property
    def standing(self) -> Standing: ...
    @property
    def cause(self) -> str: ...
    @property
    def at(self) -> datetime: ...


async def save_standings(connection: Connection, partner_id: int, now: datetime, changes: Sequence[_Change]) -> None:
    """Save how subscriptions stand."""
    standings = [change.standing for change in changes]
    await connection.execute(
        """
        update subscription s
        set state = n.state, start_time = n.start_time, end_time = n.end_time, paid_until = n.paid_until,
            renew_at = n.renew_at, change_at = n.change_at, pause_from = n.pause_from, pause_until = n.pause_until,
            stop_reason = n.stop_reason, changed_at = $2
        from unnest($3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
                $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[])
            as n (customer_number, subscription_id, state, start_time, end_time, paid_until, renew_at, change_at,
                pause_from, pause_until, stop_reason)
        where s.partner_id = $1 and s.customer_number = n.customer_number and s.subscription_id = n.subscription_id
        """,
        partner_id,
        now,
        [change.customer_number for change in changes],
        [change.subscription_id for change in changes],
        [standing.state for standing in standings],
        [standing.start_time for standing in standings],
        [standing.end_time for standing in standings],
        [standing.paid_until for standing in standings],
        [standing.renew_at for standing in standings],
        [standing.change_at for standing in standings],
        [standing.pause_from for standing in standings],
        [standing.pause_until for standing in standings],
        [standing.stop_reason for standing in standings],
    )


async def add_changes(connection: Connection, partner_id: int, changes: Sequence[_Change], actor: str) -> None:
    """Note what changed subscriptions, in the order of the changes."""
    await connection.execute(
        """
        insert into subscription_change
            (partner_id, customer_number, subscription_id, changed_at, state_before, state, cause, actor)
        select $1, n.customer_number, n.subscription_id, n.changed_at, n.state_before, n.state, n.cause, $8
        from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[], $7::text[])
            with ordinality as n (customer_number, subscription_id, changed_at, state_before, state, cause, position)
        order by n.position
        """,
        partner_id,
        [change.customer_number for change in changes],
        [change.subscription_id for change in changes],
        [change.at for change in changes],
        [change.before for change in changes],
        [change.standing.state for change in changes],
        [change.cause for change in changes],
        actor,
    )
