"""Writing changes of subscriptions down: how each stands now, what led to it, and the event that tells of it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kolofon.engine.subscriptions import change_queries as queries
from kolofon.engine.subscriptions.queries import Held
from kolofon.engine.subscriptions.rules import FOREVER, Cause, Standing, State
from kolofon.events.feed.service import Event, publish
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.database import Connection

Told = str | None  # the status of the event that tells of a change; None: nobody is told


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one subscription. `before` None: it was made. `at`: since when it holds."""

    customer_number: int
    subscription_id: int
    product_code: str
    before: State | None
    standing: Standing
    cause: Cause
    at: datetime
    told: Told


def change_of(held: Held, standing: Standing, cause: Cause, at: datetime, told: Told) -> Change:
    """A change of a subscription that was there."""
    return Change(
        customer_number=held.customer_number,
        subscription_id=held.subscription_id,
        product_code=held.product_code,
        before=held.standing.state,
        standing=standing,
        cause=cause,
        at=at,
        told=told,
    )


async def write(connection: Connection, partner_id: int, now: datetime, changes: Sequence[Change], actor: str) -> None:
    """Save how subscriptions stand, with the changes that led to it; of each subscription one change."""
    if not changes:
        return
    await queries.save_standings(connection, partner_id, now, changes)
    await tell(connection, partner_id, now, changes, actor)


async def tell(connection: Connection, partner_id: int, now: datetime, changes: Sequence[Change], actor: str) -> None:
    """Note changes of subscriptions that are saved already, and publish their events."""
    await queries.add_changes(connection, partner_id, changes, actor)
    await publish(connection, partner_id, now, [event_of(change) for change in changes if change.told is not None])


def event_of(change: Change) -> Event:
    """The event of a change: who has what until when."""
    return subscription_event(change.told or "", change.customer_number, change.product_code, change.standing.end_time)


def subscription_event(status: str, customer_number: int, product_code: str, period_end: datetime | None) -> Event:
    """An event of a subscription. `period_end` None: it never ends."""
    known = period_end is not None and period_end != FOREVER
    return Event(
        "subscription",
        status,
        {
            "customerNumber": customer_number,
            "productCode": product_code,
            "periodEnd": epoch_milliseconds(period_end) if known and period_end is not None else None,
        },
    )
