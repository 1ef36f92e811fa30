"""A third party acts as identity provider: handles, and the customers they are tied to."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_SECRET, WEB, Playground, Reader

ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
NEW = {"newUser": True, "canLogin": False, "enabled": False}
KNOWN = {"newUser": False, "canLogin": True, "enabled": True}
TYPES = {
    "D": "AID",
    "E": "EGMONT",
    "H": "BYGGFORETAGEN",
    "I": "CORUSCANT",
    "L": "LRFMEDIA",
    "M": "MENTOR",
    "X": "EXTERNAL",
    "Z": "ZEPHR",
}


class Registrar:
    """A client that registers external identities."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token

    async def raw(self, customer_number: object = None, **members: object) -> tuple[int, dict[str, Any]]:
        body = {"externalId": ID, "credentialType": "D"} | members
        path = "/capi/v1/client/extid"
        if customer_number is not None:
            path, body = f"{path}/customer", body | {"customerNumber": customer_number}
        answer = await self._server.http.post(path, json=body, headers=bearer(self._token))
        return answer.status_code, answer.json()

    async def __call__(self, customer_number: int | None = None, **members: object) -> dict[str, Any]:
        status, answer = await self.raw(customer_number, **members)
        assert status == 200, answer
        return answer


@pytest.fixture
async def register(server: Server) -> Registrar:
    return Registrar(server, await server.client_token())


def without_code(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "extidCode"}


async def test_the_first_call_makes_a_user_and_later_ones_find_it(register: Registrar, connection: Connection) -> None:
    first, second, third = [without_code(await register()) for _ in range(3)]
    handle = {"credential": f"AID:{ID}", "externalId": ID, "credentialType": "D", "uniqueId": first["uniqueId"]}
    assert first == handle | NEW
    assert second == third == handle | KNOWN
    stored = await connection.fetchrow("select credential, credential_type, verification_level from user_credential")
    assert tuple(stored or ()) == (f"AID:{ID}", "D", "externallyVerified")
    assert await connection.fetchval("select unique_id from user_account") == UUID(first["uniqueId"])


async def test_every_type_has_a_prefix_and_a_user_of_its_own(register: Registrar) -> None:
    found = {letter: await register(credentialType=letter, externalId="7") for letter in TYPES}
    assert {letter: answer["credential"] for letter, answer in found.items()} == {
        letter: f"{prefix}:7" for letter, prefix in TYPES.items()
    }
    assert len({answer["uniqueId"] for answer in found.values()}) == len(TYPES)


async def test_an_external_id_is_told_apart_by_case(register: Registrar) -> None:
    upper, lower = await register(externalId="AbC"), await register(externalId="abc")
    assert upper["uniqueId"] != lower["uniqueId"]


@pytest.mark.parametrize("letter", ["D", "H"])
async def test_prefix_and_id_together_have_at_most_60_characters(register: Registrar, letter: str) -> None:
    longest = "x" * (60 - len(TYPES[letter]) - 1)
    answer = await register(externalId=longest, credentialType=letter)
    assert len(answer["credential"]) == 60
    for too_long in (longest + "x", "x" * 60):
        status, refusal = await register.raw(externalId=too_long, credentialType=letter)
        assert (status, refusal["exceptionType"]) == (400, "InvalidRequestException")
        assert refusal["errorMessage"].startswith(f"externalId: expected at most {len(longest)} characters")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"externalId": "x" * 61}, "externalId"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": None}, "externalId"),
        ({"credentialType": "A"}, "credentialType"),
        ({"credentialType": "d"}, "credentialType"),
    ],
)
async def test_what_is_wrong_is_named_and_makes_no_user(
    register: Registrar, connection: Connection, reader: Reader, members: dict[str, object], field: str
) -> None:
    for customer_number in (None, 1001):
        status, refusal = await register.raw(customer_number, **members)
        assert (status, refusal["errorMessage"].startswith(field)) == (400, True), refusal
    assert await connection.fetchval("select count(*) from user_account") == 1


async def test_a_customer_is_tied_to_a_handle_and_comes_back_from_then_on(
    register: Registrar, reader: Reader, connection: Connection
) -> None:
    first = await register()
    assert "customerNumber" not in first
    tied = without_code(await register(1001))
    assert tied == without_code(first) | KNOWN | {"customerNumber": 1001}
    assert without_code(await register()) == tied
    assert without_code(await register(1001)) == tied
    number = await connection.fetchval(
        "select customer_number from user_customer where unique_id = $1", UUID(first["uniqueId"])
    )
    assert number == 1001


async def test_tying_makes_the_handle_when_it_is_missing(register: Registrar, reader: Reader) -> None:
    first, second = await register(1001), await register(1001)
    assert without_code(second) == without_code(first) | KNOWN
    assert without_code(first).items() >= (NEW | {"customerNumber": 1001}).items()


async def test_a_handle_can_be_tied_to_another_customer(
    register: Registrar, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await register(1001)
    assert (await register(1002))["customerNumber"] == 1002
    assert (await register())["customerNumber"] == 1002


async def test_an_unknown_customer_is_refused_and_makes_no_user(
    register: Registrar, reader: Reader, connection: Connection
) -> None:
    status, refusal = await register.raw(4711)
    assert (status, refusal["errorMessage"]) == (400, "customerNumber: there is no customer 4711")
    assert await connection.fetchval("select count(*) from user_account") == 1
    for malformed in (0, -1, 2**53, "first"):
        status, refusal = await register.raw(malformed)
        assert (status, refusal["errorMessage"].startswith("customerNumber")) == (400, True), refusal


async def test_another_partners_customer_is_as_unknown_as_one_that_is_not_there(
    register: Registrar, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("anna@annan.se", 2001, partner_id=2)
    assert (await register.raw(2001))[0] == 400
    assert await connection.fetchval("select count(*) from user_account") == 1


async def test_partners_share_the_user_and_each_sees_its_own_customer(
    register: Registrar, server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_reader("anna@annan.se", 2001, partner_id=2)
    there = Registrar(server, await server.client_token(OTHER, OTHER_SECRET))
    here = await register(1001)
    seen = await there()
    assert (seen["uniqueId"], seen["newUser"]) == (here["uniqueId"], False)
    assert "customerNumber" not in seen
    assert (await there(2001))["customerNumber"] == 2001
    assert (await register())["customerNumber"] == 1001


@pytest.mark.parametrize("customer_number", [None, 1001])
async def test_first_calls_at_the_same_moment_make_one_user(
    register: Registrar, reader: Reader, connection: Connection, customer_number: int | None
) -> None:
    answers = await asyncio.gather(*(register(customer_number) for _ in range(8)))
    assert len({answer["uniqueId"] for answer in answers}) == 1
    assert sorted(answer["newUser"] for answer in answers) == [False] * 7 + [True]
    assert await connection.fetchval("select count(*) from user_account") == 2


async def test_what_is_made_and_tied_is_written_down_once(
    register: Registrar, reader: Reader, connection: Connection
) -> None:
    unique_id = (await register())["uniqueId"]
    for _ in range(2):
        await register(1001)
    rows = await connection.fetch(
        "select partner_id, actor, client_id, action, subject, before, after from audit_log order by audit_id"
    )
    who = {"partner_id": 1, "actor": f"client:{WEB}", "client_id": WEB, "subject": f"user:{unique_id}"}
    made = {"action": "registerExternalIdClient", "before": None, "after": {"credentialType": "D"}}
    tied = {
        "action": "registerExternalIdCustomerClient",
        "before": {"customerNumber": None},
        "after": {"customerNumber": 1001},
    }
    assert [dict(row) for row in rows] == [who | made, who | tied]


async def test_a_user_who_was_shut_out_is_neither_enabled_nor_able_to_log_in(
    register: Registrar, connection: Connection, playground: Playground
) -> None:
    await register()
    await connection.execute("update user_account set disabled_at = $1", playground.clock.now())
    assert without_code(await register()).items() >= {"canLogin": False, "enabled": False, "newUser": False}.items()


async def test_the_handle_counts_in_an_access_check(register: Registrar, server: Server, reader: Reader) -> None:
    await register(1001)
    answer = await server.http.post(
        "/capi/v1/client/access",
        json={"product": "DIGI", "credential": f"AID:{ID}"},
        headers=bearer(await server.client_token()),
    )
    assert answer.json()["access"] is True


async def test_the_code_becomes_a_token_of_the_user(register: Registrar, server: Server, reader: Reader) -> None:
    handle = await register(1001)
    form = {"grant_type": "https://connectid.no/oauth2/grant_type/extid_code", "code": handle["extidCode"]}
    token = (await server.token(form)).json()["access_token"]
    answer = await server.http.get("/capi/v1/customer/profile", headers=bearer(token))
    assert (answer.json()["uniqueId"], answer.json()["customerNumber"]) == (handle["uniqueId"], 1001)
