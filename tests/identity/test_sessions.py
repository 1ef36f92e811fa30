"""The session that a browser has after signing in, and the cookies that carry it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.steps import AUTHORIZE, signed_in
from tests.identity.test_sign_in_page import LOGIN, QUERY, Page, cookies_set, fill_in
from tests.playground import CALLBACK, PASSWORD, Playground, Reader


@pytest.fixture
async def secure(playground: Playground, database_url: str, clock: Clock) -> AsyncIterator[Server]:
    """A server that the world reaches by https."""
    settings = Settings(log_level="error", public_url="https://id.example.no")
    async with running_server(database_url, clock, settings) as server:
        yield server


async def test_session_cookies_are_out_of_reach(server: Server, reader: Reader) -> None:
    async with server.browser() as http:
        page = cookies_set(await http.get(f"{LOGIN}?{QUERY}"))
        session = cookies_set(await fill_in(http, reader.credential, PASSWORD))["kolofon_session"]
        for cookie in (session, page["kolofon_form"]):
            assert cookie["httponly"] is True
            assert cookie["samesite"].lower() == "lax"
            assert cookie["path"] == "/"
            assert cookie["domain"] == ""
        assert session["max-age"] == session["expires"] == ""
        assert len(session.value) >= 43


async def test_by_https_cookies_are_secure_and_bound_to_the_host(secure: Server, reader: Reader) -> None:
    async with httpx.AsyncClient(base_url=secure.base_url) as http:
        page = await http.get(f"{LOGIN}?{QUERY}")
        [form_cookie] = cookies_set(page).values()
        answer = await http.post(
            f"{LOGIN}?{QUERY}",
            data=Page(page.text).fields | {"j_username": reader.credential, "j_password": PASSWORD},
            headers={"Cookie": f"{form_cookie.key}={form_cookie.value}"},
        )
        assert answer.status_code == 303
        assert answer.headers["location"] == f"https://id.example.no{AUTHORIZE}?{QUERY}"
        [session] = cookies_set(answer).values()
        answer = await http.get(f"{AUTHORIZE}?{QUERY}", headers={"Cookie": f"{session.key}={session.value}"})
    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")
    for cookie, name in ((form_cookie, "__Host-kolofon_form"), (session, "__Host-kolofon_session")):
        assert cookie.key == name
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_signing_in_always_makes_a_new_session(server: Server, reader: Reader) -> None:
    planted = "A" * 43
    async with server.browser() as http:
        http.cookies.set("kolofon_session", planted)
        first = cookies_set(await fill_in(http, reader.credential, PASSWORD))["kolofon_session"].value
        second = cookies_set(await fill_in(http, reader.credential, PASSWORD))["kolofon_session"].value
    assert len({planted, first, second}) == 3
    answer = await server.http.get(f"{AUTHORIZE}?{QUERY}", headers={"Cookie": f"kolofon_session={planted}"})
    assert LOGIN in answer.headers["location"]


async def test_a_session_ends_12_hours_after_the_last_visit(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        for _ in range(3):
            clock.move(timedelta(hours=12) - timedelta(seconds=1))
            assert "code=" in (await browser.authorize()).headers["location"]
        clock.move(timedelta(hours=12))
        assert LOGIN in (await browser.authorize()).headers["location"]


async def test_addresses_of_one_ipv6_network_are_counted_as_one(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def guess(number: int, address: str) -> int:
        async with server.browser() as browser:
            browser.headers["X-Forwarded-For"] = address
            return (await fill_in(browser, f"nobody-{number}@example.no", "a wrong password")).status_code

    monkeypatch.setattr(server.parts.limiter, "_monotonic", lambda: 0.0)
    # Another reader each time, from another address of the same /64: only the network's own limit can stop it.
    answers = [await guess(number, f"2001:db8:0:1::{number:x}") for number in range(1, 25)]
    assert answers == [400] * 20 + [429] * 4
    assert await guess(99, "2001:db8:0:2::1") == 400
