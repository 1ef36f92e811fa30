"""Whether a customer number and a second fact belong together, told to clients without becoming an oracle."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.customer_data.customer.check_service import WRONG_AT_NUMBER, WRONG_OF_CLIENT
from kolofon.customer_data.customer.queries import Facts
from kolofon.customer_data.customer.rules import belongs_together
from kolofon.platform.database import Connection
from kolofon.platform.limits import MemoryRateLimiter
from tests.browser_session import Server, bearer
from tests.calling import Shop, other_shop, shop
from tests.playground import APP_CALLBACK, Playground, Reader

PATH = "/customer/check"


class StoppedTime:
    """The limiter's clock, which only a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stopped(server: Server) -> StoppedTime:
    limiter, time = server.parts.limiter, StoppedTime()
    assert isinstance(limiter, MemoryRateLimiter)
    limiter._monotonic = time
    return time


@pytest.fixture
async def client(server: Server, reader: Reader, stopped: StoppedTime) -> Shop:
    return await shop(server)


@pytest.fixture(autouse=True)
async def home(playground: Playground, reader: Reader) -> None:
    await put_address(playground, "0150", "0101", -400, None)


async def put_address(
    playground: Playground,
    postal_code: str | None,
    postal_address_postal_code: str | None,
    begins: int,
    ends: int | None,
    **columns: str,
) -> None:
    """An address of 1001 that counts from and until so many days from today."""
    today = playground.clock.now().date()
    names = "".join(f", {name}" for name in columns)
    places = "".join(f", ${number}" for number in range(6, 6 + len(columns)))
    await playground.connection.execute(
        f"""
        insert into customer_address (partner_id, customer_number, country_code, created_at, postal_code,
            postal_address_postal_code, valid_from, valid_until{names})
        values (1, 1001, 'NO', $5, $1, $2, $3, $4{places})
        """,
        postal_code,
        postal_address_postal_code,
        today + timedelta(days=begins),
        today + timedelta(days=ends) if ends is not None else None,
        playground.clock.now(),
        *columns.values(),
    )


async def valid(client: Shop, **members: Any) -> bool:
    answer = await client.post(PATH, {"customerNumber": 1001} | members)
    assert answer.keys() == {"valid"}
    return bool(answer["valid"])


@pytest.mark.parametrize(
    "facts",
    [
        {"lastName": "Nordmann"},
        {"lastName": " nord-MANN "},
        {"postalCode": "0150"},
        {"postalCode": "01 50"},
        {"postalCode": "0101"},
        {"lastName": "Nordmann", "postalCode": "0150"},
        {"lastName": "Nordmann", "postalCode": ""},
    ],
)
async def test_facts_that_fit_are_valid_however_they_are_written(client: Shop, facts: dict[str, str]) -> None:
    assert await valid(client, **facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"lastName": "Hansen"},
        {"lastName": "Nord"},
        {"lastName": "Kari"},
        {"postalCode": "0151"},
        {"lastName": "Nordmann", "postalCode": "0151"},
        {"lastName": "Hansen", "postalCode": "0150"},
        {"lastName": "-"},
        {"postalCode": "-"},
        {"customerNumber": 9999, "lastName": "Nordmann"},
        {"customerNumber": 9999, "lastName": "-", "postalCode": "."},
    ],
)
async def test_one_that_does_not_fit_and_a_number_that_is_nobodys_are_answered_alike(
    client: Shop, facts: dict[str, str]
) -> None:
    assert not await valid(client, **facts)


@pytest.mark.parametrize(
    ("stored", "written"),
    [("Ødegård", "odegard"), ("Nærbø", "NAERBO"), ("Lindström", "lindstrom"), ("de la Cruz", "Delacruz")],
)
async def test_names_are_compared_without_case_accents_and_spaces(
    client: Shop, connection: Connection, stored: str, written: str
) -> None:
    await connection.execute("update customer set last_name = $1 where customer_number = 1001", stored)
    assert await valid(client, lastName=written)


async def test_a_company_goes_by_its_name(client: Shop, connection: Connection) -> None:
    await connection.execute(
        "update customer set last_name = null, company_name = 'Fjord Media AS' where customer_number = 1001"
    )
    assert await valid(client, lastName="fjord media as")
    assert not await valid(client, lastName="Nordmann")


async def test_a_customer_without_a_name_or_an_address_is_not_found_by_nothing(
    client: Shop, connection: Connection
) -> None:
    await connection.execute("update customer set last_name = '-' where customer_number = 1001")
    await connection.execute("delete from customer_address")
    for facts in ({"lastName": "-"}, {"lastName": "..."}, {"postalCode": "-"}):
        assert not await valid(client, **facts)


async def test_the_home_address_of_today_counts_and_no_other(client: Shop, playground: Playground) -> None:
    await playground.connection.execute("delete from customer_address")
    await put_address(playground, "1111", None, -400, -100)
    await put_address(playground, "2222", None, -100, 10)
    await put_address(playground, "3333", None, 10, None)
    assert [await valid(client, postalCode=code * 4) for code in "123"] == [False, True, False]
    playground.clock.move(timedelta(days=11))
    client = await shop(client.server)
    assert await valid(client, postalCode="3333")
    assert not await valid(client, postalCode="2222")


@pytest.mark.parametrize("column", [{"product_code": "PAPER"}, {"dropped": "corrected"}])
async def test_an_address_for_one_product_or_one_that_never_counted_proves_nothing(
    client: Shop, playground: Playground, column: dict[str, str]
) -> None:
    await playground.connection.execute("delete from customer_address")
    await put_address(playground, "4444", "4444", -50, None, **column)
    assert not await valid(client, postalCode="4444")


@pytest.mark.parametrize("body", [{}, {"lastName": " "}, {"lastName": "", "postalCode": ""}, {"firstName": "Kari"}])
async def test_a_number_alone_is_refused(client: Shop, body: dict[str, str]) -> None:
    message = await client.refused(PATH, {"customerNumber": 1001} | body)
    assert message == "lastName: expected the last name here or the postal code in postalCode"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lastName": "Nordmann"}, "customerNumber"),
        ({"customerNumber": 0, "lastName": "Nordmann"}, "customerNumber"),
        ({"customerNumber": 2**53, "lastName": "Nordmann"}, "customerNumber"),
        ({"customerNumber": "x", "lastName": "Nordmann"}, "customerNumber"),
        ({"customerNumber": 1001, "lastName": "x" * 256}, "lastName"),
        ({"customerNumber": 1001, "postalCode": "x" * 11}, "postalCode"),
        ({"customerNumber": 1001, "postalCode": 150}, "postalCode"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field(client: Shop, body: dict[str, Any], field: str) -> None:
    assert field in await client.refused(PATH, body)


async def test_a_client_of_another_partner_is_told_that_nothing_fits(server: Server, reader: Reader) -> None:
    assert not await valid(await other_shop(server), lastName="Nordmann", postalCode="0150")


async def ask(client: Shop, **members: Any) -> tuple[int, Any, int | None]:
    """Status, body, and how long to wait."""
    body = {"customerNumber": 1001, "lastName": "Nordmann"} | members
    answer = await client.server.http.post(f"/capi/v1/client{PATH}", json=body, headers=client.headers)
    wait = answer.headers.get("Retry-After")
    return answer.status_code, answer.json(), int(wait) if wait is not None else None


@pytest.mark.parametrize("number", [1001, 9999], ids=["a customer's", "nobody's"])
async def test_one_number_cannot_be_ground_through(client: Shop, stopped: StoppedTime, number: int) -> None:
    for guess in range(WRONG_AT_NUMBER.per_minute):
        assert (await ask(client, customerNumber=number, lastName=f"Guess {guess}"))[:2] == (200, {"valid": False})
    answers = [await ask(client, customerNumber=number, lastName=name) for name in ("Nordmann", "Guess")]
    for status, body, wait in answers:
        assert status == 429
        assert body["errorMessage"] == "too many wrong facts of a customer number, please wait a minute"
        assert wait is not None
        assert wait >= 1
    # No other number is in the way of it, and this one only for a minute.
    assert (await ask(client, customerNumber=1002))[0] == 200
    stopped.now += 60
    assert (await ask(client, customerNumber=number))[:2] == (200, {"valid": number == 1001})


async def test_all_clients_of_a_partner_count_at_a_number_and_those_of_others_do_not(
    server: Server, playground: Playground, client: Shop
) -> None:
    secret = "another-secret-that-is-long-enough"
    await playground.add_client("no.example.second", 1, secret, [APP_CALLBACK])
    second = Shop(server, bearer(await server.client_token("no.example.second", secret)))
    for guess in range(WRONG_AT_NUMBER.per_minute):
        await ask(client if guess % 2 else second, lastName=f"Guess {guess}")
    assert (await ask(client))[0] == (await ask(second))[0] == 429
    assert (await ask(await other_shop(server)))[0] == 200


async def test_guesses_that_come_at_once_are_no_more_than_those_one_after_the_other(client: Shop) -> None:
    answers = await asyncio.gather(*(ask(client, lastName=f"Guess {guess}") for guess in range(60)))
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= WRONG_AT_NUMBER.per_minute


async def test_one_client_cannot_walk_through_the_numbers(client: Shop) -> None:
    statuses = [(await ask(client, customerNumber=5000 + n))[0] for n in range(WRONG_OF_CLIENT.per_minute + 1)]
    assert statuses == [200] * WRONG_OF_CLIENT.per_minute + [429]
    # A right one is not told of either.
    status, body, _ = await ask(client)
    assert status == 429
    assert body["errorMessage"] == "too many wrong customer numbers, please wait a minute"


async def test_right_answers_are_not_counted(client: Shop) -> None:
    assert {(await ask(client))[0] for _ in range(3 * WRONG_AT_NUMBER.per_minute)} == {200}


words = st.none() | st.text(max_size=2)


@given(name=words, company=words, code=words, last_name=words, postal_code=words)
def test_every_fact_that_is_said_must_be_one_of_the_customers(
    name: str | None, company: str | None, code: str | None, last_name: str | None, postal_code: str | None
) -> None:
    named = last_name is None or last_name in {name, company} - {""}
    placed = postal_code is None or postal_code in {code} - {""}
    assert belongs_together(Facts(last_name, postal_code, name, company, code)) is (named and placed)
    nothing_said = last_name is None and postal_code is None
    assert belongs_together(Facts(last_name, postal_code)) is nothing_said


SPELLINGS = ["Ås-Sæther", "as saether", "AAS SÄTHER", " Aas.Sather ", "A\u030as-S\u00e6ther"]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_names_are_compared_as_the_search_compares_them(
    client: Shop, playground: Playground, spelling: str
) -> None:
    await playground.connection.execute("update customer set last_name = 'Ås-Sæther' where customer_number = 1001")
    assert await valid(client, lastName=spelling)
    found = await client.post("/customer/search", {"lastName": spelling})
    assert [customer["customerNumber"] for customer in found["customers"]] == [1001]
    assert not await valid(client, lastName="Ås")


@pytest.mark.parametrize("text", ["x" * 255, "\U0001f600", "' or 1=1 --", "\\", "%", "İ"])
async def test_whatever_is_said_is_only_compared(client: Shop, text: str) -> None:
    assert not await valid(client, lastName=text, postalCode="0150")
