"""Making customers for a partner, batch by batch."""

import re
from collections.abc import Callable

import msgspec

from kolofon.catalogue.demo_data import finding_queries, holding_queries, queries, subscription_queries
from kolofon.catalogue.demo_data.queries import Batch
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of

# The readers of the demo files have lower numbers. Whoever has a higher one already is left alone.
NUMBERS_ABOVE = 1_000_000
# A statement of a batch takes less than a second. Checking foreign keys is more than half of it; they stay on.
BATCH_SIZE = 20_000


class DemoDataError(Exception):
    """Customers cannot be made for the partner; the message is one line for a person."""


class DemoDataSummary(msgspec.Struct, kw_only=True):
    """How many of each were made."""

    partner_code: str
    first_number: int
    last_number: int
    customers: int = 0
    accounts: int = 0
    credentials: int = 0
    subscriptions: int = 0
    accesses: int = 0
    privacy_permissions: int = 0
    marketing_permissions: int = 0

    def __str__(self) -> str:
        there_before = self.last_number - self.first_number + 1 - self.customers
        lines = [
            f"{self.partner_code}: customers {self.first_number} to {self.last_number}",
            f"  customers              {self.customers:>12,}",
            f"  accounts               {self.accounts:>12,}",
            f"  credentials            {self.credentials:>12,}",
            f"  subscriptions          {self.subscriptions:>12,}",
            f"  single accesses        {self.accesses:>12,}",
            f"  privacy permissions    {self.privacy_permissions:>12,}",
            f"  marketing permissions  {self.marketing_permissions:>12,}",
        ]
        if there_before:
            lines.append(f"  there before, left     {there_before:>12,}")
        return "\n".join(lines)


async def generate_demo_data(
    connection: Connection,
    clock: Clock,
    partner_code: str,
    customers: int,
    seed: int,
    progress: Callable[[int], None],
) -> DemoDataSummary:
    """Make the partner's demo customers number 1 to `customers`, each as partner, seed and number determine.

    A customer that is there already keeps all it has, so that a run that was interrupted can be repeated. Times are
    relative to the day, in the partner's time zone, on which a customer is made. `progress` gets the number of
    customers done after each batch. Raises DemoDataError.
    """
    partner = await queries.find_partner(connection, partner_code)
    if partner is None:
        raise DemoDataError(f"there is no partner {partner_code}")
    if not partner.products:
        raise DemoDataError(f"the partner {partner_code} has no subscription product that customers could hold")
    key = await queries.find_key(connection, partner_code, seed)
    day = day_of(clock.now(), partner.time_zone)
    end = NUMBERS_ABOVE + customers
    summary = DemoDataSummary(partner_code=partner_code, first_number=NUMBERS_ABOVE + 1, last_number=end)
    for first in range(NUMBERS_ABOVE + 1, end + 1, BATCH_SIZE):
        batch = Batch(partner=partner, key=key, day=day, first=first, last=min(first + BATCH_SIZE - 1, end))
        async with connection.transaction():
            await _make(connection, batch, summary)
        progress(batch.last - NUMBERS_ABOVE)
    await queries.leave_numbers(connection, end)
    if summary.customers:
        await queries.analyze(connection)
    return summary


async def _make(connection: Connection, batch: Batch, summary: DemoDataSummary) -> None:
    await queries.prepare_batch(connection)
    await queries.draw_customers(connection, batch)
    added = await queries.add_customers(connection, batch)
    if not added:
        return
    summary.customers += added
    summary.accounts += await queries.add_accounts(connection, batch)
    summary.credentials += await queries.add_credentials(
        connection, batch, NUMBERS_ABOVE, _email_label(batch.partner.partner_code)
    )
    await queries.add_contacts(connection, batch)
    await finding_queries.add_phone_numbers(connection, batch)
    await finding_queries.index_customers(connection, batch)
    summary.subscriptions += await _make_subscriptions(connection, batch)
    summary.accesses += await holding_queries.add_customer_access(connection, batch)
    summary.privacy_permissions += await holding_queries.add_privacy_permissions(connection, batch)
    summary.marketing_permissions += await holding_queries.add_marketing_permissions(connection, batch)


async def _make_subscriptions(connection: Connection, batch: Batch) -> int:
    await subscription_queries.prepare_subscriptions(connection)
    await subscription_queries.draw_offers(connection, batch.partner)
    await subscription_queries.draw_beginnings(connection, batch)
    await subscription_queries.draw_periods(connection, batch)
    added = await subscription_queries.add_subscriptions(connection, batch)
    await subscription_queries.add_periods(connection, batch)
    return added


def _email_label(partner_code: str) -> str:
    """The partner's code as a label of a domain, which neither begins nor ends with a dash nor has two together."""
    return re.sub("-+", "-", partner_code).strip("-") or "partner"
