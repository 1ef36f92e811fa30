"""Starting and extending subscriptions, in the caller's transaction; paying for their periods is in `paying`."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Coupon, Offers, Period, Product, version_at
from kolofon.engine.customers.queries import lock_customer
from kolofon.engine.customers.service import no_such_customer
from kolofon.engine.subscriptions import queries, rules
from kolofon.engine.subscriptions.paying import periods_paid, stop_unpaid
from kolofon.engine.subscriptions.periods import midnight, next_midnight
from kolofon.engine.subscriptions.queries import Held, NewPeriod, Terms
from kolofon.engine.subscriptions.rules import FOREVER, Standing, period_end, renewal_time
from kolofon.engine.subscriptions.writing import Change, change_of, tell, write
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of

__all__ = ["Start", "StartedPeriod", "periods_paid", "start_or_extend", "stop_unpaid"]


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A period of a product that a customer gets. `costs`: whether there is something to pay for it.

    It starts with the day of `start_time`, at the earliest today; None: as soon as can be.
    """

    customer_number: int
    payer_customer_number: int | None  # None: who gets it
    product: Product
    coupon: Coupon | None
    period: Period | None  # None: never ends
    end_time: datetime | None = None  # instead of a period; with it, it does not renew
    copies: int = 1
    start_time: datetime | None
    category_code: str | None = None
    order_id: int | None = None
    line_number: int | None = None
    delivery_plan_id: int | None = None  # None: the coupon's
    sales_person: str | None = None
    customer_reference: str | None = None
    payment_method: str = "invoice"
    costs: bool = True


class StartedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the subscription and its new period. `extended`: it follows on time the customer had.

    `is_new`: whether the period was made; otherwise it is the last one, which is all that was asked for already.
    """

    subscription_id: int
    period_number: int
    start_time: datetime
    end_time: datetime | None
    extended: bool
    is_new: bool = True


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a start comes down to in this partner's days. `wanted`: its first day, at the earliest today."""

    start: Start
    wanted: datetime
    renews: bool
    time_zone: str
    renewal_days: int

    def end(self, begin: datetime, anchor_day: int | None) -> datetime | None:
        """Where its period ends."""
        if self.start.end_time is not None:
            return max(next_midnight(self.start.end_time, self.time_zone), begin)
        if self.start.period is None:
            return None
        return period_end(begin, self.start.period, self.time_zone, anchor_day)

    def renew_at(self, begin: datetime, end: datetime | None) -> datetime | None:
        """When the period after that is prepared."""
        return renewal_time(begin, end, self.renewal_days) if self.renews and end is not None else None

    def paid_until(self, paid: datetime | None, end: datetime | None) -> datetime | None:
        """How far it is paid, if it was paid up to `paid` right before it. What costs nothing is paid."""
        return paid if self.start.costs else end or FOREVER


async def start_or_extend(
    connection: Connection, partner: PartnerCatalogue, now: datetime, start: Start, actor: str
) -> StartedPeriod:
    """Give a customer a period of a product, queued behind the time the customer has.

    What has stopped starts again; a start after the end of what runs makes a subscription of its own, and so does one
    for which nothing is there. Raises NotFound for an unknown customer.
    """
    if not await lock_customer(connection, partner.partner_id, start.customer_number):
        raise await no_such_customer(connection, partner.partner_id, start.customer_number)
    asked = _asked(partner.offers, now, start)
    held = await queries.lock_subscriptions(
        connection, partner.partner_id, start.customer_number, start.product.product_code
    )
    fitting = chosen(held, asked.wanted, now)
    if fitting is None:
        return await _start(connection, partner.partner_id, now, asked, actor)
    if not fitting.standing.is_live(now):
        return await _start_again(connection, partner.partner_id, now, fitting, asked, actor)
    if fitting.standing.end_time is not None:
        return await _extend(connection, partner.partner_id, now, fitting, asked, actor)
    if start.period is None and start.end_time is None:
        # Twice without an end is once.
        return _had(fitting)
    return await _start(connection, partner.partner_id, now, asked, actor)


def chosen(held: Sequence[Held], wanted: datetime, now: datetime) -> Held | None:
    """The subscription that a period from `wanted` on belongs to: one that runs by then, else the last that ended."""

    def last(found: list[Held]) -> Held | None:
        return max(found, key=lambda one: one.standing.end_time or FOREVER, default=None)

    live = [one for one in held if one.standing.is_live(now)]
    running = [one for one in live if one.standing.start_time <= wanted <= (one.standing.end_time or FOREVER)]
    return last(running) or last([one for one in held if not one.standing.is_live(now)])


def renews(coupon: Coupon | None, product: Product, now: datetime) -> bool:
    """Whether there is a price for the periods that follow."""
    if coupon is not None:
        price = version_at(coupon.prices, now)
        return price is not None and price.renewal_period is not None
    own = version_at(product.prices, now)
    return own is not None and own.period is not None and own.price_minor is not None


def _asked(offers: Offers, now: datetime, start: Start) -> _Asked:
    today = midnight(now, offers.time_zone)
    wanted = midnight(start.start_time, offers.time_zone) if start.start_time is not None else today
    return _Asked(
        start=start,
        wanted=max(wanted, today),
        renews=start.end_time is None and start.period is not None and renews(start.coupon, start.product, now),
        time_zone=offers.time_zone,
        renewal_days=offers.renewal_days,
    )


async def _start(connection: Connection, partner_id: int, now: datetime, asked: _Asked, actor: str) -> StartedPeriod:
    begin = asked.wanted
    end = asked.end(begin, day_of(begin, asked.time_zone).day)
    standing = rules.started(begin, end, asked.renew_at(begin, end), now)
    standing = msgspec.structs.replace(standing, paid_until=asked.paid_until(None, end))
    customer_number, product_code = asked.start.customer_number, asked.start.product.product_code
    subscription_id = await queries.add_subscription(
        connection, partner_id, customer_number, product_code, standing, _terms(asked.start)
    )
    await _add_period(connection, partner_id, asked, subscription_id, (1, begin, end))
    change = Change(
        customer_number=customer_number,
        subscription_id=subscription_id,
        product_code=product_code,
        before=None,
        standing=standing,
        cause="ordered",
        at=now,
        told=_told_start(standing),
    )
    await tell(connection, partner_id, now, [change], actor)
    return _started(subscription_id, 1, begin, end, extended=False)


async def _extend(
    connection: Connection, partner_id: int, now: datetime, held: Held, asked: _Asked, actor: str
) -> StartedPeriod:
    standing = held.standing
    begin = standing.end_time or asked.wanted
    end = asked.end(begin, _anchor_day(standing, asked.time_zone))
    if end is not None and end <= begin:
        # What was to be given up to a day is there up to that day.
        return _had(held)
    payer = asked.start.payer_customer_number
    same_payer = _payer(held.customer_number, payer) == _payer(held.customer_number, held.payer_customer_number)
    # A gift, or an offer that ends with its period, does not change what goes on after it.
    keeps_terms = standing.renews and end is not None and not (asked.renews and same_payer)
    number = held.last_period + 1
    if not keeps_terms:
        await queries.replace_terms(connection, partner_id, held, _terms(asked.start), number)
    renew_at = asked.renew_at(begin, end)
    if keeps_terms and end is not None:
        renew_at = renewal_time(begin, end, asked.renewal_days)
    all_paid = standing.paid_until is not None and standing.paid_until >= begin
    paid_until = asked.paid_until(standing.paid_until, end) if all_paid else standing.paid_until
    after = msgspec.structs.replace(rules.extended(standing, end, renew_at), paid_until=paid_until)
    await _add_period(connection, partner_id, asked, held.subscription_id, (number, begin, end))
    await write(connection, partner_id, now, [change_of(held, after, "extended", now, "renew")], actor)
    return _started(held.subscription_id, number, begin, end, extended=True)


async def _start_again(
    connection: Connection, partner_id: int, now: datetime, held: Held, asked: _Asked, actor: str
) -> StartedPeriod:
    """Without a gap it goes on as the same unbroken subscription; after one it begins anew."""
    held = await _ended(connection, partner_id, now, held, actor)
    old, begin, number = held.standing, asked.wanted, held.last_period + 1
    left = old.end_time or begin
    # One that never began, which ends where it was to start, is not gone on with.
    unbroken = old.start_time < begin <= left
    anchor = _anchor_day(old, asked.time_zone) if unbroken else day_of(begin, asked.time_zone).day
    end = asked.end(begin, anchor)
    renew_at = asked.renew_at(begin, end)
    if unbroken:
        after = rules.restarted(old, end, renew_at)
        all_paid = old.paid_until is not None and old.paid_until >= begin
        paid = min(old.paid_until, begin) if old.paid_until is not None else None
        paid_until = asked.paid_until(paid, end) if all_paid else paid
    else:
        after = rules.started(begin, end, renew_at, now)
        paid_until = asked.paid_until(None, end)
    after = msgspec.structs.replace(after, paid_until=paid_until)
    await queries.leave_periods(connection, partner_id, held, min(begin, left))
    await queries.replace_terms(connection, partner_id, held, _terms(asked.start), number)
    await _add_period(connection, partner_id, asked, held.subscription_id, (number, begin, end))
    told = "stop_reset" if unbroken else _told_start(after)
    await write(connection, partner_id, now, [change_of(held, after, "ordered", now, told)], actor)
    return _started(held.subscription_id, number, begin, end, extended=unbroken)


async def _ended(connection: Connection, partner_id: int, now: datetime, held: Held, actor: str) -> Held:
    """Note first that it has ended, if nobody has come to that yet."""
    standing = held.standing
    if standing.state == "stopped" or standing.end_time is None:
        return held
    after = rules.stopped(standing, standing.end_time)
    await write(connection, partner_id, now, [change_of(held, after, "ended", standing.end_time, "stop")], actor)
    return msgspec.structs.replace(held, standing=after)


async def _add_period(
    connection: Connection,
    partner_id: int,
    asked: _Asked,
    subscription_id: int,
    period: tuple[int, datetime, datetime | None],
) -> None:
    number, begin, end = period
    new = NewPeriod(
        customer_number=asked.start.customer_number,
        subscription_id=subscription_id,
        number=number,
        start_time=begin,
        end_time=end,
    )
    await queries.add_period(connection, partner_id, new)


def _terms(start: Start) -> Terms:
    coupon = start.coupon
    payer = start.payer_customer_number
    return Terms(
        payer_customer_number=payer if payer != start.customer_number else None,
        copies=start.copies,
        order_id=start.order_id,
        line_number=start.line_number,
        category_code=start.category_code,
        coupon_code=coupon.coupon_code if coupon is not None else None,
        coupon_number=coupon.coupon_number if coupon is not None else None,
        delivery_plan_id=start.delivery_plan_id or (coupon.delivery_plan_id if coupon is not None else None),
        sales_person=start.sales_person,
        customer_reference=start.customer_reference,
        payment_method=start.payment_method,
    )


def _payer(customer_number: int, payer: int | None) -> int:
    return customer_number if payer is None else payer


def _anchor_day(standing: Standing, time_zone: str) -> int:
    return day_of(standing.start_time, time_zone).day


def _told_start(standing: Standing) -> str | None:
    """One that waits is told of when it begins."""
    return None if standing.state == "waiting" else "start"


def _started(
    subscription_id: int, number: int, begin: datetime, end: datetime | None, *, extended: bool
) -> StartedPeriod:
    return StartedPeriod(
        subscription_id=subscription_id, period_number=number, start_time=begin, end_time=end, extended=extended
    )


def _had(held: Held) -> StartedPeriod:
    """The period that the customer has already."""
    return StartedPeriod(
        subscription_id=held.subscription_id,
        period_number=held.last_period,
        start_time=held.last_start,
        end_time=held.last_end,
        extended=True,
        is_new=False,
    )
