"""What the next period of a subscription is and costs, once for all subscriptions that have it in common.

Money and dates have one arithmetic each, that of engine/pricing and engine/subscriptions. The renewal run groups what
is due in SQL and asks them once for each group, of which there are far fewer than subscriptions.
"""

from bisect import bisect_right
from datetime import date, datetime
from decimal import Decimal

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Period
from kolofon.engine.pricing.rules import Place, Priced, price_renewal
from kolofon.engine.subscriptions.rules import period_end, renewal_time
from kolofon.platform.dates import day_of


class Group(msgspec.Struct, frozen=True):
    """What subscriptions that are due have in common. `anchor_day`: of the month on which they began."""

    group_number: int
    product_code: str
    coupon_code: str | None
    coupon_number: int | None
    copies: int
    country_code: str | None
    postal_code: str | None
    end_time: datetime
    anchor_day: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The next period and the money of its invoice."""

    company_code: str
    product_name: str
    currency: str
    end_time: datetime
    renew_at: datetime
    vat_percent: Decimal
    net_minor: int
    vat_minor: int
    distribution_net_minor: int
    distribution_vat_minor: int

    @property
    def total_minor(self) -> int:
        """All that is asked for."""
        return self.net_minor + self.vat_minor + self.distribution_net_minor + self.distribution_vat_minor


class RenewalTerms:
    """The terms of one run: prices are those of its time. Remembers each price, however many groups have it."""

    def __init__(self, partner: PartnerCatalogue, now: datetime) -> None:
        self._offers = partner.offers
        self._now = now
        # A rate of VAT is valid from a day on, so all days between two of these have the same rates.
        self._vat_days = sorted({rate.valid_from for rate in self._offers.vat_rates})
        self._prices: dict[tuple[object, ...], tuple[Priced, Period] | None] = {}

    def of(self, group: Group) -> Terms | None:
        """The terms of a group; None: it does not renew, and ends with the period it has."""
        time_zone = self._offers.time_zone
        found = self._price(group, day_of(group.end_time, time_zone))
        if found is None:
            return None
        priced, period = found
        product = self._offers.products[group.product_code]
        end = period_end(group.end_time, period, time_zone, group.anchor_day)
        return Terms(
            company_code=product.company_code,
            product_name=product.name,
            currency=priced.currency,
            end_time=end,
            renew_at=renewal_time(group.end_time, end, self._offers.renewal_days),
            vat_percent=priced.vat_percent,
            net_minor=priced.net_minor,
            vat_minor=priced.vat_minor,
            distribution_net_minor=priced.distribution_net_minor,
            distribution_vat_minor=priced.distribution_vat_minor,
        )

    def _price(self, group: Group, day: date) -> tuple[Priced, Period] | None:
        """The price of a period that begins on a day. What is digital costs the same at every postal code."""
        product = self._offers.products[group.product_code]
        postal_code = None if product.digital else group.postal_code
        vat_days = bisect_right(self._vat_days, day)
        coupon_key = None if group.coupon_code is None else (group.coupon_code, group.coupon_number or 0)
        key = (group.product_code, coupon_key, group.copies, group.country_code, postal_code, vat_days)
        if key not in self._prices:
            coupon = None if coupon_key is None else self._offers.coupons[coupon_key]
            place = None if group.country_code is None else Place(group.country_code, postal_code)
            self._prices[key] = (
                None
                if product.retired
                else price_renewal(
                    self._offers, coupon, product, self._now, place=place, quantity=group.copies, day=day
                )
            )
        return self._prices[key]
