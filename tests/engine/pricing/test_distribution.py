"""What bringing a copy somewhere costs."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.offers import DistributionPrice
from kolofon.engine.pricing.distribution import distribution_price
from tests.engine.pricing.samples import NOW, distribution, offers, product

EVERYWHERE = distribution(5900)
NORTH = distribution(9900, postal_code_from="9000", postal_code_to="9999")
TROMSO = distribution(7900, postal_code_from="9000", postal_code_to="9299")
FROM_TROMSO = distribution(8900, postal_code_from="9006", postal_code_to="9999")
OWN = distribution(100, product_code="PAPER")


def price(postal_code: str | None, *prices: DistributionPrice, country: str = "NO") -> int | None:
    found = distribution_price(offers(distribution_prices=prices), product(), country, postal_code, NOW)
    return None if found is None else found.price_minor


def test_a_range_goes_before_the_country_and_the_narrower_range_before_the_wider() -> None:
    prices = (EVERYWHERE, NORTH, TROMSO)
    for given_prices in (prices, prices[::-1]):
        assert price("0150", *given_prices) == 5900
        assert price("9008", *given_prices) == 7900
        assert price("9299", *given_prices) == 7900
        assert price("9300", *given_prices) == 9900
        assert price("9999", *given_prices) == 9900
        assert price("8999", *given_prices) == 5900
    assert price("9008", EVERYWHERE, NORTH, FROM_TROMSO) == 8900
    assert price("9005", EVERYWHERE, NORTH, FROM_TROMSO) == 9900


def test_the_price_of_the_product_goes_before_that_of_all_products() -> None:
    assert price("9008", EVERYWHERE, NORTH, OWN) == 100
    other = distribution(1, product_code="WEEKEND")
    assert price("9008", EVERYWHERE, other) == 5900


def test_only_where_there_is_a_price_it_costs_anything() -> None:
    assert price("0150", NORTH) is None
    assert price("0150") is None
    assert price("0150", EVERYWHERE, country="SE") is None


def test_without_a_postal_code_only_the_price_of_the_country_can_count() -> None:
    assert price(None, EVERYWHERE, NORTH) == 5900
    assert price(None, NORTH) is None
    assert price("", NORTH) is None


def test_what_is_digital_is_brought_nowhere() -> None:
    sold = offers(distribution_prices=(EVERYWHERE, OWN))
    assert distribution_price(sold, product(digital=True), "NO", "0150", NOW) is None


def test_the_version_of_the_moment_counts_and_the_next_moment_the_next() -> None:
    later = distribution(6900, valid_from=NOW + timedelta(seconds=1))
    sold = offers(distribution_prices=(later, EVERYWHERE))
    moments = (NOW, NOW + timedelta(seconds=1))
    found = [distribution_price(sold, product(), "NO", "0150", moment) for moment in moments]
    assert [each.price_minor for each in found if each is not None] == [5900, 6900]


def test_a_range_that_was_given_up_leaves_the_country_s_price() -> None:
    given_up = distribution(None, postal_code_from="9000", postal_code_to="9999", valid_from=NOW - timedelta(days=1))
    assert price("9008", EVERYWHERE, NORTH, given_up) == 5900


@pytest.mark.parametrize("written", ["11234", "112 34", " 112 34", "112-34"])
def test_spaces_in_a_postal_code_mean_nothing(written: str) -> None:
    swedish = distribution(4900, country_code="SE", postal_code_from="100 00", postal_code_to="119 99")
    assert price(written, swedish, country="SE") == 4900


def test_a_range_may_be_written_in_beginnings() -> None:
    beginnings = distribution(9900, postal_code_from="90", postal_code_to="99")
    assert price("9000", beginnings) == price("9999", beginnings) == 9900
    assert price("8999", beginnings) is None


CODES = st.integers(0, 9999).map("{:04}".format)
RANGES = st.tuples(CODES, CODES).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(RANGES, max_size=6, unique=True), CODES)
def test_a_range_that_wins_holds_the_code_and_holds_no_narrower_one_that_does(
    ranges: list[tuple[str, str]], code: str
) -> None:
    prices = [distribution(n, postal_code_from=first, postal_code_to=last) for n, (first, last) in enumerate(ranges)]
    won = distribution_price(offers(distribution_prices=tuple(prices)), product(), "NO", code, NOW)
    holding = [(first, last) for first, last in ranges if first <= code <= last]
    assert (won is None) == (not holding)
    if won is not None:
        found = (won.postal_code_from, won.postal_code_to)
        assert found in holding
        within = [(a, b) for a, b in holding if found[0] <= a and b <= found[1] and (a, b) != found]
        assert within == []
