"""Parties in their stored form: checking never fails in another way than by problems, and what is stored stays."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Offers
from kolofon.engine.customers.checking import check_payer, checked_party
from kolofon.engine.customers.party import Party, sealed
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.problems import Problems
from kolofon.platform.sealing import Secrets

PARTNER = PartnerCatalogue(
    1,
    (),
    (),
    {"NEWS": frozenset({"SUB"})},
    frozenset({"DM"}),
    ("DM",),
    offers=Offers(country_code="NO", currency="NOK", time_zone="Europe/Oslo"),
)
TEXT = st.text(max_size=20) | st.none()
PARTIES = st.fixed_dictionaries(
    {
        "lastName": TEXT,
        "postalCode": st.sampled_from(["0150", " 111 29", "x", ""]) | TEXT,
        "countryCode": st.sampled_from(["NO", "se", "FI", "XX", "", None]),
        "streetNumber": st.integers(0, 99999) | st.sampled_from(["12", "012", "", None]),
        "birthDate": st.integers(-(2**50), 2**50) | st.dates().map(str) | TEXT,
        "emails": st.lists(st.sampled_from(["kari@example.no", "KARI@Example.no", "x", ""]) | st.text(max_size=9)),
        "phoneNumbers": st.lists(st.sampled_from(["+4790000001", "90 00 00 01", "x"]) | st.text(max_size=9)),
        "personsSocialSecurityNumber": st.sampled_from(["01019000083", "811228-9874", "1", "", None]),
    }
).map(lambda members: {name: value for name, value in members.items() if value is not None})


def party(members: dict[str, Any]) -> Party | None:
    try:
        return msgspec.convert(members, Party, strict=False)
    except msgspec.ValidationError:
        return None


@given(PARTIES)
def test_what_is_stored_is_stored_the_same_way_again(members: dict[str, Any]) -> None:
    told = party(members)
    if told is None:
        return
    problems = Problems()
    stored = checked_party(told, PARTNER, "payer.", problems)
    try:
        problems.refuse()
    except InvalidRequest:
        return
    kept = msgspec.convert(msgspec.json.decode(msgspec.json.encode(stored)), Party)
    again = Problems()
    assert checked_party(kept, PARTNER, "payer.", again) == stored == kept
    again.refuse()


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (318121200000, "1980-01-31"),  # midnight in Oslo
        (318124800000, "1980-01-31"),  # midnight in UTC
        ("318124800000", "1980-01-31"),
        ("1980-01-31", "1980-01-31"),
        ("1980-01-31T00:00:00+01:00", "1980-01-31"),
        (-1, "1970-01-01"),
        ("1899-12-31", "1899-12-31"),
    ],
)
def test_a_birth_date_is_a_day_however_it_is_written(written: int | str, stored: str) -> None:
    problems = Problems()
    assert checked_party(Party(birth_date=written), PARTNER, "", problems).birth_date == stored
    problems.refuse()


@pytest.mark.parametrize(
    ("country", "written", "stored"),
    [
        ("NO", "0150", "0150"),
        (None, " 01 50 ", "0150"),
        ("SE", "111 29", "11129"),
        ("DK", "1050", "1050"),
        ("FI", "00100", "00100"),
        ("GB", "SW1A 1AA", "SW1A 1AA"),
    ],
)
def test_a_postal_code_has_the_form_of_its_country(country: str | None, written: str, stored: str) -> None:
    problems = Problems()
    assert checked_party(Party(country_code=country, postal_code=written), PARTNER, "", problems).postal_code == stored
    problems.refuse()


def test_a_number_without_a_country_code_is_of_the_partys_country() -> None:
    told = Party(country_code="SE", phone_numbers=["070-123 45 67", "+46701234567"], emails=["A@Example.se"])
    stored = checked_party(told, PARTNER, "", Problems())
    assert (stored.phone_numbers, stored.emails) == (["+46701234567"], ["a@example.se"])


def test_problems_are_told_together_up_to_a_number() -> None:
    problems = Problems()
    check_payer(Party(), "payer.", problems)
    for index in range(100):
        problems.add(f"payer.emails[{index}]", "expected an e-mail address")
    with pytest.raises(InvalidRequest) as refused:
        problems.refuse()
    assert refused.value.message.startswith("payer.lastName: expected a name")
    assert refused.value.message.count("; ") == 19


def test_the_seal_of_a_number_needs_the_key_and_differs_each_time() -> None:
    secrets = Secrets("the secret of an installation")
    told = Party(persons_social_security_number="01019000083")
    first, second = (sealed(told, secrets).persons_social_security_number for _ in range(2))
    assert first != second
    assert "01019000083" not in f"{first}{second}"
    assert len(first or "") <= 200
