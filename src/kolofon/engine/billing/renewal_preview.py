"""What a renewal run would do, and the money it would mean. Nothing is taken or changed."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing import renewal_queries as queries
from kolofon.engine.billing.renewal import renewing
from kolofon.engine.billing.renewal_terms import Group, RenewalTerms, Terms
from kolofon.platform.database import Connection


class Expected(msgspec.Struct, kw_only=True):
    """What a run would do for a product. Money is in minor units of the partner's currency.

    `periods`: those it would make, more than one for who has been left out for long; `ending`: subscriptions that
    would not go on.
    """

    product_code: str
    periods: int = 0
    ending: int = 0
    invoices: int = 0
    net_minor: int = 0
    vat_minor: int = 0


async def preview(connection: Connection, partner: PartnerCatalogue, now: datetime) -> list[Expected]:
    """What a run would do now, by product."""
    terms = RenewalTerms(partner, now)
    expected: dict[str, Expected] = {}
    async with connection.transaction(readonly=True):
        async for group, subscriptions in queries.group_due(connection, renewing(partner, now)):
            for found in _periods(terms, group, now):
                row = expected.setdefault(group.product_code, Expected(product_code=group.product_code))
                _add(row, found, subscriptions)
    return [expected[product_code] for product_code in sorted(expected)]


def _periods(terms: RenewalTerms, group: Group, now: datetime) -> Iterator[Terms | None]:
    """One period after the other, until none is due any more; None at the end of what does not go on."""
    while True:
        found = terms.of(group)
        yield found
        if found is None or found.renew_at > now:
            return
        group = msgspec.structs.replace(group, end_time=found.end_time)


def _add(row: Expected, found: Terms | None, subscriptions: int) -> None:
    if found is None:
        row.ending += subscriptions
        return
    row.periods += subscriptions
    if found.total_minor:
        row.invoices += subscriptions
    row.net_minor += (found.net_minor + found.distribution_net_minor) * subscriptions
    row.vat_minor += (found.vat_minor + found.distribution_vat_minor) * subscriptions
