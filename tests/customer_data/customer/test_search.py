"""Search customer - client mode."""

from typing import Any

import pytest

from tests.browser_session import Server, bearer
from tests.calling import other_shop, shop
from tests.engine.customers.searching.people import KARI, NORDFORLAG, Person, add_person
from tests.playground import Playground, Reader

SEARCH = "/customer/search"


@pytest.fixture
async def people(server: Server, playground: Playground) -> Server:
    """Kari is customer 1001, the company 1002."""
    await add_person(playground.connection, 1001, KARI)
    await add_person(playground.connection, 1002, NORDFORLAG)
    await playground.connection.execute(
        "update customer_phone_number set phone_number_type = 'company' where phone_number = '+4722000000'"
    )
    return server


async def test_the_answer_names_the_customer_and_how_to_reach_it(people: Server) -> None:
    body = {
        "customerNumber": 1001,
        "firstName": "Kari",
        "lastName": "Sørensen",
        "phoneNumber": "+4791234567",
        "email": "kari@example.no",
        "streetAddress": "Storgata",
        "streetNumber": 5,
        "entrance": "B",
        "postalCode": "0155",
        "postalPlace": "Oslo",
        "countryCode": "NO",
        "externalId": "AB-17",
        "referenceCode": "CRM",
        "text": "kari",
        "unknown": "ignored",
    }
    found = {
        "customerNumber": 1001,
        "name": {"firstName": "Kari Anne", "lastName": "Sørensen"},
        "phoneNumbers": [
            {"phoneNumber": "+4791234567", "phoneNumberType": "personal"},
            {"phoneNumber": "+4722000000", "phoneNumberType": "company"},
        ],
        "emails": ["kari@example.no", "kari.jobb@example.com"],
    }
    assert await (await shop(people)).post(SEARCH, body) == {"customers": [found]}


async def test_a_company_is_answered_with_its_names_and_empty_lists(people: Server) -> None:
    answer = await (await shop(people)).post(
        SEARCH, {"companyRegistrationNumber": "923 609 016", "companyName": "Nord"}
    )
    name = {"firstName": "Åse", "lastName": "Lie", "companyName": "Nordforlag AS", "departmentName": "Økonomi"}
    assert answer == {"customers": [{"customerNumber": 1002, "name": name, "phoneNumbers": [], "emails": []}]}


async def test_criteria_narrow_each_other_and_none_found_is_an_empty_list(people: Server) -> None:
    client = await shop(people)
    assert len((await client.post(SEARCH, {"text": "sørensen"}))["customers"]) == 1
    assert await client.post(SEARCH, {"text": "sørensen", "postalPlace": "Trondheim"}) == {"customers": []}


async def test_a_client_finds_the_customers_of_its_partner_only(people: Server, playground: Playground) -> None:
    await add_person(playground.connection, 1001, KARI, 2)
    await add_person(playground.connection, 1003, KARI, 2)
    for client, numbers in ((await shop(people), [1001]), (await other_shop(people), [1001, 1003])):
        for body in ({"lastName": "Sørensen"}, {"email": "kari@example.no"}, {"text": "kari oslo"}):
            answer = await client.post(SEARCH, body)
            assert [customer["customerNumber"] for customer in answer["customers"]] == numbers


async def test_a_customer_is_found_as_soon_as_it_is_written(people: Server, reader: Reader) -> None:
    token = await people.user_token(reader.credential)
    answer = await people.http.post(
        "/capi/v1/customer/info", json={"name": {"lastName": "Nyquist"}}, headers=bearer(token)
    )
    assert answer.status_code == 200, answer.text
    found = await (await shop(people)).post(SEARCH, {"lastName": "nykvist"})
    assert found == {"customers": []}
    found = await (await shop(people)).post(SEARCH, {"lastName": "nyqu"})
    assert [customer["customerNumber"] for customer in found["customers"]] == [1001]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "expected more to search by"),
        ({"firstName": " ", "text": ""}, "expected more to search by"),
        ({"countryCode": "NO"}, "expected more to search by"),
        ({"text": "k"}, "text: expected more to search by"),
        ({"customerNumber": 0}, "customerNumber: "),
        ({"customerNumber": 2**53}, "customerNumber: "),
        ({"customerNumber": "1001x"}, "customerNumber: "),
        ({"firstName": ["Kari"]}, "firstName: "),
        ({"streetNumber": -1}, "streetNumber: "),
        ({"streetNumber": 2**63}, "streetNumber: "),
        ({"lastName": "x" * 256}, "lastName: "),
        ({"companyName": "x" * 256}, "companyName: "),
        ({"email": "x" * 256}, "email: "),
        ({"phoneNumber": "9" * 41}, "phoneNumber: "),
        ({"streetAddress": "x" * 41}, "streetAddress: "),
        ({"entrance": "x" * 13}, "entrance: "),
        ({"postalCode": "1" * 11}, "postalCode: "),
        ({"postalPlace": "x" * 31}, "postalPlace: "),
        ({"countryCode": "NORG"}, "countryCode: "),
        ({"countryCode": "NOR", "lastName": "Lie"}, "countryCode: "),
        ({"companyRegistrationNumber": "9" * 21}, "companyRegistrationNumber: "),
        ({"externalId": "x" * 17}, "externalId: "),
        ({"externalId": "x", "referenceCode": "x" * 41}, "referenceCode: "),
        ({"text": "word " * 52}, "text: "),
        ({"text": "word " * 20}, "text: expected 10 words at most"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_field(people: Server, body: dict[str, Any], message: str) -> None:
    refused = await (await shop(people)).refused(SEARCH, body)
    assert refused.startswith(message), refused


async def test_more_than_fifty_are_refused_with_what_to_add(people: Server, playground: Playground) -> None:
    await playground.connection.execute(
        """
        insert into customer (partner_id, customer_number, last_name, created_at)
        select 1, n, 'Hansen', '2026-01-01' from generate_series(5000, 5050) n
        """
    )
    client = await shop(people)
    assert await client.refused(SEARCH, {"lastName": "Hansen"}) == (
        "more than 50 customers match: add firstName, postalCode, streetAddress or something else that you know"
    )
    assert len((await client.post(SEARCH, {"lastName": "Hansen", "text": "5050"}))["customers"]) == 1


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\\ud800"])
async def test_texts_that_are_none_are_refused(people: Server, text: str) -> None:
    raw = b'{"text": "' + text.replace("\x00", "\\u0000").encode() + b'"}'
    headers = bearer(await people.client_token()) | {"Content-Type": "application/json"}
    answer = await people.http.post(f"/capi/v1/client{SEARCH}", content=raw, headers=headers)
    assert answer.status_code == 400, answer.text


async def test_a_body_of_megabytes_is_refused_unread(people: Server) -> None:
    headers = bearer(await people.client_token())
    answer = await people.http.post(f"/capi/v1/client{SEARCH}", json={"text": "x " * 5_000_000}, headers=headers)
    assert answer.status_code == 413


async def test_a_user_may_not_search(people: Server, reader: Reader) -> None:
    headers = bearer(await people.user_token(reader.credential))
    answer = await people.http.post(f"/capi/v1/client{SEARCH}", json={"lastName": "Lie"}, headers=headers)
    assert answer.status_code == 403


async def test_the_answer_can_be_xml(people: Server, playground: Playground) -> None:
    await add_person(playground.connection, 1003, Person(names={"last_name": "Lie & Sønn"}))
    headers = bearer(await people.client_token()) | {"Accept": "application/xml"}
    answer = await people.http.post(f"/capi/v1/client{SEARCH}", json={"lastName": "Lie Sonn"}, headers=headers)
    assert "<customers><customer><customerNumber>1003</customerNumber><name><lastName>Lie &amp; Sønn" in answer.text
