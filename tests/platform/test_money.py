"""Money at the API's edge."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.money import LARGEST_MINOR, amount, decimals, minor_units

CURRENCIES = st.sampled_from(["NOK", "SEK", "EUR", "ISK", "KWD"])


@given(st.integers(0, LARGEST_MINOR // 1000), CURRENCIES)
def test_an_amount_goes_out_and_comes_back_unchanged(minor: int, currency: str) -> None:
    assert minor_units(amount(minor, currency), currency) == minor


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_a_client_adds_up_in_floats_is_taken_to_the_øre(one: int, other: int) -> None:
    assert minor_units(amount(one, "NOK") + amount(other, "NOK"), "NOK") == one + other


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [("NOK", "299", 29900), ("NOK", "0.29", 29), ("ISK", "299", 299), ("KWD", "1.005", 1005), ("NOK", "0", 0)],
)
def test_each_currency_has_its_own_decimals(currency: str, text: str, minor: int) -> None:
    assert minor_units(Decimal(text), currency) == minor_units(float(text), currency) == minor
    assert Decimal(str(amount(minor, currency))) == Decimal(text)


@pytest.mark.parametrize(
    ("value", "currency", "message"),
    [
        (0.001, "NOK", "at most 2 decimals in NOK"),
        (Decimal("0.0000001"), "NOK", "at most 2 decimals in NOK"),
        (19.999, "SEK", "at most 2 decimals in SEK"),
        (0.5, "ISK", "at most 0 decimals in ISK"),
        (-1, "NOK", "0 or more"),
        (Decimal("-0.01"), "NOK", "0 or more"),
        (math.nan, "NOK", "0 or more"),
        (math.inf, "NOK", "0 or more"),
        (Decimal("NaN"), "NOK", "0 or more"),
        (1e300, "NOK", "too large"),
        (Decimal(10) ** 40, "NOK", "too large"),
        (LARGEST_MINOR, "NOK", "too large"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused_in_words(
    value: float | Decimal, currency: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        minor_units(value, currency)


@given(CURRENCIES)
def test_the_largest_amount_is_taken(currency: str) -> None:
    assert minor_units(Decimal(LARGEST_MINOR) / 10 ** decimals(currency), currency) == LARGEST_MINOR
