"""Telling of an event: it is written down in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from kolofon.events.feed import queries
from kolofon.platform.database import Connection

EventType = Literal["subscription", "product", "order", "coupon", "customer", "consent"]


class Event(msgspec.Struct, frozen=True):
    """Something that happened to a resource. `data` are JSON values, by the names of the API."""

    type: EventType
    status: str
    data: dict[str, Any]


async def publish(connection: Connection, partner_id: int, now: datetime, events: Sequence[Event]) -> None:
    """Write events down; they stay or go with the caller's transaction."""
    if events:
        await queries.add_events(connection, partner_id, now, events)
