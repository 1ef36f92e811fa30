"""Whatever is written of a customer, the customer is found by it in any other way to write it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.engine.customers.searching.criteria import Criteria
from kolofon.engine.customers.searching.service import search_customers
from kolofon.platform.database import Connection
from tests.engine.customers.searching.people import KARI, NORDFORLAG, Person, add_person
from tests.playground import Playground

# Each letter in all the ways it is written.
FORMS = {
    "å": ["å", "aa", "a", "A\u030a"],
    "æ": ["æ", "ae", "ä", "a"],
    "ä": ["ä", "æ", "ae", "a\u0308"],
    "ø": ["ø", "ö", "o", "oe"],
    "ö": ["ö", "ø", "o", "oe", "O\u0308"],
    "é": ["é", "e", "É"],
    "ü": ["ü", "u"],
}
WORD = st.text("abdefgijklnorstvåæäøöéü", min_size=4, max_size=9)
BETWEEN = st.sampled_from([" ", "  ", "-", " - ", ". ", "\u00a0"])
SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def people(playground: Playground) -> Connection:
    await add_person(playground.connection, 1001, KARI)
    await add_person(playground.connection, 1002, NORDFORLAG)
    return playground.connection


@st.composite
def rewritten(draw: st.DrawFn, words: list[str]) -> str:
    """The words in any case, with other letters, in another order, or two as one, or one as two."""
    words = [_with_other_letters(draw, word) for word in words]
    match draw(st.sampled_from(["order", "joined", "split", "as it is"])):
        case "order":
            words = draw(st.permutations(words))
        case "joined" if len(words) > 1:
            place = draw(st.integers(0, len(words) - 2))
            words[place : place + 2] = ["".join(words[place : place + 2])]
        case "split":
            place = draw(st.integers(0, len(words) - 1))
            cut = draw(st.integers(2, len(words[place]) - 2))
            words[place : place + 1] = [words[place][:cut], words[place][cut:]]
    return draw(BETWEEN).join(words)


def _with_other_letters(draw: st.DrawFn, word: str) -> str:
    letters = [draw(st.sampled_from(FORMS.get(letter, [letter]))) for letter in word]
    return "".join(draw(st.sampled_from([letter.upper(), letter])) for letter in letters)


async def is_found(connection: Connection, person: Person, *asked: dict[str, Any]) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        await add_person(connection, 5000, person)
        await connection.execute("set constraints all immediate")  # as at the commit
        for criteria in asked:
            found = await search_customers(connection, 1, "NO", Criteria(**criteria))
            assert 5000 in [customer.customer_number for customer in found], criteria
    finally:
        await transaction.rollback()


@SETTINGS
@given(st.data())
async def test_a_name_is_found_however_it_is_spelled(people: Connection, data: st.DataObject) -> None:
    first, last = (data.draw(st.lists(WORD, min_size=1, max_size=3)) for _ in range(2))
    person = Person(
        names={
            "first_name": data.draw(BETWEEN).join(first),
            "last_name": data.draw(BETWEEN).join([*last, f"{last[0][:3]}dalen"]),
        }
    )
    first_asked, last_asked = data.draw(rewritten(first)), data.draw(rewritten(last))
    await is_found(
        people,
        person,
        {"first_name": first_asked},
        {"last_name": last_asked},
        {"first_name": first_asked, "last_name": last_asked},
        {"text": f"{last_asked} {first_asked}"},
        {"last_name": last[0][:3] + "dal"},
    )


@SETTINGS
@given(st.data())
async def test_an_address_is_found_however_it_is_written(people: Connection, data: st.DataObject) -> None:
    street, place = (data.draw(st.lists(WORD, min_size=1, max_size=2)) for _ in range(2))
    number, entrance = data.draw(st.integers(1, 999)), data.draw(st.sampled_from(["A", "b", None]))
    postal_code = data.draw(st.from_regex("[0-9]{5}", fullmatch=True))
    columns: dict[str, Any] = {"street": " ".join(street), "street_number": number, "entrance": entrance}
    # Some write the number into the street.
    in_one: dict[str, Any] = {"street": f"{' '.join(street)} {number}{entrance or ''}"}
    address = data.draw(st.sampled_from([columns, in_one]))
    address |= {"postal_code": postal_code, "postal_place": " ".join(place), "country_code": "SE"}
    street_asked, place_asked = data.draw(rewritten(street)), data.draw(rewritten(place))
    whole = data.draw(st.sampled_from([f"{number}{entrance or ''}", f"{number} {(entrance or '').upper()}"]))
    code = data.draw(st.sampled_from([postal_code, f"{postal_code[:3]} {postal_code[3:]}", f"SE-{postal_code}"]))
    await is_found(
        people,
        Person(names={"last_name": "Lie"}, addresses=[address]),
        {"street_address": street_asked, "postal_place": place_asked, "postal_code": code},
        {"street_address": f"{street_asked} {whole}"},
        {"street_address": street_asked, "street_number": number, "entrance": entrance, "country_code": "se"},
        {"text": f"{street_asked} {whole} {place_asked}"},
    )


@SETTINGS
@given(st.data())
async def test_a_number_is_found_however_it_is_grouped(people: Connection, data: st.DataObject) -> None:
    digits = data.draw(st.from_regex("9[0-9]{7}", fullmatch=True))
    registration = data.draw(st.from_regex("[89][0-9]{8}", fullmatch=True))
    person = Person(
        names={"company_name": "Lie", "company_registration_number": registration}, phone_numbers=[f"+47{digits}"]
    )
    groups = data.draw(st.sampled_from([(8,), (3, 2, 3), (2, 2, 2, 2)]))
    prefix = data.draw(st.sampled_from(["", "+47 ", "+47", "0047 ", "0047", "(+47) ", "47 "]))
    places = [sum(groups[:place]) for place in range(len(groups))]
    written = [digits[place : place + size] for place, size in zip(places, groups, strict=True)]
    asked = prefix + data.draw(st.sampled_from([" ", "-", "."])).join(written)
    spaced = f"{registration[:3]} {registration[3:6]} {registration[6:]}"
    await is_found(
        people,
        person,
        {"phone_number": asked},
        {"text": f"lie {asked}"},
        {"company_registration_number": spaced},
        {"text": spaced},
    )
