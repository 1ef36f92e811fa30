"""The renewal run: the next period of every subscription that is due, in batches, each a transaction of its own.

A batch that is killed leaves nothing behind and is made by the next run; one that is committed is not due any more.
docs/decisions/0022 has the figures behind its form.
"""

from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing import renewal_queries as queries
from kolofon.engine.billing import renewal_writing_queries as writing
from kolofon.engine.billing.kid import payment_reference
from kolofon.engine.billing.number_queries import take_numbers
from kolofon.engine.billing.renewal_queries import Renewing
from kolofon.engine.billing.renewal_terms import RenewalTerms
from kolofon.engine.billing.rules import due_date
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of

BATCH = 10_000


class RenewalBatch(msgspec.Struct, frozen=True):
    """What one batch has done. `taken`: subscriptions that were due; 0: none is left. Money is in minor units."""

    taken: int
    renewed: int = 0
    stopping: int = 0
    invoices: int = 0
    net_minor: int = 0
    vat_minor: int = 0


async def renew_batch(
    connection: Connection,
    partner: PartnerCatalogue,
    now: datetime,
    most: int = BATCH,
    terms: RenewalTerms | None = None,
) -> RenewalBatch:
    """Prepare the next period of up to `most` subscriptions that are due, in a transaction of its own.

    In a transaction of the caller it is part of that, and can be there once. `terms`: those of the run that the batch
    is part of, which remember prices from batch to batch. Raises DoesNotFit.
    """
    run = renewing(partner, now)
    if not await queries.is_any_due(connection, run.partner_id, now):
        return RenewalBatch(0)
    async with connection.transaction():
        taken = await queries.take_due(connection, run, most)
        if not taken:
            # Others are at work on all that is due.
            return RenewalBatch(0)
        groups = await queries.list_groups(connection)
        terms = terms or RenewalTerms(partner, now)
        await queries.add_terms(connection, {group.group_number: terms.of(group) for group in groups})
        await writing.prolong_subscriptions(connection, run)
        await writing.let_end(connection, run)
        await writing.add_events(connection, run)
        await _add_invoices(connection, partner, run)
        made = await queries.sum_up(connection)
    return RenewalBatch(taken, made.renewed, made.stopping, made.invoices, made.net_minor, made.vat_minor)


def renewing(partner: PartnerCatalogue, now: datetime) -> Renewing:
    """What the statements of a run at a time need to know."""
    return Renewing(
        partner_id=partner.partner_id,
        country_code=partner.offers.country_code,
        time_zone=partner.offers.time_zone,
        now=now,
        day=day_of(now, partner.offers.time_zone),
    )


async def _add_invoices(connection: Connection, partner: PartnerCatalogue, run: Renewing) -> None:
    """Number and write what is to be paid. From the first number on, nobody else makes invoices until the commit."""
    numbers: list[tuple[str, int, int, str]] = []
    for company_code, payers in (await queries.list_payers(connection)).items():
        company = partner.offers.companies[company_code]
        first = await take_numbers(connection, run.partner_id, company_code, len(payers))
        for number, payer in enumerate(payers, first):
            kid = payment_reference(company, payer, number)
            numbers.append((company_code, number - first + 1, number, kid))
    await queries.number_invoices(connection, numbers)
    await writing.add_invoices(connection, run, due_date(partner.offers, run.day))
    await writing.add_lines(connection, run)
    await writing.add_periods(connection, run)
