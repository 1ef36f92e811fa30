"""A customer is registered without an order."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.order_management.order.ordering import PAYER, Shop, without
from tests.playground import Playground, Reader

PATH = "/order/customer"


@pytest.fixture
async def ola(server: Server, playground: Playground) -> Shop:
    """A user who is nobody's customer."""
    await playground.add_reader("ola@example.no")
    return Shop(server, await server.user_token("ola@example.no"), is_client=False)


async def count(connection: Connection) -> int:
    return int(await connection.fetchval("select count(*) from customer"))


async def test_a_user_becomes_a_customer_once(ola: Shop, connection: Connection) -> None:
    number = await ola.customer(PAYER)
    assert await ola.customer(PAYER) == number
    assert await ola.customer({}) == number
    row = await connection.fetchrow("select first_name, last_name from customer where customer_number = $1", number)
    assert row is not None
    assert tuple(row) == ("Kari", "Nordmann")
    assert await connection.fetchval("select customer_number from user_customer") == number
    [first, *_] = await connection.fetch("select action, subject, after from audit_log order by audit_id")
    assert (first["action"], first["subject"]) == ("registerCustomer", f"customer:{number}")
    assert "Nordmann" not in str(first)


async def test_many_at_once_make_one_customer(ola: Shop, connection: Connection) -> None:
    numbers = await asyncio.gather(*(ola.customer(PAYER) for _ in range(8)))
    assert len(set(numbers)) == 1
    assert await count(connection) == 1
    assert await connection.fetchval("select count(*) from customer_address") == 1


async def test_a_user_who_is_a_customer_keeps_number_and_name(kari: Shop, connection: Connection) -> None:
    assert await kari.customer(PAYER | {"lastName": "Svensson", "companyName": "Tesen AS"}) == 1001
    row = await connection.fetchrow("select last_name, company_name from customer")
    assert row is not None
    assert tuple(row) == ("Nordmann", "Tesen AS")


async def test_a_user_gets_no_other_customer_by_naming_it(
    ola: Shop, reader: Reader, playground: Playground, connection: Connection
) -> None:
    for number in (reader.customer_number, 9999):
        told = await ola.refused(PAYER | {"customerNumber": number}, PATH)
        assert told == f"customerNumber: there is no customer {number} of this user"
    assert await connection.fetchval("select count(*) from user_customer") == 1
    other = await playground.add_reader("siri@example.no")
    assert "uniqueUserId" in await ola.refused(PAYER | {"uniqueUserId": other.unique_id.hex}, PATH)


async def test_a_user_gets_no_other_customer_by_its_e_mail(ola: Shop, reader: Reader, connection: Connection) -> None:
    number = await ola.customer(PAYER | {"emails": [reader.credential]})
    assert number != reader.customer_number


async def test_a_client_registers_for_a_user_or_for_nobody(
    shop: Shop, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    number = await shop.customer(PAYER | {"uniqueUserId": ola.unique_id.hex})
    assert await shop.customer(PAYER | {"uniqueUserId": ola.unique_id.hex}) == number
    assert await shop.customer(PAYER) != number
    assert await connection.fetchval("select count(*) from user_customer") == 1
    assert await shop.refused(PAYER | {"uniqueUserId": uuid4().hex}, PATH) == "uniqueUserId: there is no such user"


async def test_a_client_ties_a_user_to_a_customer_that_it_names(
    shop: Shop, other_shop: Shop, reader: Reader, playground: Playground, connection: Connection
) -> None:
    siri = await playground.add_reader("siri@example.no")
    body = {"customerNumber": 1001, "uniqueUserId": siri.unique_id.hex}
    assert "customerNumber: there is no customer 1001" in await other_shop.refused(body, PATH)
    assert await shop.customer(body) == 1001
    tied = await connection.fetchval(
        "select customer_number from user_customer where unique_id = $1 and partner_id = 1", siri.unique_id
    )
    assert tied == 1001


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "lastName: expected a name here or in companyName; postalCode: expected"),
        (without(PAYER, "postalCode"), "postalCode: expected the postal code"),
        (without(PAYER, "emails", "phoneNumbers"), "emails: expected an e-mail address"),
        (PAYER | {"customerNumber": 9999}, "customerNumber: there is no customer 9999"),
        (PAYER | {"categories": [{"addressCategory": "CHESS"}]}, "categories[0].addressCategory: there is no category"),
        (PAYER | {"birthDate": "x"}, "birthDate: expected"),
        (PAYER | {"uniqueUserId": "x"}, "uniqueUserId"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(
    shop: Shop, connection: Connection, body: dict[str, Any], told: str
) -> None:
    assert (await shop.refused(body, PATH)).startswith(told)
    assert await count(connection) == 0


async def test_a_national_identity_number_is_kept_sealed_and_given_back_nowhere(
    shop: Shop, connection: Connection
) -> None:
    answer = await shop.post(PATH, PAYER | {"personsSocialSecurityNumber": "01019000083"})
    sealed = await connection.fetchval("select sealed_national_id from customer")
    assert len(sealed) > 40
    for table in ("customer", "event", "audit_log"):
        rows = await connection.fetch(f"select t::text from {table} t")
        assert "01019000083" not in str(rows)
    assert "01019000083" not in answer.text
