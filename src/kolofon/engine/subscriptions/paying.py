"""What paying, or not paying, does to the subscriptions that an invoice asks for."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.queries import lock_customer
from kolofon.engine.subscriptions import paying_queries, queries, rules
from kolofon.engine.subscriptions.paying_queries import Days, SoldPeriod
from kolofon.engine.subscriptions.queries import Held, Move
from kolofon.engine.subscriptions.rules import FOREVER, UNPAID, renewal_time
from kolofon.engine.subscriptions.writing import change_of, write
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of

ACTOR = "worker"


async def periods_paid(
    connection: Connection, partner_id: int, company_code: str, customer_number: int, invoice_number: int, now: datetime
) -> None:
    """Note that the periods of a payer's invoice are paid, and reopen what its non-payment has stopped.

    The time that could not be used meanwhile is given back. A period counts as paid when its invoice does; this one
    is taken as paid whatever it says itself.
    """
    days = await paying_queries.find_days(connection, partner_id)
    invoice = (company_code, customer_number, invoice_number)
    for receiver, subscription_id in await paying_queries.list_subscriptions(connection, partner_id, invoice):
        await lock_customer(connection, partner_id, receiver)
        held = await queries.lock_subscription(connection, partner_id, receiver, subscription_id)
        if held is None:
            continue
        sold = await paying_queries.list_periods(connection, partner_id, held, (company_code, invoice_number))
        await _paid(connection, partner_id, now, held, sold, days)


async def stop_unpaid(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    company_code: str,
    customer_number: int,
    invoice_number: int,
) -> list[tuple[str, int]]:
    """Stop what a payer's invoice asks for: now, or with the time that is paid if that has not run out yet.

    Returns the other open invoices, by company and number, that ask only for periods which now will never begin: the
    caller has to take them back.
    """
    partner_id = partner.partner_id
    invoice = (company_code, customer_number, invoice_number)
    void: list[tuple[str, int]] = []
    for receiver, subscription_id in await paying_queries.list_subscriptions(connection, partner_id, invoice):
        await lock_customer(connection, partner_id, receiver)
        held = await queries.lock_subscription(connection, partner_id, receiver, subscription_id)
        if held is None or not held.standing.is_live(now):
            continue
        sold = await paying_queries.list_periods(connection, partner_id, held, None)
        others = [p for p in sold if (p.company_code, p.invoice_number) != (company_code, invoice_number)]
        asked = [period.start_time for period in sold if period not in others]
        if asked:
            void += await _stop(connection, partner_id, now, held, min(asked), others)
    return void


async def _stop(
    connection: Connection,
    partner_id: int,
    now: datetime,
    held: Held,
    unpaid_from: datetime,
    others: Sequence[SoldPeriod],
) -> list[tuple[str, int]]:
    standing = held.standing
    if now < unpaid_from and standing.state not in {"waiting", "paused"}:
        change = change_of(held, rules.stopping_unpaid(standing, unpaid_from), "unpaid", now, None)
        await write(connection, partner_id, now, [change], ACTOR)
        return []
    change = change_of(held, rules.stopped(standing, now, UNPAID), "unpaid", now, "stop")
    await write(connection, partner_id, now, [change], ACTOR)
    ahead = [period.period_number for period in others if period.unpaid and now < period.start_time]
    return await paying_queries.cancel_periods(connection, partner_id, held, ahead) if ahead else []


async def _paid(
    connection: Connection, partner_id: int, now: datetime, held: Held, sold: Sequence[SoldPeriod], days: Days
) -> None:
    standing = msgspec.structs.replace(held.standing, paid_until=paid_up_to(held.standing.paid_until, sold))
    stopped_at = standing.end_time
    last_end = sold[-1].end_time if sold else None
    waits_for_payment = standing.state in {"stopped", "stopping"} and standing.stop_reason == UNPAID
    owed = any(
        period.unpaid and not period.credited and (stopped_at is None or period.start_time <= stopped_at)
        for period in sold
    )
    if not waits_for_payment or owed or stopped_at is None or last_end is None or last_end <= stopped_at:
        await paying_queries.save_paid_until(connection, partner_id, held, standing.paid_until)
        return
    lost = 0
    if standing.state == "stopped" and standing.start_time < stopped_at <= now:
        lost = (day_of(now, days.time_zone) - day_of(stopped_at, days.time_zone)).days
        await queries.move_periods(
            connection,
            partner_id,
            [
                Move(
                    customer_number=held.customer_number,
                    subscription_id=held.subscription_id,
                    after=stopped_at,
                    days=lost,
                )
            ],
            days.time_zone,
        )
    whole = msgspec.structs.replace(standing, end_time=last_end)
    moved = rules.later(whole, stopped_at, lost, days.time_zone)
    end = moved.end_time or last_end
    renew_at = renewal_time(sold[-1].start_time, end, days.renewal_days) if standing.renews else None
    after = rules.restarted(moved, end, renew_at)
    told = "stop_reset" if standing.state == "stopped" else None
    await write(connection, partner_id, now, [change_of(held, after, "paid", now, told)], ACTOR)


def paid_up_to(known: datetime | None, sold: Sequence[SoldPeriod]) -> datetime | None:
    """The end of the last period before the first that is owed; never before what was known to be paid."""
    paid = known
    for period in sold:
        if period.unpaid and period.credited:
            continue
        if period.unpaid:
            break
        end = period.end_time or FOREVER
        paid = end if paid is None else max(paid, end)
    return paid
