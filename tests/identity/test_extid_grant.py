"""The extension grant for a user known by an external identity (RFC 6749, section 4.5)."""

import hmac
from datetime import timedelta
from hashlib import sha512
from typing import Any

import httpx
import pytest

from kolofon.identity.oauth.rfc6749 import EXTID_CODE
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.identity.jose_by_hand import decode, put_together, sign_hs256, take_apart
from tests.identity.steps import assert_refused, is_accepted, refresh
from tests.identity.test_concurrency import Request, at_once
from tests.playground import APP, OTHER, OTHER_SECRET, WEB, WEB_SECRET, Playground, Reader

COLLEAGUE, COLLEAGUE_SECRET = "no.example.api", "colleague-secret-that-is-long-enough"


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.add_client(COLLEAGUE, 1, COLLEAGUE_SECRET, [])
    await playground.add_client("no.example.site", 1, COLLEAGUE_SECRET, [], grant_types=["client_credentials"])
    return playground


async def register(server: Server, external_id: str = "a_1-2", client: tuple[str, str] = (WEB, WEB_SECRET)) -> Any:
    answer = await server.http.post(
        "/capi/v1/client/extid",
        json={"externalId": external_id, "credentialType": "D"},
        headers=bearer(await server.client_token(*client)),
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def trade(server: Server, code: str, client: tuple[str, str] = (WEB, WEB_SECRET)) -> httpx.Response:
    return await server.token({"grant_type": EXTID_CODE, "code": code}, client)


async def test_a_registered_external_identity_is_traded_for_its_users_tokens(server: Server) -> None:
    registered = await register(server)
    answer = await trade(server, registered["extidCode"])
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 43200, "read")
    profile = await server.http.get("/capi/v1/user/profile", headers=bearer(tokens["access_token"]))
    assert profile.json()["uniqueId"] == registered["uniqueId"]
    refreshed = await refresh(server, tokens["refresh_token"])
    assert await is_accepted(server, refreshed.json()["access_token"])


async def test_the_code_looks_as_existing_clients_know_it(server: Server) -> None:
    code = (await register(server))["extidCode"]
    header, claims, signature = take_apart(code)
    assert decode(code.split(".")[0]) == b'{"alg":"HS512"}'
    assert header == {"alg": "HS512"}
    assert next(iter(claims)) == "ct"
    assert claims["ct"].startswith("D_")
    assert len(signature) == 64


async def test_a_code_is_good_once(server: Server) -> None:
    code = (await register(server))["extidCode"]
    tokens = (await trade(server, code)).json()
    assert_refused(await trade(server, code), "invalid_grant")
    assert await is_accepted(server, tokens["access_token"])
    again = (await register(server))["extidCode"]
    assert (await trade(server, again)).status_code == 200


async def test_of_many_uses_at_once_one_succeeds(server: Server, connection: Connection) -> None:
    code = (await register(server))["extidCode"]
    requests: list[Request] = [trade(server, code) for _ in range(10)]
    answers = await at_once(connection, [server], "token_revocation", requests)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert await connection.fetchval("select count(*) from oauth_grant") == 1


async def test_another_client_can_neither_use_a_code_nor_spoil_it(server: Server) -> None:
    code = (await register(server))["extidCode"]
    for client in ((COLLEAGUE, COLLEAGUE_SECRET), (OTHER, OTHER_SECRET)):
        assert_refused(await trade(server, code, client), "invalid_grant")
    assert (await trade(server, code)).status_code == 200


async def test_a_code_lives_for_ten_minutes(server: Server, clock: Clock) -> None:
    in_time, too_late = (await register(server))["extidCode"], (await register(server))["extidCode"]
    clock.move(timedelta(minutes=10) - timedelta(seconds=1))
    assert (await trade(server, in_time)).status_code == 200
    clock.move(timedelta(seconds=1))
    assert_refused(await trade(server, too_late), "invalid_grant")


async def test_a_forged_code_is_refused(server: Server, reader: Reader) -> None:
    code = (await register(server))["extidCode"]
    header, claims, signature = take_apart(code)
    other = claims | {"ct": f"A_{reader.credential}"}
    unsigned = put_together(header, other).rstrip(".")
    own_key = hmac.digest(b"k" * 32, unsigned.encode(), sha512)
    for text in (
        put_together(header, other, signature),
        put_together(header, other, own_key),
        put_together({"alg": "none"}, other),
        sign_hs256({"alg": "HS256"}, other, b""),
        code[:-4],
        await server.client_token(),
        "x",
        "a.b.c",
        "æ.ø.å",
    ):
        assert_refused(await trade(server, text), "invalid_grant")
    assert_refused(await server.token({"grant_type": EXTID_CODE}), "invalid_request")
    assert (await trade(server, code)).status_code == 200


async def test_a_code_is_no_access_token(server: Server) -> None:
    assert not await is_accepted(server, (await register(server))["extidCode"])


async def test_the_code_of_a_disabled_account_is_refused(server: Server, connection: Connection, clock: Clock) -> None:
    code = (await register(server))["extidCode"]
    await connection.execute("update user_account set disabled_at = $1", clock.now())
    assert_refused(await trade(server, code), "invalid_grant")


async def test_only_clients_with_this_grant_may_use_it(server: Server) -> None:
    code = (await register(server))["extidCode"]
    assert_refused(await trade(server, code, ("no.example.site", COLLEAGUE_SECRET)), "unauthorized_client")
    answer = await server.token({"grant_type": EXTID_CODE, "code": code, "client_id": APP}, None)
    assert_refused(answer, "unauthorized_client")
