"""National identity numbers by their control digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.customers.national_id import is_national_id


@pytest.mark.parametrize(
    ("number", "country_code"),
    [
        ("01019000083", "NO"),
        ("01019000083", "SE"),  # a Norwegian may live in Sweden
        ("811228-9874", "SE"),
        ("8112289874", "SE"),
        ("198112289874", "SE"),
        ("19811228-9874", "NO"),
        ("670919-9530", "SE"),
        ("131052-308T", "FI"),
        ("0101901234", "DK"),
    ],
)
def test_a_number_is_known(number: str, country_code: str) -> None:
    assert is_national_id(number, country_code)


@pytest.mark.parametrize(
    ("number", "country_code"),
    [
        ("01019000084", "NO"),
        ("01019000073", "NO"),
        ("811228-9875", "SE"),
        ("811228-987", "SE"),
        ("131052-308T", "NO"),
        ("", "FI"),
        ("1", "FI"),
        ("'; drop table", "FI"),
        ("٠١٠١٩٠٠٠٠٨٣", "NO"),
    ],
)
def test_another_is_not(number: str, country_code: str) -> None:
    assert not is_national_id(number, country_code)


@given(st.integers(0, 10), st.integers(0, 9))
def test_one_wrong_digit_is_noticed(place: int, digit: int) -> None:
    number = "01019000083"
    changed = number[:place] + str(digit) + number[place + 1 :]
    assert is_national_id(changed, "NO") == (changed == number)


@given(st.integers(0, 9), st.integers(0, 9))
def test_one_wrong_digit_of_a_swedish_number_is_noticed(place: int, digit: int) -> None:
    number = "8112289874"
    changed = number[:place] + str(digit) + number[place + 1 :]
    assert is_national_id(changed, "SE") == (changed == number)


@given(st.text(max_size=30), st.sampled_from(["NO", "SE", "FI", "US"]))
def test_no_text_is_too_much(text: str, country_code: str) -> None:
    assert is_national_id(text, country_code) in {True, False}
