"""Repeatable writes: `Idempotency-Key`."""

import asyncio
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from httpx import Response

from tests.browser_session import Server, bearer
from tests.playground import CALLBACK, Playground, Reader
from tests.waiting import until_waiting

EXTID = "/capi/v1/client/extid"
PRIVACY = "/capi/v1/customer/privacy/NEWS"
DM = {"permission": [{"purpose": "DM"}]}
EM = {"permission": [{"purpose": "EM"}]}
OTHER_APP = "no.example.second"
OTHER_APP_SECRET = "second-secret-that-is-long-enough-for-tests"


class Caller:
    """Posts with a key."""

    def __init__(self, server: Server, token: str) -> None:
        self._http = server.http
        self._token = token

    async def post(self, path: str, body: Any, key: str = "key-1", **headers: str) -> Response:
        given = bearer(self._token) | {"Idempotency-Key": key} | headers
        return await self._http.post(path, json=body, headers=given)


@pytest.fixture
async def client(server: Server) -> Caller:
    return Caller(server, await server.client_token())


@pytest.fixture
async def user(server: Server, reader: Reader) -> Caller:
    return Caller(server, await server.user_token(reader.credential))


async def purposes(playground: Playground) -> list[str]:
    rows = await playground.connection.fetch("select purpose from privacy_permission order by purpose")
    return [row["purpose"] for row in rows]


async def changes(playground: Playground) -> int:
    return int(await playground.connection.fetchval("select count(*) from audit_log"))


async def test_a_repeat_gets_the_first_answer_and_the_effect_is_there_once(
    client: Caller, playground: Playground
) -> None:
    body = {"externalId": "42", "credentialType": "X"}
    first = await client.post(EXTID, body)
    repeat = await client.post(EXTID, body)
    # Done anew it would say that the user is known, and carry another code.
    assert first.json()["newUser"] is True
    assert repeat.content == first.content
    assert (repeat.status_code, repeat.headers["content-type"]) == (200, "application/json")
    assert "idempotency-replayed" not in first.headers
    assert repeat.headers["idempotency-replayed"] == "true"
    assert await playground.connection.fetchval("select count(*) from user_account") == 1
    assert await changes(playground) == 1
    again = await client.post(EXTID, body, "key-2")
    assert again.json()["newUser"] is False


async def test_a_repeat_does_not_undo_what_happened_since(user: Caller, playground: Playground) -> None:
    await user.post(PRIVACY, DM, "a")
    await user.post(PRIVACY, EM, "b")
    assert (await user.post(PRIVACY, DM, "a")).json() == DM
    assert await purposes(playground) == ["EM"]


async def test_a_repeat_of_an_xml_answer_is_that_answer(user: Caller) -> None:
    first = await user.post(PRIVACY, DM, Accept="application/xml")
    repeat = await user.post(PRIVACY, DM, Accept="application/xml")
    root: Element = fromstring(first.content)
    assert root.tag == "privacy"
    assert repeat.content == first.content
    assert repeat.headers["content-type"] == first.headers["content-type"]


async def test_the_same_key_with_another_body_is_422(user: Caller, playground: Playground) -> None:
    await user.post(PRIVACY, DM)
    answer = await user.post(PRIVACY, EM)
    assert answer.status_code == 422
    assert answer.json()["exceptionType"] == "UnprocessableException"
    assert await purposes(playground) == ["DM"]


@pytest.mark.parametrize("path", ["/capi/v1/customer/privacy/MAG", f"{PRIVACY}/SUB", f"{PRIVACY}?x=1"])
async def test_the_same_key_on_another_route_is_422(user: Caller, playground: Playground, path: str) -> None:
    await user.post(PRIVACY, DM)
    assert (await user.post(path, DM)).status_code == 422
    assert await changes(playground) == 1


async def test_a_repeat_while_the_first_is_in_flight_is_409_and_gets_the_answer_afterwards(
    user: Caller, playground: Playground
) -> None:
    holder = playground.connection
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("select from customer where customer_number = 1001 for update")
    first = asyncio.create_task(user.post(PRIVACY, DM))
    await until_waiting(holder)
    repeat = await user.post(PRIVACY, DM)
    assert repeat.status_code == 409
    assert repeat.json()["exceptionType"] == "ConflictException"
    assert not first.done()
    await transaction.rollback()
    assert (await first).status_code == 200
    repeat = await user.post(PRIVACY, DM)
    assert repeat.status_code == 200
    assert repeat.headers["idempotency-replayed"] == "true"
    assert await changes(playground) == 1


async def test_of_many_at_once_one_has_the_effect_and_the_others_get_409_or_its_answer(
    client: Caller, playground: Playground
) -> None:
    body = {"externalId": "42", "credentialType": "X"}
    answers = await asyncio.gather(*(client.post(EXTID, body) for _ in range(12)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert await changes(playground) == 1


async def test_each_user_and_each_client_has_keys_of_its_own(
    server: Server, user: Caller, client: Caller, playground: Playground
) -> None:
    await playground.add_client(OTHER_APP, 1, OTHER_APP_SECRET, [CALLBACK])
    await server.parts.catalogue._read(playground.connection)
    ola = await playground.add_reader("ola@example.no", 1002)
    others = [
        (Caller(server, await server.user_token(ola.credential)), PRIVACY, EM),
        (client, EXTID, {"externalId": "1", "credentialType": "X"}),
        (
            Caller(server, await server.client_token(OTHER_APP, OTHER_APP_SECRET)),
            EXTID,
            {"externalId": "2", "credentialType": "X"},
        ),
    ]
    assert (await user.post(PRIVACY, DM)).status_code == 200
    for caller, path, body in others:
        answer = await caller.post(path, body)
        assert answer.status_code == 200, answer.text
        assert "idempotency-replayed" not in answer.headers
    assert await changes(playground) == 4


async def test_a_new_token_of_the_same_user_repeats_with_the_same_keys(
    server: Server, user: Caller, reader: Reader, playground: Playground
) -> None:
    await user.post(PRIVACY, DM)
    again = Caller(server, await server.user_token(reader.credential))
    assert (await again.post(PRIVACY, DM)).headers["idempotency-replayed"] == "true"


async def test_a_refused_request_does_not_keep_the_key(user: Caller, playground: Playground) -> None:
    refused = await user.post(PRIVACY, {"permission": [{"purpose": "NONSENSE"}]})
    assert refused.status_code == 400
    assert (await user.post(PRIVACY, DM)).status_code == 200
    assert await purposes(playground) == ["DM"]


async def test_a_key_is_remembered_for_seven_days_and_forgotten_by_the_sweep(
    server: Server, user: Caller, playground: Playground
) -> None:
    from kolofon.worker import Worker

    parts = server.parts
    worker = Worker(parts.pool, playground.clock, parts.key_store, parts.delivery, parts.telling)
    await user.post(PRIVACY, DM)
    count = "select count(*) from idempotency_key"
    playground.clock.move(timedelta(days=7) - timedelta(minutes=1))
    await worker.keep_house()
    assert await playground.connection.fetchval(count) == 1
    playground.clock.move(timedelta(minutes=2))
    await worker.keep_house()
    assert await playground.connection.fetchval(count) == 0


async def test_the_effect_is_not_kept_when_the_key_cannot_be(user: Caller, playground: Playground) -> None:
    await playground.connection.execute("alter table idempotency_key add constraint none check (route = '')")
    assert (await user.post(PRIVACY, DM)).status_code == 500
    assert await purposes(playground) == []
    assert await changes(playground) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_an_unusable_key_is_refused(user: Caller, playground: Playground, key: str) -> None:
    answer = await user.post(PRIVACY, DM, key)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith("Idempotency-Key:")
    assert await purposes(playground) == []


async def test_a_read_with_a_key_is_answered_anew(server: Server, user: Caller, reader: Reader) -> None:
    headers = bearer(await server.user_token(reader.credential)) | {"Idempotency-Key": "k"}
    assert (await server.http.get(PRIVACY, headers=headers)).json() == {"permission": []}
    await user.post(PRIVACY, DM)
    assert (await server.http.get(PRIVACY, headers=headers)).json() == DM
