"""Customers are found by anything that is known of them, however it is written."""

from typing import Any

import pytest

from kolofon.engine.customers.searching.criteria import Criteria
from kolofon.engine.customers.searching.service import MOST_FOUND, search_customers
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from tests.engine.customers.searching.people import KARI, NORDFORLAG, Person, add_person
from tests.playground import Playground


@pytest.fixture
async def people(playground: Playground) -> Connection:
    """Kari is 1001, the company 1002."""
    await add_person(playground.connection, 1001, KARI)
    await add_person(playground.connection, 1002, NORDFORLAG)
    return playground.connection


async def find(connection: Connection, partner_id: int = 1, region: str = "NO", **criteria: Any) -> list[int]:
    found = await search_customers(connection, partner_id, region, Criteria(**criteria))
    return [customer.customer_number for customer in found]


@pytest.mark.parametrize(
    "criteria",
    [
        {"customer_number": 1001},
        {"first_name": "kari"},
        {"first_name": "KARI-ANNE"},
        {"first_name": "KariAnne"},
        {"first_name": "anne kari"},
        {"last_name": "Sörensen"},
        {"last_name": "Soerensen"},
        {"last_name": "sorensen"},
        {"last_name": "sør"},
        {"last_name": "soe"},
        {"phone_number": "91234567"},
        {"phone_number": "912 34 567"},
        {"phone_number": "+47 912-34-567"},
        {"phone_number": "0047 91 23 45 67"},
        {"phone_number": "(+47) 91234567"},
        {"phone_number": "4791234567"},
        {"phone_number": "912 34"},
        {"phone_number": "22 00 00 00"},
        {"email": "KARI@Example.NO"},
        {"email": "kari.jobb"},
        {"street_address": "storgata"},
        {"street_address": "Storgata 5B"},
        {"street_address": "Storgata 5 b"},
        {"street_address": "Stor gata", "street_number": 5, "entrance": "b"},
        {"street_number": 5, "postal_code": "0155"},
        {"entrance": "B", "postal_code": "N-0155"},
        {"postal_code": "01 55"},
        {"postal_place": "OSLO", "country_code": "no"},
        {"external_id": "ab17"},
        {"external_id": "AB-17", "reference_code": "crm"},
        {"text": "kari sørensen oslo"},
        {"text": "oslo, Sorensen, kari anne"},
        {"text": "kari@example.no storgata"},
        {"text": "sørensen 912 34 567"},
        {"text": "storgata 5b 0155"},
        {"text": "+47 91 23 45 67"},
        {"text": "1001 kari"},
        {"text": "ab-17"},
        {"last_name": "sørensen", "postal_code": "0155", "phone_number": "91234567", "email": "kari@example.no"},
    ],
)
async def test_a_person_is_found_by(people: Connection, criteria: dict[str, Any]) -> None:
    assert await find(people, **criteria) == [1001]


@pytest.mark.parametrize(
    "criteria",
    [
        {"company_name": "Nord forlag"},
        {"company_name": "nordforlag as"},
        {"company_name": "okonomi"},
        {"company_registration_number": "923609016"},
        {"company_registration_number": "NO 923 609 016 MVA"},
        {"email": "faktura@nordforlag.example"},
        {"street_address": "Kongensgate 1"},
        {"street_address": "postboks 123"},
        {"postal_code": "7400"},
        {"text": "nord forlag trondheim"},
        {"text": "923 609 016"},
        {"text": "aase lie"},
        {"first_name": "Ase", "last_name": "lie"},
    ],
)
async def test_a_company_is_found_by(people: Connection, criteria: dict[str, Any]) -> None:
    assert await find(people, **criteria) == [1002]


@pytest.mark.parametrize(
    "criteria",
    [
        {"first_name": "sørensen"},
        {"last_name": "so"},  # beginnings have three letters
        {"last_name": "ensen"},  # nor is the end of a word one
        {"first_name": "kari", "last_name": "lie"},
        {"street_address": "storgata", "street_number": 6},
        {"street_address": "storgata", "street_number": 5, "entrance": "C"},
        {"external_id": "ab17", "reference_code": "erp"},
        {"customer_number": 100},
        {"text": "kari trondheim"},
        {"email": "example.no"},
    ],
)
async def test_nobody_is_found_by(people: Connection, criteria: dict[str, Any]) -> None:
    assert await find(people, **criteria) == []


async def test_numbers_are_of_the_partners_country(people: Connection) -> None:
    await add_person(people, 2001, Person(names={"last_name": "Öberg"}, phone_numbers=["+46701234567"]), 2)
    for written in ("070-123 45 67", "+46 (0)70-123 45 67", "0046701234567", "46701234567", "070-123"):
        assert await find(people, 2, "SE", phone_number=written) == [2001]
    assert await find(people, 2, "SE", text="070-123 45 67 Oberg") == [2001]
    assert await find(people, 2, "SE", last_name="Øberg") == [2001]


async def test_a_partner_finds_its_own_customers_only(people: Connection) -> None:
    await add_person(people, 1001, KARI, 2)
    await people.execute("update customer set last_name = 'Annan' where partner_id = 2")
    assert await find(people, 1, last_name="sørensen") == [1001]
    assert await find(people, 2, last_name="sørensen") == []
    for criteria in ({"customer_number": 1001}, {"email": "kari@example.no"}, {"external_id": "ab17"}):
        (found,) = await search_customers(people, 2, "NO", Criteria(**criteria))
        assert found.last_name == "Annan"


async def test_addresses_of_before_and_later_count_but_not_those_that_never_were(people: Connection) -> None:
    await people.execute(
        """
        update customer_address set valid_until = '2026-02-01' where customer_number = 1001;
        insert into customer_address (partner_id, customer_number, street, postal_code, valid_from, created_at)
        values (1, 1001, 'Fjordgata', '5003', '2026-02-01', '2026-01-01');
        insert into customer_address (partner_id, customer_number, street, postal_code, valid_from, created_at, dropped)
        values (1, 1001, 'Feilgata', '9999', '2026-02-01', '2026-01-01', 'corrected');
        """
    )
    assert await find(people, street_address="storgata") == [1001]
    assert await find(people, street_address="fjordgata") == [1001]
    assert await find(people, street_address="feilgata") == []


async def test_a_customer_is_found_by_the_number_that_was_merged_into_it(people: Connection) -> None:
    await people.execute("insert into customer_merge values (1, 1001, 77, '2026-01-01', 'test')")
    assert await find(people, customer_number=77) == [1001]
    assert await find(people, text="77 kari") == [1001]


async def test_the_best_come_first(people: Connection) -> None:
    names = {
        11: ("Berit", None, "Bergersen"),
        12: ("Berit", None, "Berg Hansen"),
        13: ("Berit", "Lie", "Berg"),
        14: ("Berit", None, "Berg"),
        15: ("Anders", None, "Bergan"),
    }
    for number, (first, middle, last) in names.items():
        columns = {"first_name": first, "last_name": last} | ({"middle_name": middle} if middle else {})
        await add_person(people, number, Person(names=columns))
    # By the whole word before by its beginning; a whole name before part of one; then by name.
    assert await find(people, first_name="Berit", last_name="Berg") == [14, 13, 12, 11]
    assert await find(people, text="berg berit") == [14, 13, 12, 11]
    assert await find(people, last_name="Berg") == [14, 13, 12, 15, 11]


async def crowd(connection: Connection, last_name: str, first: int, count: int) -> None:
    await connection.execute(
        """
        insert into customer (partner_id, customer_number, first_name, last_name, created_at)
        select 1, n, 'Per', $1, '2026-01-01' from generate_series($2::int, $2::int + $3::int - 1) n
        """,
        last_name,
        first,
        count,
    )


async def test_fifty_are_found_and_more_are_refused_with_what_to_add(people: Connection) -> None:
    await crowd(people, "Hansen", 5000, MOST_FOUND)
    assert len(await find(people, last_name="hansen")) == MOST_FOUND
    await crowd(people, "Hansen", 6000, 1)
    with pytest.raises(InvalidRequest) as refused:
        await find(people, last_name="hansen")
    assert refused.value.message == (
        "more than 50 customers match: add firstName, postalCode, streetAddress or something else that you know"
    )
    with pytest.raises(InvalidRequest, match="add postalCode, streetAddress, phoneNumber"):
        await find(people, text="hansen")
    await add_person(people, 7000, Person(names={"first_name": "Per", "last_name": "Hansen"}, emails=["p@example.no"]))
    assert await find(people, last_name="hansen", email="p@example.no") == [7000]


async def test_whole_words_alone_are_answered_when_beginnings_would_be_too_many(people: Connection) -> None:
    await crowd(people, "Lien", 5000, MOST_FOUND + 1)
    assert await find(people, last_name="Lie") == [1002]
    with pytest.raises(InvalidRequest, match="more than 50"):
        await find(people, first_name="Per", last_name="Lie")
    await people.execute("delete from customer where customer_number in (5000, 5001)")
    assert len(await find(people, last_name="Lie")) == MOST_FOUND


@pytest.mark.parametrize(
    "criteria", [{"external_id": "7"}, {"external_id": "c1"}, {"external_id": "C-1"}, {"text": "C-1"}, {"text": "c/1"}]
)
async def test_an_identifier_finds_its_customer_however_short_it_is(
    people: Connection, criteria: dict[str, Any]
) -> None:
    identifier = "7" if "7" in criteria.values() else "C-1"
    await people.execute(
        "update customer_external_reference set external_id = $1 where customer_number = 1001", identifier
    )
    assert await find(people, **criteria) == [1001]


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ({}, "expected more to search by"),
        ({"country_code": "NO"}, "expected more to search by"),
        ({"street_number": 5, "entrance": "B"}, "expected more to search by"),
        ({"last_name": "S"}, "lastName: expected more to search by than single letters"),
        ({"text": "a b - c"}, "text: expected more to search by than single letters"),
        ({"last_name": "'-!"}, "lastName: expected letters or digits"),
        ({"email": "k@"}, "email: expected an e-mail address"),
        ({"phone_number": "9123"}, "phoneNumber: expected a phone number"),
        ({"phone_number": "unknown"}, "phoneNumber: expected a phone number"),
        ({"country_code": "XX", "last_name": "Lie"}, "countryCode: there is no country XX"),
        ({"reference_code": "CRM"}, "externalId: expected together with referenceCode"),
        ({"company_registration_number": "MVA"}, "companyRegistrationNumber: expected the digits"),
        ({"text": "a b c d e f g h i j k"}, "text: expected 10 words at most"),
        ({"text": "a@b " * 11}, "text: expected 10 e-mail addresses at most"),
    ],
)
async def test_what_cannot_be_searched_by_is_refused_with_its_field(
    people: Connection, criteria: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await find(people, **criteria)
    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "kari:* | !lie & (oslo)",
        "' or true --",
        "\\",
        "\\' kari",
        "<-> <1> kari",
        "%_* kari",
        "🙂 kari",
        "e\u0301 kari",
        "٩١٢",
        "\u200bkari",
        "\ud7ff\ufffd kari",
        "'@\\'",
        "1 2 3 4 5 6 7 8 9",
        "x" * 255,
        "😀" * 255,
    ],
)
async def test_no_text_is_taken_for_an_operator_or_fails(people: Connection, text: str) -> None:
    assert set(await find(people, text=f"lie {text}")) <= {1002}
    assert set(await find(people, email=f"{text}@\\'")) <= {1001}


async def test_an_address_of_the_greatest_length_is_found_whole_and_by_its_beginning(people: Connection) -> None:
    email = f"{'k' * 64}@{'.'.join(['x' * 60] * 3)}.no"
    await add_person(people, 1003, Person(names={"last_name": "Lang"}, emails=[email]))
    for asked in (email, email.upper(), email[:130], email[:100]):
        assert await find(people, email=asked) == [1003]
        assert await find(people, text=f"lang {asked}" if "@" in asked else "lang") == [1003]
