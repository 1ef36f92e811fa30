"""The form of addresses: postal codes by country, and the least that is needed."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.customers.addresses.forms import (
    AddressData,
    check_address,
    numeric_postal_code,
    stored_postal_code,
)
from kolofon.platform.problems import Problems

NAMES = {name: name.upper() for name in AddressData.__struct_fields__}
TEXT = st.none() | st.text(max_size=8) | st.sampled_from(["0150", "112 34", "SE-11234", " ", "NO"])
DATA = st.builds(
    AddressData,
    care_of=TEXT,
    street=TEXT,
    street_number=st.none() | st.integers(0, 99999),
    postal_code=TEXT,
    postal_place=TEXT,
    country_code=st.none() | st.sampled_from(["NO", "se", "DK", "FI", "DE", "XX", ""]),
    postal_address=TEXT,
    postal_address_postal_code=TEXT,
)


def checked(**told: Any) -> tuple[AddressData, list[str]]:
    problems = Problems()
    return check_address(AddressData(**told), "NO", problems, NAMES), problems.found


@pytest.mark.parametrize(
    ("country", "written", "stored"),
    [
        ("NO", "0150", "0150"),
        ("NO", " 01 50 ", "0150"),
        ("NO", "NO-0150", "0150"),
        ("NO", "N-0150", "0150"),
        ("SE", "112 34", "11234"),
        ("SE", "S-112 34", "11234"),
        ("SE", "se-11234", "11234"),
        ("DK", "DK-2100", "2100"),
        ("FI", "FIN-00100", "00100"),
        ("FI", "FI00100", "00100"),
        ("DE", "D-10115", "D-10115"),
        ("GB", "SW1A 1AA", "SW1A 1AA"),
    ],
)
def test_a_postal_code_is_kept_in_one_form(country: str, written: str, stored: str) -> None:
    problems = Problems()
    assert stored_postal_code(written, country, "f", problems) == stored
    assert problems.found == []


@pytest.mark.parametrize(
    ("country", "written"),
    [
        ("NO", "150"),
        ("NO", "01500"),
        ("NO", "SE-0150"),
        ("NO", "o150"),
        ("SE", "1123"),
        ("DK", "21000"),
        ("FI", "0010"),
        ("NO", "\u0660\u0661\u0665\u0660"),
        ("NO", "0150\n1"),
    ],
)
def test_a_postal_code_of_another_form_is_refused(country: str, written: str) -> None:
    problems = Problems()
    stored_postal_code(written, country, "postalCode", problems)
    assert [problem.split(":")[0] for problem in problems.found] == ["postalCode"]


@pytest.mark.parametrize(
    ("country", "number", "text"),
    [("NO", 150, "0150"), ("FI", 100, "00100"), ("se", 11234, "11234"), ("NO", 99999, "99999"), ("DE", 1067, "1067")],
)
def test_a_number_gets_the_zeros_back_that_it_has_lost(country: str, number: int, text: str) -> None:
    assert numeric_postal_code(number, country) == text


def test_something_to_deliver_to_and_a_postal_code_are_needed_in_the_nordic_countries() -> None:
    assert [problem.split(":")[0] for problem in checked(country_code="SE")[1]] == ["STREET", "POSTAL_CODE"]
    assert [problem.split(":")[0] for problem in checked(street="Storgata")[1]] == ["POSTAL_CODE"]
    assert checked(street="Main Street", country_code="IE")[1] == []


def test_who_is_found_at_a_box_only_is_found_where_that_is() -> None:
    data, problems = checked(
        postal_address="Boks 7", postal_address_postal_code="0101", postal_address_postal_place="OSLO"
    )
    assert problems == []
    assert (data.postal_code, data.postal_place, data.country_code) == ("0101", "OSLO", "NO")


@given(DATA)
def test_checking_never_fails_otherwise_and_what_is_stored_is_stored_the_same_way_again(data: AddressData) -> None:
    problems = Problems()
    stored = check_address(data, "NO", problems, NAMES)
    assert {problem.split(":")[0] for problem in problems.found} <= set(NAMES.values())
    if not problems.found:
        again = Problems()
        assert check_address(stored, "SE", again, NAMES) == stored
        assert again.found == []
        assert all(text.strip() == text != "" for text in msgspec.structs.astuple(stored) if isinstance(text, str))
