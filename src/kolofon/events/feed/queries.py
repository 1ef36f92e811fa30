"""All SQL of events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from kolofon.platform.database import Connection


class _Event(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def data(self) -> dict[str, Any]: ...


async def add_events(connection: Connection, partner_id: int, now: datetime, events: Sequence[_Event]) -> None:
    """Add events, in their order."""
    await connection.execute(
        """
        insert into event (partner_id, occurred_at, type, status, data)
        select $1, $2, wanted.type, wanted.status, wanted.data
        from unnest($3::text[], $4::text[], $5::jsonb[]) with ordinality as wanted (type, status, data, position)
        order by wanted.position
        """,
        partner_id,
        now,
        [event.type for event in events],
        [event.status for event in events],
        [event.data for event in events],
    )
