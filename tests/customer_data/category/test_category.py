"""The partner's categories, which every process has in memory."""

import pytest

from tests.browser_session import Server
from tests.calling import sell_anew
from tests.playground import Playground, Reader
from tests.privacy.customer import Customer, customer

SKI = {"categoryType": "SPORT", "categoryCode": "SKI", "description": "Skiing"}
GOLF = {"categoryType": "SPORT", "categoryCode": "GOLF", "description": "Golf"}
BOAT = {"categoryType": "HOBBY", "categoryCode": "BOAT", "description": "Boats"}


@pytest.fixture
async def kari(server: Server, playground: Playground, reader: Reader) -> Customer:
    await sell_anew(
        server,
        playground,
        "insert into category_type values (1, 'HOBBY', 'Hobbies'), (1, 'EMPTY', 'Nothing yet')",
        "insert into category_code values (1, 'SPORT', 'GOLF', 'Golf'), (1, 'HOBBY', 'BOAT', 'Boats')",
        "insert into category_code values (2, 'SPORT', 'BANDY', 'Bandy')",
    )
    return await customer(server, reader.credential)


async def test_types_are_listed_with_what_they_are_about(kari: Customer) -> None:
    assert await kari("category/type") == {
        "categoryTypes": [
            {"categoryType": "EMPTY", "description": "Nothing yet"},
            {"categoryType": "HOBBY", "description": "Hobbies"},
            {"categoryType": "SPORT", "description": "Sport"},
        ]
    }


async def test_codes_of_all_types_are_listed_each_with_its_type(kari: Customer) -> None:
    assert await kari("category/code") == {"categoryCodes": [BOAT, GOLF, SKI]}


async def test_codes_of_one_type_are_listed(kari: Customer) -> None:
    assert await kari("category/code/SPORT") == {"categoryCodes": [GOLF, SKI]}
    assert await kari("category/code/EMPTY") == {"categoryCodes": []}


@pytest.mark.parametrize("unknown", ["NOTHING", "sport", "SKI", "type"])
async def test_an_unknown_type_has_no_codes(kari: Customer, unknown: str) -> None:
    assert await kari(f"category/code/{unknown}") == {"categoryCodes": []}


async def test_a_type_that_is_too_long_is_refused(kari: Customer) -> None:
    status, message = await kari.refusal(f"category/code/{'X' * 13}")
    assert status == 400
    assert "categoryType" in message


async def test_who_is_no_customer_may_read_them_too(server: Server, playground: Playground, kari: Customer) -> None:
    await playground.add_reader("nobody@example.no")
    nobody = await customer(server, "nobody@example.no")
    assert await nobody("category/code/HOBBY") == {"categoryCodes": [BOAT]}


async def test_they_are_listed_as_xml_too(kari: Customer) -> None:
    answer = await kari.send("category/type", Accept="application/xml")
    assert "<categoryTypes><categoryType><categoryType>EMPTY</categoryType>" in answer.text
