"""The shape of what the token endpoint answers (RFC 6749, sections 5.1 and 5.2)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.steps import TOKEN, assert_refused, is_accepted, redirect_query, refresh, signed_in
from tests.playground import APP, CALLBACK, WEB, WEB_SECRET, Playground, Reader

SHORT, SHORT_SECRET = "no.example.short", "short-secret-that-is-long-enough"
CODE_ONLY = "no.example.code-only"
PUBLIC = "no.example.public"


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.add_client(SHORT, 1, SHORT_SECRET, [CALLBACK], access_token_seconds=60, refresh_token_seconds=3600)
    await playground.add_client(CODE_ONLY, 1, SHORT_SECRET, [CALLBACK], grant_types=["authorization_code"])
    await playground.add_client(PUBLIC, 1, None, [CALLBACK])
    await playground.connection.execute("update client set answer_format = 'xml' where client_id = $1", SHORT)
    return playground


def _assert_answer(answer: httpx.Response, *, refresh_token: bool, seconds: int = 43200) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    members: dict[str, Any] = answer.json()
    expected = {"access_token", "token_type", "expires_in", "scope"} | ({"refresh_token"} if refresh_token else set())
    assert set(members) == expected
    assert members["token_type"] == "Bearer"
    assert type(members["expires_in"]) is int
    assert members["expires_in"] == seconds
    assert members["scope"] == "read"
    return members


@pytest.mark.parametrize("accept", ["application/xml", "text/xml, */*;q=0.1", "text/html", "*/*", None])
async def test_token_answers_are_json_whatever_is_asked_for(server: Server, reader: Reader, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    async with (
        signed_in(server, reader) as browser,
        httpx.AsyncClient(base_url=server.base_url, auth=(WEB, WEB_SECRET)) as http,
    ):
        if accept is None:
            del http.headers["accept"]
        form = {"grant_type": "authorization_code", "code": await browser.code(), "redirect_uri": CALLBACK}
        tokens = _assert_answer(await http.post(TOKEN, data=form, headers=headers), refresh_token=True)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        _assert_answer(await http.post(TOKEN, data=form, headers=headers), refresh_token=True)
        form = {"grant_type": "client_credentials"}
        _assert_answer(await http.post(TOKEN, data=form, headers=headers), refresh_token=False)
        assert_refused(await http.post(TOKEN, data={"grant_type": "x"}, headers=headers), "unsupported_grant_type")


async def test_a_client_whose_api_answers_are_xml_gets_its_tokens_as_json(server: Server) -> None:
    answer = await server.token({"grant_type": "client_credentials"}, (SHORT, SHORT_SECRET), headers={"Accept": "*/*"})
    _assert_answer(answer, refresh_token=False, seconds=60)


async def test_lifetimes_are_the_clients_own(server: Server, reader: Reader, clock: Clock) -> None:
    client = (SHORT, SHORT_SECRET)
    async with signed_in(server, reader) as browser:
        code = await browser.code(client_id=SHORT)
        tokens = _assert_answer(await browser.trade(code, client), refresh_token=True, seconds=60)
    clock.move(timedelta(seconds=59))
    assert await is_accepted(server, tokens["access_token"])
    clock.move(timedelta(seconds=1))
    assert not await is_accepted(server, tokens["access_token"])
    refreshed = (await refresh(server, tokens["refresh_token"], client)).json()
    clock.move(timedelta(hours=1))
    assert_refused(await refresh(server, refreshed["refresh_token"], client), "invalid_grant")


async def test_a_client_that_may_not_refresh_gets_no_refresh_token(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        answer = await browser.trade(await browser.code(client_id=CODE_ONLY), (CODE_ONLY, SHORT_SECRET))
        _assert_answer(answer, refresh_token=False)
        tokens = await browser.tokens()
    answer = await refresh(server, tokens["refresh_token"], (CODE_ONLY, SHORT_SECRET))
    assert_refused(answer, "unauthorized_client")


async def test_client_credentials_ignore_the_redirect_uri_that_old_clients_send(server: Server) -> None:
    form = {"grant_type": "client_credentials", "redirect_uri": "https://not.registered.example/", "x": "y"}
    _assert_answer(await server.token(form), refresh_token=False)


async def test_scope_may_be_read_empty_or_absent(server: Server) -> None:
    for scope in ({}, {"scope": ""}, {"scope": "read"}):
        _assert_answer(await server.token({"grant_type": "client_credentials"} | scope), refresh_token=False)
    for wrong in ("write", "read write"):
        answer = await server.token({"grant_type": "client_credentials", "scope": wrong})
        assert_refused(answer, "invalid_scope")


async def test_grants_that_are_unknown_missing_or_not_the_clients_are_refused(server: Server, reader: Reader) -> None:
    for grant_type in ("password", "implicit", "CLIENT_CREDENTIALS", "extid_code"):
        assert_refused(await server.token({"grant_type": grant_type}), "unsupported_grant_type")
    for form in ({}, {"grant_type": ""}):
        assert_refused(await server.token(form), "invalid_request")
    answer = await server.token({"grant_type": "client_credentials"}, (CODE_ONLY, SHORT_SECRET))
    assert_refused(answer, "unauthorized_client")


async def test_a_public_client_cannot_act_for_itself(server: Server) -> None:
    for client_id in (APP, PUBLIC):
        answer = await server.token({"grant_type": "client_credentials", "client_id": client_id}, None)
        assert_refused(answer, "unauthorized_client")


async def test_the_endpoint_takes_nothing_but_post(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        code = redirect_query(await browser.authorize())["code"]
        query = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        answer = await server.http.get(TOKEN, params=query, auth=(WEB, WEB_SECRET))
        assert answer.status_code == 405
        assert (await browser.trade(code)).status_code == 200
