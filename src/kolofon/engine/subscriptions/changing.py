"""Changes of a subscription that somebody asks for. Each is one transaction of the caller.

All raise NotFound for a subscription that is not the customer's, and Conflict when its state does not allow it.
"""

from datetime import date, datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.service import lock_remaining
from kolofon.engine.subscriptions import queries, rules
from kolofon.engine.subscriptions.queries import Held, Move
from kolofon.engine.subscriptions.rules import renewal_time
from kolofon.engine.subscriptions.writing import change_of, write
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of, start_of_day
from kolofon.platform.errors import Conflict, InvalidRequest, NotFound


async def stop_at_period_end(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    subscription: tuple[int, int],
    reason: str,
    actor: str,
) -> datetime:
    """Let it end with its last period; returns that end. `subscription`: customer number and id, as everywhere here."""
    held = await _lock(connection, partner, now, subscription)
    if held.standing.end_time is None:
        raise Conflict("the subscription has no period that ends; stop it now instead")
    after = rules.stop_wanted(held.standing, reason)
    await write(connection, partner.partner_id, now, [change_of(held, after, "stopWanted", now, None)], actor)
    return held.standing.end_time


async def withdraw_stop(
    connection: Connection, partner: PartnerCatalogue, now: datetime, subscription: tuple[int, int], actor: str
) -> None:
    """Let it go on after its last period, though it was to end with it."""
    held = await _lock(connection, partner, now, subscription)
    end = held.standing.end_time
    if held.standing.renews or end is None:
        raise Conflict("the subscription goes on anyway")
    after = rules.stop_withdrawn(held.standing, renewal_time(held.last_start, end, partner.offers.renewal_days))
    await write(connection, partner.partner_id, now, [change_of(held, after, "stopWithdrawn", now, None)], actor)


async def stop_now(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    subscription: tuple[int, int],
    reason: str,
    actor: str,
) -> None:
    """End it at once. Nothing is paid back by this."""
    held = await _lock(connection, partner, now, subscription)
    after = rules.stopped(held.standing, now, reason)
    await write(connection, partner.partner_id, now, [change_of(held, after, "stopped", now, "stop")], actor)


async def pause(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    subscription: tuple[int, int],
    days: tuple[date, date | None],
    actor: str,
) -> None:
    """Let it rest from a day on, up to the day it goes on (None: till it is resumed). The time is given back.

    Raises InvalidRequest for days that have passed or are the wrong way round.
    """
    first, until = days
    time_zone = partner.offers.time_zone
    if first < day_of(now, time_zone):
        raise InvalidRequest("from: expected today or a later day")
    if until is not None and until <= first:
        raise InvalidRequest("until: expected a day after the first one of the pause")
    held = await _lock(connection, partner, now, subscription)
    if held.standing.state not in {"active", "stopping"}:
        raise Conflict(f"the subscription is {held.standing.state}: it cannot be paused")
    begin = start_of_day(first, time_zone)
    if held.standing.state == "stopping" and held.standing.end_time is not None and held.standing.end_time <= begin:
        raise Conflict("the subscription has ended by then")
    back = start_of_day(until, time_zone) if until is not None else None
    after = rules.pause_planned(held.standing, begin, back)
    if now < begin:
        change = change_of(held, after, "pausePlanned", now, None)
    else:
        change = change_of(held, rules.paused(after), "paused", now, "stop")
    await write(connection, partner.partner_id, now, [change], actor)


async def resume(
    connection: Connection, partner: PartnerCatalogue, now: datetime, subscription: tuple[int, int], actor: str
) -> None:
    """Let a paused one go on at once. The days of the pause before today are given back."""
    held = await _lock(connection, partner, now, subscription)
    first = held.standing.pause_from
    if held.standing.state != "paused" or first is None:
        raise Conflict(f"the subscription is {held.standing.state}, not paused")
    offers = partner.offers
    step = rules.resume_step(held.standing, now, offers.time_zone, offers.renewal_days, held.last_start)
    move = Move(customer_number=held.customer_number, subscription_id=held.subscription_id, after=first, days=step.days)
    await queries.move_periods(connection, partner.partner_id, [move], offers.time_zone)
    await write(
        connection, partner.partner_id, now, [change_of(held, step.standing, step.cause, now, "stop_reset")], actor
    )


async def change_delivery_plan(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    subscription: tuple[int, int],
    delivery_plan_id: int,
    actor: str,
) -> None:
    """Have it delivered by another plan of its product. The plan it has already changes nothing."""
    held = await _lock(connection, partner, now, subscription)
    plan = partner.offers.delivery_plans.get(delivery_plan_id)
    if plan is None or plan.retired or plan.product_code != held.product_code:
        raise InvalidRequest(f"productDeliveryPlanId: {held.product_code} has no delivery plan {delivery_plan_id}")
    if held.delivery_plan_id == delivery_plan_id:
        return
    await queries.change_delivery_plan(connection, partner.partner_id, held, delivery_plan_id)
    change = change_of(held, held.standing, "deliveryPlan", now, "deliveryplan_changed")
    await write(connection, partner.partner_id, now, [change], actor)


async def _lock(
    connection: Connection, partner: PartnerCatalogue, now: datetime, subscription: tuple[int, int]
) -> Held:
    """The subscription, if it runs, rests or will run; nobody else changes what the customer has meanwhile."""
    customer_number, subscription_id = subscription
    # A customer who was merged into another one meanwhile has taken its subscriptions there.
    remaining = await lock_remaining(connection, partner.partner_id, customer_number)
    held = None
    if remaining is not None:
        held = await queries.lock_subscription(connection, partner.partner_id, remaining, subscription_id)
    if held is None:
        raise NotFound(f"the customer {customer_number} has no subscription {subscription_id}")
    if not held.standing.is_live(now):
        raise Conflict("the subscription has ended")
    return held
