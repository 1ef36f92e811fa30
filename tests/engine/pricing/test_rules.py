"""What coupons, products, articles and renewals cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.offers import Dependency, Period
from kolofon.engine.pricing.rules import (
    Place,
    Priced,
    business_day,
    discounted,
    is_on_sale,
    price_article,
    price_coupon,
    price_product,
    price_renewal,
)
from kolofon.platform.errors import InvalidRequest
from tests.engine.pricing.samples import (
    DAY,
    MONTH,
    NOW,
    amount_off,
    article_price,
    coupon,
    coupon_version,
    distribution,
    offers,
    percent_off,
    product,
    product_price,
    vat,
)

OSLO = Place("NO", "0150")
LATER = NOW + timedelta(days=1)
DEPENDENCIES = st.one_of(
    st.none(),
    st.integers(1, 10000).map(lambda n: percent_off(str(Decimal(n) / 100))),
    st.integers(1, 10**7).map(amount_off),
)


def priced(**members: Any) -> Priced:
    options: dict[str, Any] = {"place": OSLO, "day": DAY} | members
    sold = options.pop("offers", offers(distribution_prices=(distribution(5900),)))
    sold_with = options.pop("coupon", coupon())
    return price_coupon(sold, sold_with, options.pop("now", NOW), **options)


@given(
    st.integers(0, 10**7),
    st.booleans(),
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from(["0", "6", "13.5", "25", "25.5"]),
    st.integers(1, 1000),
    DEPENDENCIES,
)
def test_a_line_adds_up_whatever_it_is_made_of(
    price: int,
    included: bool,
    bringing: int,
    bringing_included: bool,
    percent: str,
    quantity: int,
    dependency: Dependency | None,
) -> None:
    sold = offers(
        vat_rates=(vat(percent),), distribution_prices=(distribution(bringing, vat_included=bringing_included),)
    )
    line = priced(offers=sold, coupon=coupon(price, included=included), quantity=quantity, dependency=dependency)
    assert 0 <= line.discount_minor <= price * quantity
    goods = price * quantity - line.discount_minor
    assert (line.net_minor + line.vat_minor if included else line.net_minor) == goods
    brought = line.distribution_net_minor + (line.distribution_vat_minor if bringing_included else 0)
    assert brought == bringing * quantity
    parts = (line.net_minor, line.vat_minor, line.distribution_net_minor, line.distribution_vat_minor)
    assert min(parts) >= 0
    assert line.total_minor == sum(parts)
    # Goods and their bringing are of one rate: together they owe the rounded VAT of their sum.
    net = line.net_minor + line.distribution_net_minor
    assert abs(net * Decimal(percent) / 100 - (line.vat_minor + line.distribution_vat_minor)) <= 1


def test_the_sample_of_the_reference() -> None:
    line = priced(coupon=coupon(10000, included=False), place=None)
    assert (line.unit_price_minor, line.vat_minor, line.vat_percent, line.vat_included) == (
        10000,
        2500,
        Decimal(25),
        False,
    )
    assert (line.distribution_net_minor, line.distribution_vat_minor, line.total_minor) == (0, 0, 12500)


def test_goods_and_bringing_are_kept_apart_and_both_have_the_vat_of_the_product() -> None:
    line = priced(quantity=2)
    assert (line.net_minor, line.vat_minor) == (16000, 4000)
    assert (line.distribution_net_minor, line.distribution_vat_minor) == (9440, 2360)
    assert line.total_minor == 2 * (10000 + 5900)


def test_vat_is_that_of_the_place_of_delivery_else_of_the_partner() -> None:
    assert priced(place=Place("SE", None)).vat_percent == 6
    assert priced(place=Place("DK", "1000")).vat_percent == 25
    assert priced(place=None).vat_percent == 25


def test_the_rate_is_that_of_the_day_and_the_price_that_of_the_moment() -> None:
    sold = offers(vat_rates=(vat("25"), vat("20", valid_from=LATER.date())))
    versions = coupon(None, prices=(coupon_version(10000), coupon_version(12000, LATER)))
    before = priced(offers=sold, coupon=versions)
    after = priced(offers=sold, coupon=versions, now=LATER, day=LATER.date())
    assert (before.unit_price_minor, before.vat_percent) == (10000, Decimal(25))
    assert (after.unit_price_minor, after.vat_percent) == (12000, Decimal(20))
    assert after.price_version == LATER
    assert priced(coupon=versions, now=LATER - timedelta(microseconds=1)).unit_price_minor == 10000


def test_distribution_in_another_currency_is_not_added() -> None:
    sold = offers(distribution_prices=(distribution(5900, currency="SEK"),))
    assert priced(offers=sold).distribution_net_minor == 0


def test_a_discount_is_of_the_price_and_not_of_its_bringing() -> None:
    line = priced(dependency=percent_off("20"), quantity=3)
    assert line.discount_minor == 6000
    assert line.net_minor + line.vat_minor == 24000
    assert line.distribution_net_minor + line.distribution_vat_minor == 3 * 5900


def test_an_amount_is_taken_off_each_copy_and_never_more_than_it_costs() -> None:
    assert priced(dependency=amount_off(2500), quantity=3).discount_minor == 7500
    free = priced(dependency=amount_off(99999), quantity=3, place=None)
    assert (free.discount_minor, free.total_minor) == (30000, 0)


@given(DEPENDENCIES.filter(bool), st.integers(0, 10**7), st.integers(1, 1000))
def test_no_discount_is_below_zero_or_above_the_price(dependency: Dependency, price: int, quantity: int) -> None:
    assert 0 <= discounted(dependency, price, quantity) <= price * quantity


def test_a_percentage_is_rounded_half_up() -> None:
    assert discounted(percent_off("50"), 1, 1) == 1
    assert discounted(percent_off("33.33"), 100, 1) == 33


def test_a_coupon_without_a_price_is_refused_and_not_on_sale() -> None:
    for unsold in (coupon(None), coupon(None, prices=(coupon_version(1, LATER),)), coupon(product_code=None)):
        with pytest.raises(InvalidRequest, match="the coupon PAPER 1 has no price"):
            priced(coupon=unsold)
        assert not is_on_sale(offers(), unsold, NOW)
    assert is_on_sale(offers(), coupon(), NOW)


def test_a_coupon_is_on_sale_within_its_time_and_with_its_product() -> None:
    assert not is_on_sale(offers(), coupon(start_time=LATER), NOW)
    assert not is_on_sale(offers(), coupon(end_time=NOW), NOW)
    assert is_on_sale(offers(), coupon(start_time=NOW, end_time=LATER), NOW)
    assert not is_on_sale(offers(), coupon(retired=True), NOW)
    assert not is_on_sale(offers(product(retired=True)), coupon(), NOW)
    assert not is_on_sale(offers(product(end_time=NOW)), coupon(), NOW)
    assert not is_on_sale(offers(product("OTHER")), coupon(), NOW)


def test_a_product_costs_its_web_offer_else_its_retail_price_else_it_is_not_sold() -> None:
    def unit_price(*prices: Any) -> int | None:
        sold = product(prices=prices)
        line = price_product(offers(sold), sold, NOW, place=OSLO, day=DAY)
        return None if line is None else line.unit_price_minor

    assert unit_price(product_price(19900, 24900)) == 19900
    assert unit_price(product_price(None, 24900)) == 24900
    assert unit_price(product_price(0, 24900)) == 0
    assert unit_price(product_price(None, None)) is None
    assert unit_price(product_price(100, None), product_price(None, None, NOW)) is None
    assert unit_price(product_price(100, None, LATER)) is None
    assert unit_price() is None


def test_an_article_costs_what_its_category_does_else_what_all_others_do() -> None:
    sold = product(
        "ARTICLE",
        product_type="article",
        digital=True,
        article_prices={
            "": (article_price(1900),),
            "PLUS": (article_price(2900), article_price(3900, LATER)),
            "FREE": (article_price(0),),
            "GONE": (article_price(2900), article_price(None, NOW)),
        },
    )

    def price(category: str | None, now: datetime = NOW) -> int | None:
        line = price_article(offers(sold), sold, category, now, place=None, day=DAY)
        return None if line is None else line.unit_price_minor

    assert [price(category) for category in (None, "", "SPORT", "PLUS", "FREE", "GONE")] == [
        *(1900, 1900, 1900, 2900, 0, 1900)
    ]
    assert price("PLUS", LATER) == 3900
    assert price_article(offers(), product(), "PLUS", NOW, place=None, day=DAY) is None


def test_when_the_price_of_all_others_is_taken_back_only_categories_are_sold() -> None:
    prices = {"": (article_price(1900), article_price(None, LATER)), "PLUS": (article_price(2900),)}
    sold = product("ARTICLE", product_type="article", article_prices=prices)
    found = [price_article(offers(sold), sold, category, LATER, place=None, day=DAY) for category in ("PLUS", "SPORT")]
    assert [None if line is None else line.unit_price_minor for line in found] == [2900, None]


def test_a_subscription_renews_by_its_coupon_and_keeps_to_that_coupon() -> None:
    sold = product(prices=(product_price(50000, None, period=MONTH),))
    found = price_renewal(offers(sold), coupon(), sold, NOW, place=None, quantity=2, day=DAY)
    assert found is not None
    line, period = found
    assert (line.unit_price_minor, line.total_minor, period) == (20000, 40000, Period(3, "months"))


def test_a_coupon_without_a_renewal_ends_with_its_period() -> None:
    once = msgspec.structs.replace(coupon_version(100), renewal_price_minor=None, renewal_period=None)
    sold = product(prices=(product_price(50000, None, period=MONTH),))
    assert price_renewal(offers(sold), coupon(None, prices=(once,)), sold, NOW, place=None, day=DAY) is None


def test_an_old_coupon_renews_though_nobody_can_order_with_it_any_more() -> None:
    over = coupon(end_time=NOW - timedelta(days=1), retired=True)
    assert price_renewal(offers(), over, product(), NOW, place=None, day=DAY) is not None


def test_without_a_coupon_the_product_s_own_price_and_period_count() -> None:
    sold = product(prices=(product_price(50000, None, period=MONTH),))
    found = price_renewal(offers(sold), None, sold, NOW, place=None, day=DAY)
    assert found is not None
    assert (found[0].unit_price_minor, found[1]) == (50000, MONTH)
    without = product(prices=(product_price(50000, None),))
    assert price_renewal(offers(without), None, without, NOW, place=None, day=DAY) is None
    assert price_renewal(offers(), None, product(), NOW, place=None, day=DAY) is None


def test_the_day_is_the_partner_s() -> None:
    late = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)
    assert business_day(offers(), late).day == 2
    assert business_day(offers(time_zone="Atlantic/Reykjavik"), late).day == 1
