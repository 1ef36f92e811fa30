"""What other systems call a customer: one identifier for each system, and each identifier one customer's."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.customers.references import checked_external_id, checked_reference_code
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_SECRET, WEB, Playground
from tests.privacy.customer import audit_rows

DONE, NOT_DONE = {"success": True}, {"success": False}


class References:
    """A client at work on the references of customers."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token

    async def send(self, method: str, number: int, code: str | None = None, body: Any = None) -> httpx.Response:
        path = f"/capi/v1/client/customer/{number}/external-reference" + (f"/{code}" if code is not None else "")
        return await self._server.http.request(method, path, json=body, headers=bearer(self._token))

    async def answer(self, method: str, number: int, code: str | None = None, body: Any = None) -> Any:
        answer = await self.send(method, number, code, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def register(self, number: int, code: str, external_id: str) -> Any:
        return await self.answer("POST", number, body={"referenceCode": code, "externalId": external_id})

    async def change(self, number: int, code: str, external_id: str) -> Any:
        return await self.answer("PATCH", number, code, {"externalId": external_id})

    async def remove(self, number: int, code: str) -> Any:
        return await self.answer("DELETE", number, code)

    async def listed(self, number: int) -> list[tuple[str, str]]:
        found = (await self.answer("GET", number))["externalReferences"]
        return [(each["referenceCode"], each["externalId"]) for each in found]


@pytest.fixture
async def client(server: Server, playground: Playground) -> References:
    await add_customers(playground, 1001, 1002)
    return References(server, await server.client_token())


async def add_customers(playground: Playground, *numbers: int, partner_id: int = 1) -> None:
    await playground.connection.executemany(
        "insert into customer (partner_id, customer_number, created_at) values ($1, $2, $3)",
        [(partner_id, number, playground.clock.now()) for number in numbers],
    )


async def add_former(connection: Connection, number: int, code: str, external_id: str) -> None:
    """As merging leaves the identifier of the customer that is gone."""
    await connection.execute(
        """
        with look_up as (insert into external_reference_look_up values (1, $2, $3, $1))
        insert into customer_external_reference
        values (1, $1, $2, $3, true, '2026-01-01Z')
        """,
        number,
        code,
        external_id,
    )


async def check_tables(connection: Connection) -> None:
    """Identifiers and their look-up say the same."""
    columns = "partner_id, reference_code, external_id, customer_number"
    [references, look_up] = [
        await connection.fetch(f"select {columns} from {table} order by {columns}")
        for table in ("customer_external_reference", "external_reference_look_up")
    ]
    assert references == look_up


@pytest.fixture(autouse=True)
async def tables_agree(connection: Connection) -> Any:
    yield
    await check_tables(connection)


async def events(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch("select type, status, data from event order by event_id")]


async def test_references_are_registered_changed_and_removed(client: References) -> None:
    assert await client.listed(1001) == []
    assert await client.register(1001, "SAP", "0000012345") == DONE
    assert await client.register(1001, "CRM", "C-1") == DONE
    assert await client.listed(1001) == [("CRM", "C-1"), ("SAP", "0000012345")]
    assert await client.change(1001, "CRM", "C-2") == DONE
    assert await client.listed(1001) == [("CRM", "C-2"), ("SAP", "0000012345")]
    assert await client.remove(1001, "SAP") == DONE
    assert await client.listed(1001) == [("CRM", "C-2")]


async def test_a_second_identifier_for_one_code_is_not_created(client: References) -> None:
    await client.register(1001, "CRM", "C-1")
    assert await client.register(1001, "CRM", "C-2") == NOT_DONE
    assert await client.listed(1001) == [("CRM", "C-1")]
    # Nor is the one that was not stored taken.
    assert await client.register(1002, "CRM", "C-2") == DONE


async def test_the_very_same_again_is_so_and_changes_nothing(client: References, connection: Connection) -> None:
    assert [await client.register(1001, "CRM", each) for each in ("C-1", "C-1", " C-1 ")] == [DONE] * 3
    assert await client.change(1001, "CRM", "C-1") == DONE
    assert len(await audit_rows(connection)) == len(await events(connection)) == 1


async def test_an_identifier_is_one_customers(client: References, connection: Connection) -> None:
    await client.register(1001, "CRM", "C-1")
    assert await client.register(1002, "CRM", "C-1") == NOT_DONE
    await client.register(1002, "CRM", "C-2")
    assert await client.change(1002, "CRM", "C-1") == NOT_DONE
    assert (await client.listed(1001), await client.listed(1002)) == ([("CRM", "C-1")], [("CRM", "C-2")])
    assert len(await audit_rows(connection)) == len(await events(connection)) == 2


async def test_the_same_identifier_may_stand_under_another_code_and_at_another_partner(
    server: Server, playground: Playground, client: References
) -> None:
    await add_customers(playground, 1001, partner_id=2)
    other = References(server, await server.client_token(OTHER, OTHER_SECRET))
    await client.register(1001, "CRM", "C-1")
    assert await client.register(1002, "SAP", "C-1") == DONE
    assert await client.register(1002, "crm", "C-1") == DONE
    assert await client.register(1002, "CRM", "c-1") == DONE
    assert await other.listed(1001) == []
    assert await other.register(1001, "CRM", "C-1") == DONE


async def test_what_is_changed_or_removed_is_free_for_others(client: References) -> None:
    await client.register(1001, "CRM", "C-1")
    await client.change(1001, "CRM", "C-2")
    assert await client.register(1002, "CRM", "C-1") == DONE
    await client.remove(1001, "CRM")
    assert await client.change(1002, "CRM", "C-2") == DONE


async def test_what_is_not_there_is_neither_changed_nor_removed(client: References, connection: Connection) -> None:
    assert await client.change(1001, "CRM", "C-1") == NOT_DONE
    assert await client.remove(1001, "CRM") == NOT_DONE
    await client.register(1001, "CRM", "C-1")
    assert await client.remove(1001, "SAP") == NOT_DONE
    assert await client.remove(1001, "CRM") == DONE
    assert await client.remove(1001, "CRM") == NOT_DONE
    assert len(await events(connection)) == 2


@pytest.mark.parametrize(
    ("method", "code", "body"),
    [
        ("GET", None, None),
        ("POST", None, {"referenceCode": "CRM", "externalId": "C-1"}),
        ("PATCH", "CRM", {"externalId": "C-1"}),
        ("DELETE", "CRM", None),
    ],
)
async def test_a_number_that_is_no_customers_is_not_found(
    server: Server, client: References, method: str, code: str | None, body: Any
) -> None:
    await client.register(1001, "CRM", "C-9")
    other = References(server, await server.client_token(OTHER, OTHER_SECRET))
    for caller, number in ((client, 9999), (other, 1001)):
        answer = await caller.send(method, number, code, body)
        assert answer.status_code == 404
        assert answer.json()["errorMessage"] == f"customerNumber: there is no customer {number}"
    assert await client.listed(1001) == [("CRM", "C-9")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"referenceCode": "CRM"}, "externalId"),
        ({"externalId": "C-1"}, "referenceCode"),
        ({"referenceCode": "CRM", "externalId": ""}, "externalId"),
        ({"referenceCode": "CRM", "externalId": "  "}, "externalId: expected 1 to 16 characters"),
        ({"referenceCode": "CRM", "externalId": "x" * 17}, "externalId"),
        ({"referenceCode": "CRM", "externalId": "a\tb"}, "externalId: expected 1 to 16 characters"),
        ({"referenceCode": "CRM", "externalId": 7}, "externalId"),
        ({"referenceCode": "", "externalId": "C-1"}, "referenceCode"),
        ({"referenceCode": "x" * 41, "externalId": "C-1"}, "referenceCode"),
        ({"referenceCode": "a/b", "externalId": "C-1"}, "referenceCode: expected 1 to 40 letters"),
        ({"referenceCode": "..", "externalId": "C-1"}, "referenceCode: expected 1 to 40 letters"),
        ({"referenceCode": "blåbær", "externalId": "C-1"}, "referenceCode: expected 1 to 40 letters"),
        ({"referenceCode": "a b", "externalId": "C-1"}, "referenceCode: expected 1 to 40 letters"),
        ([], ""),
    ],
)
async def test_what_is_wrong_is_refused_by_its_field(client: References, body: Any, field: str) -> None:
    answer = await client.send("POST", 1001, None, body)
    assert answer.status_code == 400
    assert field in answer.json()["errorMessage"]
    assert await client.listed(1001) == []


async def test_a_wrong_change_is_refused_by_its_field(client: References) -> None:
    await client.register(1001, "CRM", "C-1")
    for body in ({}, {"externalId": ""}, {"externalId": " "}, {"externalId": "x" * 17}, {"externalId": None}):
        answer = await client.send("PATCH", 1001, "CRM", body)
        assert answer.status_code == 400
        assert "externalId" in answer.json()["errorMessage"]
    for code in ("a%20b", "%C3%A6", "x" * 41, "-"):
        answer = await client.send("DELETE", 1001, code)
        assert answer.status_code == 400
        assert "referenceCode" in answer.json()["errorMessage"]
    assert await client.listed(1001) == [("CRM", "C-1")]


async def test_identifiers_and_codes_have_16_and_40_characters_at_most(client: References) -> None:
    assert await client.register(1001, "c" * 40, "ø" * 16) == DONE
    assert await client.register(1001, "a.b_c-9", "1") == DONE
    assert await client.listed(1001) == [("a.b_c-9", "1"), ("c" * 40, "ø" * 16)]
    assert await client.remove(1001, "a.b_c-9") == DONE


async def test_each_change_is_told_with_before_and_after(client: References, connection: Connection) -> None:
    await client.register(1001, "CRM", "C-1")
    await client.change(1001, "CRM", "C-2")
    await client.remove(1001, "CRM")
    first, second = ({"referenceCode": "CRM", "externalId": external_id} for external_id in ("C-1", "C-2"))
    rows = await audit_rows(connection)
    assert [(row["action"], row["before"], row["after"]) for row in rows] == [
        ("registerExternalReferenceClient", None, first),
        ("changeExternalReferenceClient", first, second),
        ("removeExternalReferenceClient", second, None),
    ]
    assert {(row["subject"], row["actor"], row["partner_id"]) for row in rows} == {
        ("customer:1001", f"client:{WEB}", 1)
    }
    assert await events(connection) == [("customer", "update", {"customerNumber": 1001})] * 3


async def test_of_20_customers_who_want_one_identifier_one_gets_it(playground: Playground, client: References) -> None:
    numbers = range(2001, 2021)
    await add_customers(playground, *numbers)
    answers = await asyncio.gather(*(client.register(number, "CRM", "C-1") for number in numbers))
    assert answers.count(DONE) == 1
    assert answers.count(NOT_DONE) == 19
    winner = numbers[answers.index(DONE)]
    assert await client.listed(winner) == [("CRM", "C-1")]
    await check_tables(playground.connection)


async def test_of_20_identifiers_for_one_code_at_once_one_is_stored(client: References, connection: Connection) -> None:
    answers = await asyncio.gather(*(client.register(1001, "CRM", f"C-{n}") for n in range(20)))
    assert answers.count(DONE) == 1
    assert await client.listed(1001) == [("CRM", f"C-{answers.index(DONE)}")]
    await check_tables(connection)


async def test_customers_who_pass_their_identifiers_around_at_once_all_get_an_answer(
    playground: Playground, client: References
) -> None:
    """Each wants the one that the next one has, again and again: nobody waits in a circle, none is lost or doubled."""
    numbers = range(2001, 2009)
    await add_customers(playground, *numbers)
    for index, number in enumerate(numbers):
        await client.register(number, "CRM", f"C-{index}")

    async def pass_on(index: int, number: int) -> None:
        for step in range(10):
            await client.change(number, "CRM", f"C-{(index + step) % 9}")

    await asyncio.gather(*(pass_on(index, number) for index, number in enumerate(numbers)))
    held = [external_id for number in numbers for _, external_id in await client.listed(number)]
    assert len(held) == len(set(held)) == 8


async def test_who_waits_for_an_identifier_gets_it_when_the_first_gives_up(
    client: References, connection: Connection, database_url: str
) -> None:
    first = await asyncpg.connect(database_url)
    transaction = first.transaction()
    await transaction.start()
    await first.execute("insert into external_reference_look_up values (1, 'CRM', 'C-1', 1002)")
    second = asyncio.create_task(client.register(1001, "CRM", "C-1"))
    while not await connection.fetchval("select exists (select from pg_locks where not granted)"):
        await asyncio.sleep(0.005)
    await transaction.rollback()
    await first.close()
    assert await second == DONE


async def test_a_former_one_is_neither_listed_nor_changed_nor_removed_and_nobody_elses(
    client: References, connection: Connection
) -> None:
    await add_former(connection, 1001, "CRM", "OLD")
    assert await client.listed(1001) == []
    assert await client.change(1001, "CRM", "C-1") == NOT_DONE
    assert await client.remove(1001, "CRM") == NOT_DONE
    assert await client.register(1002, "CRM", "OLD") == NOT_DONE
    assert await connection.fetchval("select former from customer_external_reference") is True


async def test_a_former_one_can_become_the_one_that_counts_and_be_removed_then(
    client: References, connection: Connection
) -> None:
    await add_former(connection, 1001, "CRM", "OLD")
    await add_former(connection, 1001, "CRM", "OLDER")
    assert await client.register(1001, "CRM", "OLD") == DONE
    assert await client.change(1001, "CRM", "OLDER") == DONE
    assert await client.listed(1001) == [("CRM", "OLDER")]
    await check_tables(connection)
    assert await client.remove(1001, "CRM") == DONE
    assert await client.register(1002, "CRM", "OLDER") == DONE


async def test_beside_a_former_one_a_new_one_is_registered(client: References, connection: Connection) -> None:
    await add_former(connection, 1001, "CRM", "OLD")
    assert await client.register(1001, "CRM", "NEW") == DONE
    assert await client.remove(1001, "CRM") == DONE
    assert await client.register(1002, "CRM", "OLD") == NOT_DONE


@given(text=st.text(max_size=50))
def test_what_is_stored_is_printable_and_stored_the_same_again(text: str) -> None:
    code, external_id = checked_reference_code(text), checked_external_id(text)
    if code is not None:
        assert 1 <= len(code) <= 40
        assert code.isascii()
        assert not set(code) & set("/%?# \n")
        assert checked_reference_code(code) == code
    if external_id is not None:
        assert 1 <= len(external_id) <= 16
        assert external_id == external_id.strip()
        assert checked_external_id(external_id) == external_id
