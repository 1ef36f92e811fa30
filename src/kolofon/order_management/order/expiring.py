"""Give up preliminary orders that nobody has completed in time."""

from datetime import datetime

from kolofon.engine.orders.service import EXPIRED, order_event
from kolofon.events.feed.service import Event, publish
from kolofon.order_management.order.expiring_queries import expire_some
from kolofon.platform.database import Connection

_PORTION = 500
_PORTIONS = 20


async def expire_orders(connection: Connection, now: datetime) -> int:
    """Let the orders of all partners lapse whose time is up, and tell of it; returns how many.

    So many at once at most: what is left is for the next round. One that is being completed at this moment is left
    alone.
    """
    expired = 0
    for _ in range(_PORTIONS):
        orders = await expire_some(connection, now, _PORTION, EXPIRED)
        by_partner: dict[tuple[int, datetime], list[Event]] = {}
        for order in orders:
            told = order_event(order.order_id, "expired")
            by_partner.setdefault((order.partner_id, order.expired_at), []).append(told)
        for (partner_id, expired_at), events in by_partner.items():
            await publish(connection, partner_id, expired_at, events)
        expired += len(orders)
        if len(orders) < _PORTION:
            break
    return expired
