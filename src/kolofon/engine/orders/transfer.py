"""What comes of a fulfilled order: customers, subscriptions, access, an invoice. All of it, or nothing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing.service import Draft, make_invoices
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.registering import find_or_create_customer
from kolofon.engine.orders import handover_queries as queries
from kolofon.engine.orders.drafting import draft_of
from kolofon.engine.orders.handover_queries import ArticleAccess, FulfilledOrder, LineResult, OrderLine
from kolofon.engine.orders.service import order_event
from kolofon.engine.orders.starting import start_line
from kolofon.engine.subscriptions.service import StartedPeriod
from kolofon.events.feed.service import publish
from kolofon.platform import audit
from kolofon.platform.database import Connection

ACTOR = "worker"
# An article that is sold for good.
_FOR_GOOD = timedelta(days=36500)


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one order, but for its invoice."""

    order_id: int
    customer_number: int
    lines: list[LineResult]
    articles: list[ArticleAccess]
    has_rewards: bool
    draft: Draft | None


async def hand_over(
    connection: Connection, partner: PartnerCatalogue, now: datetime, order_ids: Sequence[int]
) -> list[int]:
    """Hand over those of the orders that are to be, in the caller's transaction; returns their ids.

    Locks are taken in the order of docs/decisions/0020. The invoices come last and all at once: their numbers have no
    gaps, so whoever takes one holds up all others until the commit.
    """
    orders = await queries.lock_fulfilled(connection, partner.partner_id, order_ids)
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in await queries.list_lines(connection, [order.order_id for order in orders]):
        lines[line.order_id].append(line)
    done = [await _transfer(connection, partner, now, order, lines[order.order_id]) for order in orders]
    if done:
        await _write_down(connection, partner.partner_id, now, done)
        await _finish(connection, partner, now, done)
    return [order.order_id for order in done]


async def _transfer(
    connection: Connection, partner: PartnerCatalogue, now: datetime, order: FulfilledOrder, lines: list[OrderLine]
) -> Transferred:
    payer_number = order.customer_number
    if payer_number is None:
        payer = msgspec.convert(order.payer, Party)
        payer_number = (await find_or_create_customer(connection, partner, now, payer, order.unique_id)).customer_number
    receivers = await _receivers(connection, partner, now, lines, payer_number)
    periods: dict[int, StartedPeriod] = {}
    for line in lines:
        if line.product_spec_type == "coupon":
            customers = payer_number, receivers[line.line_number]
            periods[line.line_number] = await start_line(connection, partner, now, order, line, customers)
    results = [
        LineResult(
            order_id=order.order_id,
            line_number=line.line_number,
            receiver_customer_number=receivers[line.line_number],
            subscription_id=periods[line.line_number].subscription_id if line.line_number in periods else None,
            # An article can be read at once.
            delivered=line.product_spec_type == "article",
        )
        for line in lines
    ]
    return Transferred(
        order_id=order.order_id,
        customer_number=payer_number,
        lines=results,
        articles=_articles(partner, now, lines, receivers),
        has_rewards=any(line.reward_partner_id is not None for line in lines),
        draft=draft_of(order, lines, payer_number, receivers, periods),
    )


async def _receivers(
    connection: Connection, partner: PartnerCatalogue, now: datetime, lines: Sequence[OrderLine], payer_number: int
) -> dict[int, int]:
    """Who gets each line. Somebody who gets several is one customer, even one that nothing but a name tells."""
    known: dict[bytes, int] = {}
    found: dict[int, int] = {}
    for line in lines:
        if line.receiver is None:
            found[line.line_number] = payer_number
            continue
        key = msgspec.json.encode(line.receiver, order="sorted")
        if key not in known:
            receiver = msgspec.convert(line.receiver, Party)
            customer = await find_or_create_customer(connection, partner, now, receiver, None)
            known[key] = customer.customer_number
        found[line.line_number] = known[key]
    return found


def _articles(
    partner: PartnerCatalogue, now: datetime, lines: Sequence[OrderLine], receivers: dict[int, int]
) -> list[ArticleAccess]:
    accesses = []
    for line in lines:
        if line.product_spec_type != "article" or line.article_ref is None:
            continue
        days = partner.offers.products[line.product_code].access_days
        readable = timedelta(days=days) if days is not None else _FOR_GOOD
        customer_number = receivers[line.line_number]
        accesses.append(
            ArticleAccess(customer_number=customer_number, article_ref=line.article_ref, end_time=now + readable)
        )
    return accesses


async def _write_down(connection: Connection, partner_id: int, now: datetime, done: Sequence[Transferred]) -> None:
    """What needs no invoice number, so that those are held as shortly as can be."""
    articles = [access for order in done for access in order.articles]
    if articles:
        await queries.add_article_access(connection, partner_id, articles, now)
    rewarded = {order.order_id: order.customer_number for order in done if order.has_rewards}
    if rewarded:
        await queries.note_rewards(connection, partner_id, rewarded)
    customers = {order.order_id: order.customer_number for order in done}
    await queries.note_transferred(connection, partner_id, customers, now, ACTOR)
    await publish(connection, partner_id, now, [order_event(order.order_id, "transferred") for order in done])
    changes = [
        audit.Change(
            action="handOver",
            subject=f"order:{order.order_id}",
            before={"status": "fulfilled"},
            after={"status": "transferred", "customerNumber": order.customer_number},
        )
        for order in done
    ]
    await audit.record_work(connection, now, partner_id, changes)


async def _finish(
    connection: Connection, partner: PartnerCatalogue, now: datetime, done: Sequence[Transferred]
) -> None:
    drafts = [order.draft for order in done if order.draft is not None]
    made = await make_invoices(connection, partner, now, drafts) if drafts else []
    numbers = {draft.order_id: invoice.invoice_number for draft, invoice in zip(drafts, made, strict=True)}
    results = [
        msgspec.structs.replace(line, invoice_number=numbers.get(order.order_id))
        for order in done
        for line in order.lines
    ]
    await queries.note_lines(connection, results)
