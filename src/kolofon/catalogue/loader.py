"""Loading a publisher file: all of it in one transaction, or nothing."""

from datetime import datetime

from kolofon.catalogue import queries
from kolofon.catalogue.changes import KindChanges, LoadSummary, kind_of
from kolofon.catalogue.clients.service import load_clients
from kolofon.catalogue.coupons.queries import set_changed as set_coupons_changed
from kolofon.catalogue.coupons.service import put_coupons, put_plans, put_vouchers
from kolofon.catalogue.partners.clock_queries import is_ahead
from kolofon.catalogue.partners.service import put_codes, put_partner, remove_codes
from kolofon.catalogue.prices.service import put_prices
from kolofon.catalogue.products.queries import set_changed as set_products_changed
from kolofon.catalogue.products.service import PutProducts, put_products, remove_products
from kolofon.catalogue.publisher_file import term_checks
from kolofon.catalogue.publisher_file.errors import Problems
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.reading import Source
from kolofon.catalogue.readers.service import load_readers
from kolofon.catalogue.telling import tell_of_coupons, tell_of_products
from kolofon.catalogue.terms.service import put_terms
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Lock, wait_for_lock
from kolofon.platform.dates import day_of


async def load_publisher(connection: Connection, clock: Clock, source: Source, actor: str) -> LoadSummary:
    """Bring the catalogue to what the file says, and every process to the new catalogue.

    Raises PublisherFileError for what only the database could tell, such as a client id that is another partner's;
    nothing is changed then.
    """
    publisher, problems = source.publisher, source.problems
    async with connection.transaction():
        await wait_for_lock(connection, Lock.LOADING)
        if not publisher.partner.sandbox and await is_ahead(connection, publisher.partner.code):
            problems.add(("partner", "sandbox"), "expected true: the partner's clock has been moved")
            problems.raise_any()
        partner = await put_partner(connection, publisher, clock.now())
        partner_id, now = partner.partner_id, partner.now
        term_checks.check_at(publisher, day_of(now, publisher.partner.time_zone), problems)
        codes = await put_codes(connection, partner_id, publisher)
        products = await put_products(connection, partner_id, publisher, now)
        offers = await _load_offers(connection, partner_id, publisher, now, problems, products)
        clients, notes = await load_clients(connection, partner_id, publisher.clients, clock.now(), problems)
        readers = await load_readers(connection, partner_id, publisher, now, problems)
        problems.raise_any()
        # What others refer to goes after what refers to it.
        kinds = await remove_products(connection, partner_id, publisher, now, products)
        kinds = await remove_codes(connection, partner_id, publisher, codes) + kinds
        await tell_of_products(connection, partner_id, now, publisher, products.before, products.changed)
        changes = (partner.changes, *kinds, *offers, *clients, *readers)
        summary = LoadSummary(publisher.partner.code, changes, tuple(notes))
        if summary.has_changed:
            change = audit.Change(action="load", subject=f"partner:{publisher.partner.code}", after=summary.changes())
            await audit.record_command(connection, clock, partner_id, actor, change)
            await queries.announce(connection)
    return summary


async def _load_offers(
    connection: Connection,
    partner_id: int,
    publisher: PublisherFile,
    now: datetime,
    problems: Problems,
    products: PutProducts,
) -> list[KindChanges]:
    """Bring terms, coupons, vouchers and prices to what the file says; products whose price changed are noted."""
    terms = await put_terms(connection, partner_id, publisher)
    plans = await put_plans(connection, partner_id, publisher, problems)
    coupons = await put_coupons(connection, partner_id, publisher, now, problems)
    problems.raise_any()
    prices = await put_prices(connection, partner_id, publisher, now)
    vouchers = await put_vouchers(connection, partner_id, publisher, problems)
    await set_products_changed(connection, partner_id, now, prices.products)
    await set_coupons_changed(connection, partner_id, now, prices.coupons)
    await tell_of_coupons(connection, partner_id, now, publisher, coupons, prices.coupons)
    products.changed.update(prices.products)
    coupon_kind = kind_of("coupons", len(publisher.coupons), coupons.changes)
    return [*terms, plans, coupon_kind, *prices.kinds, vouchers]
