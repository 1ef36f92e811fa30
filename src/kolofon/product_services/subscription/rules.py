"""How a subscription is told: its end, whether it is paid, and what its periods cost."""

from datetime import datetime, timedelta

from kolofon.catalogue.offers import Coupon, CouponPrice, Issue, Offers, Product, version_at
from kolofon.platform.dates import day_of, start_of_day
from kolofon.platform.money import amount
from kolofon.product_services.subscription.queries import SubscriptionRow
from kolofon.product_services.subscription.schemas import PriceDetail

_A_SECOND = timedelta(seconds=1)


def is_stopped(row: SubscriptionRow, now: datetime) -> bool:
    """Whether it has ended; by its times, as a worker may not have come to it yet. A paused one has not."""
    over = row.end_time is not None and row.end_time <= now
    return row.state == "stopped" or (over and row.state != "paused")


def is_paid(row: SubscriptionRow, now: datetime) -> bool:
    """Whether the present period is paid, or the last one, or the first."""
    if row.free or row.paid_until is None:
        return bool(row.free)
    present = max(now, row.start_time)
    return row.paid_until > present or (row.end_time is not None and row.end_time <= row.paid_until)


def end_of(offers: Offers, row: SubscriptionRow, now: datetime) -> datetime | None:
    """23:59:59 on its last paid day or, if later, on the publication day of the last issue that came; None: no end."""
    if row.free:
        return None
    known = row.paid_until or row.period_end or row.end_time
    if known is None:
        return None
    issue = last_received(offers.products.get(row.product_code), row, now, offers.time_zone)
    last_day = day_of(known - _A_SECOND, offers.time_zone)
    if issue is not None:
        last_day = max(last_day, issue.publication_date)
    return start_of_day(last_day + timedelta(days=1), offers.time_zone) - _A_SECOND


def last_received(product: Product | None, row: SubscriptionRow, now: datetime, time_zone: str) -> Issue | None:
    """The last issue that was distributed while it ran."""
    first, today = day_of(row.start_time, time_zone), day_of(now, time_zone)
    received = [
        issue
        for issue in (product.issues.values() if product is not None else ())
        if issue.distribution_date is not None
        and first <= issue.publication_date
        and issue.distribution_date <= today
        and (row.end_time is None or start_of_day(issue.publication_date, time_zone) < row.end_time)
    ]
    return max(received, key=lambda issue: issue.publication_date, default=None)


def price_details(offers: Offers, row: SubscriptionRow, now: datetime) -> list[PriceDetail]:
    """What the present period costs, and the next one if it renews by another price."""
    coupon = offers.coupons.get((row.coupon_code or "", row.coupon_number or 0))
    if coupon is None:
        return _of_product(offers.products.get(row.product_code), now)
    renewed = (row.period_number or row.terms_period) > row.terms_period
    since = row.period_start or row.start_time
    sold = _sold_at(coupon, since if renewed else row.price_version or since)
    newest = version_at(coupon.prices, now)
    present = (_renewal(sold) or _first(sold)) if renewed else _first(sold)
    following = _renewal(newest) if row.renews else []
    return present + [detail for detail in following if detail not in present]


def _sold_at(coupon: Coupon, time: datetime) -> CouponPrice | None:
    """The price at a time; the first one for a period whose first day had begun before there was any."""
    return version_at(coupon.prices, time) or next(iter(coupon.prices), None)


def _first(price: CouponPrice | None) -> list[PriceDetail]:
    if price is None:
        return []
    return [
        PriceDetail(
            price=amount(price.price_minor, price.currency),
            period_length=price.period.length,
            period_type=price.period.type,
        )
    ]


def _renewal(price: CouponPrice | None) -> list[PriceDetail]:
    if price is None or price.renewal_price_minor is None or price.renewal_period is None:
        return []
    return [
        PriceDetail(
            price=amount(price.renewal_price_minor, price.currency),
            period_length=price.renewal_period.length,
            period_type=price.renewal_period.type,
        )
    ]


def _of_product(product: Product | None, now: datetime) -> list[PriceDetail]:
    price = version_at(product.prices, now) if product is not None else None
    if price is None or price.price_minor is None or price.period is None:
        return []
    return [
        PriceDetail(
            price=amount(price.price_minor, price.currency),
            period_length=price.period.length,
            period_type=price.period.type,
        )
    ]
