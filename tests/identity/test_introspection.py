"""Token introspection (RFC 7662)."""

from datetime import timedelta

import httpx
import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.jose_by_hand import take_apart
from tests.identity.steps import assert_refused, refresh, revoke
from tests.playground import APP, OTHER, OTHER_SECRET, WEB, WEB_SECRET, Playground, Reader

COLLEAGUE, COLLEAGUE_SECRET = "no.example.api", "colleague-secret-that-is-long-enough"


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.add_client(COLLEAGUE, 1, COLLEAGUE_SECRET, [])
    return playground


async def introspect(server: Server, token: str, client: tuple[str, str] = (WEB, WEB_SECRET)) -> httpx.Response:
    return await server.http.post("/user/oauth/introspect", data={"token": token}, auth=client)


async def assert_inactive(server: Server, token: str, client: tuple[str, str] = (WEB, WEB_SECRET)) -> None:
    answer = await introspect(server, token, client)
    assert (answer.status_code, answer.json()) == (200, {"active": False}), token


async def test_a_living_access_token_is_told_as_it_is(server: Server, reader: Reader) -> None:
    token = await server.user_token(reader.credential)
    claims = take_apart(token)[1]
    for client in ((WEB, WEB_SECRET), (COLLEAGUE, COLLEAGUE_SECRET)):
        answer = await introspect(server, token, client)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert told.pop("active") is True
        assert told.pop("token_type") == "Bearer"
        del claims["gid"]
        assert told == claims
        claims = take_apart(token)[1]


async def test_a_client_token_has_the_client_as_subject(server: Server) -> None:
    told = (await introspect(server, await server.client_token())).json()
    assert (told["active"], told["sub"], told["client_id"], told["scope"]) == (True, WEB, WEB, "read")


async def test_a_refresh_token_is_active_until_it_is_rotated(server: Server, reader: Reader, clock: Clock) -> None:
    first = (await server.user_tokens(reader.credential))["refresh_token"]
    expires_at = int(clock.seconds()) + 30 * 24 * 3600
    assert (await introspect(server, first)).json() == {
        "active": True,
        "scope": "read",
        "client_id": WEB,
        "token_type": "refresh_token",
        "exp": expires_at,
        "sub": reader.unique_id.hex,
    }
    second = (await refresh(server, first)).json()["refresh_token"]
    await assert_inactive(server, first)
    assert (await introspect(server, second)).json()["active"] is True
    clock.move(timedelta(days=30))
    await assert_inactive(server, second)


async def test_what_is_expired_revoked_or_unknown_is_only_told_to_be_inactive(
    server: Server, reader: Reader, clock: Clock
) -> None:
    tokens, others = await server.user_tokens(reader.credential), await server.user_tokens(reader.credential)
    await revoke(server, tokens["refresh_token"])
    for token in (tokens["access_token"], tokens["refresh_token"], "no-such-token", "a.b.c"):
        await assert_inactive(server, token)
    clock.move(timedelta(hours=12))
    await assert_inactive(server, others["access_token"])


async def test_another_partners_tokens_are_invisible(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    for token in (tokens["access_token"], tokens["refresh_token"], await server.client_token()):
        await assert_inactive(server, token, (OTHER, OTHER_SECRET))


async def test_only_clients_with_a_secret_may_ask_and_must_say_what(server: Server) -> None:
    token = await server.client_token()
    answer = await server.http.post("/user/oauth/introspect", data={"token": token, "client_id": APP})
    assert_refused(answer, "invalid_client", 401)
    answer = await server.http.post("/user/oauth/introspect", data={"token": token})
    assert_refused(answer, "invalid_client", 401)
    assert_refused(await introspect(server, token, (WEB, "wrong")), "invalid_client", 401)
    assert_refused(await introspect(server, ""), "invalid_request")
