"""Completing and ending orders."""

from datetime import datetime
from typing import Literal

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.orders import queries
from kolofon.engine.orders.access import open_access
from kolofon.engine.orders.claims import ClaimFailed, give_claims_back, take_claims
from kolofon.engine.orders.queries import LockedOrder
from kolofon.engine.orders.rules import COMPLETED, OrderStatus, may_become
from kolofon.events.feed.service import Event, publish
from kolofon.platform.database import Connection
from kolofon.platform.errors import Conflict, NotFound

EXPIRED = "the order was not completed in time"


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """What came of completing an order. `problem`: why it is not complete; `was_done`: it had its status before."""

    order_id: int
    status: OrderStatus
    problem: str | None = None
    was_done: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the order is handed over, or will be."""
        return self.status in COMPLETED


async def complete_order(
    connection: Connection, partner: PartnerCatalogue, now: datetime, order_id: int, actor: str, cause: str
) -> Completion:
    """Complete a preliminary order that is paid, or needs no payment before: it is handed over by the worker then.

    Takes the use of vouchers, the stock and the rewards; where one is not to be had, the order fails. Exactly one of
    many callers changes it, and who repeats the call is told what came of it. `actor` as in the audit log. Raises
    NotFound.
    """
    order = await _locked(connection, partner, order_id)
    if order.status != "preliminary":
        problem = None if order.status in COMPLETED else await queries.find_cause(connection, order_id)
        return Completion(order_id=order_id, status=order.status, problem=problem, was_done=True)
    if order.expires_at <= now:
        await _change(connection, partner.partner_id, order, "expired", now, actor, EXPIRED)
        return Completion(order_id=order_id, status="expired", problem=EXPIRED)
    if order.lines:
        try:
            # Undone alone when something is not to be had: the failure itself stays.
            async with connection.transaction():
                await open_access(connection, partner, now, order)
                await take_claims(connection, partner, order_id, order.lines, now)
        except ClaimFailed as failure:
            await _change(connection, partner.partner_id, order, "failed", now, actor, str(failure))
            return Completion(order_id=order_id, status="failed", problem=str(failure))
    await _change(connection, partner.partner_id, order, "fulfilled", now, actor, cause)
    return Completion(order_id=order_id, status="fulfilled")


async def end_order(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    order_id: int,
    status: Literal["cancelled", "failed"],
    actor: str,
    cause: str,
) -> None:
    """End an order that is not handed over; what it has taken is given back. One that has ended stays as it is.

    Raises NotFound, and Conflict for an order that is handed over.
    """
    order = await _locked(connection, partner, order_id)
    if order.status == "transferred":
        raise Conflict(f"orderId: the order {order_id} has been handed over")
    if not may_become(order.status, status):
        return
    if order.customer_number is not None:
        await queries.close_access(connection, partner.partner_id, order_id, order.customer_number)
    await give_claims_back(connection, partner.partner_id, order_id, now)
    await _change(connection, partner.partner_id, order, status, now, actor, cause)


async def _locked(connection: Connection, partner: PartnerCatalogue, order_id: int) -> LockedOrder:
    order = await queries.lock_order(connection, partner.partner_id, order_id)
    if order is None:
        raise NotFound(f"orderId: there is no order {order_id}")
    return order


async def _change(
    connection: Connection,
    partner_id: int,
    order: LockedOrder,
    status: OrderStatus,
    now: datetime,
    actor: str,
    cause: str,
) -> None:
    await queries.change_status(connection, partner_id, order, status, now, actor, cause)
    await publish(connection, partner_id, now, [order_event(order.order_id, status)])


def order_event(order_id: int, status: OrderStatus) -> Event:
    """What is told of an order whose status has changed."""
    return Event("order", "update", {"orderId": order_id, "orderStatus": status})
