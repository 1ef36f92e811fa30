"""loginCheck and logout: a browser only passes through."""

from datetime import timedelta

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import BACK, SORRY, reading, site
from tests.identity.steps import disable
from tests.playground import Reader


async def test_the_check_leads_to_one_place_or_the_other_and_shows_nothing(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.open("loginCheck")
        assert (answer.status_code, answer.headers["location"], answer.text) == (302, SORRY, "")
        await browser.sign_in(reader.credential)
        answer = await browser.open("loginCheck")
        assert (answer.status_code, answer.headers["location"], answer.text) == (302, BACK, "")
        assert answer.headers["cache-control"] == "no-store"
        assert await browser.is_signed_in("KARI@example.no")
        for other in ("ola@example.no", "nonsense", "AID:12"):
            assert not await browser.is_signed_in(other)


async def test_a_check_prolongs_the_session(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential, remember=None)
        for _ in range(3):
            clock.move(timedelta(hours=11))
            assert await browser.is_signed_in()
        clock.move(timedelta(hours=12))
        assert not await browser.is_signed_in()


async def test_the_session_of_a_closed_account_is_none(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await disable(connection, clock, reader)
        assert not await browser.is_signed_in()


@pytest.mark.parametrize(
    "members",
    [
        {"clientId": "no.such.client"},
        {"clientId": ""},
        {"returnUrl": ""},
        {"errorUrl": ""},
        {"returnUrl": "https://evil.example/"},
        {"errorUrl": "https://evil.example/"},
    ],
)
async def test_what_is_wrong_is_told_in_plain_text_and_leads_nowhere(
    server: Server, connection: Connection, members: dict[str, str]
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.open("loginCheck", **members)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert answer.headers["content-type"].startswith("text/plain")
        answer = await browser.open("logout", **members)
        assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_script_of_the_sites_own_hosts_may_see_where_it_leads(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        origins = {
            "https://web.example.no": True,
            "https://evil.example": False,
            "https://web.example.no.evil.example": False,
            "http://web.example.no": False,
            "https://web.example.no:8443": False,
            "null": False,
        }
        for origin, may in origins.items():
            answer = await browser.http.get(
                "/user/loginCheck", params=site(), headers={"Origin": origin}, follow_redirects=False
            )
            assert answer.headers.get("access-control-allow-origin") == (origin if may else None)
            assert ("access-control-allow-credentials" in answer.headers) is may
            assert answer.headers["vary"] == "Origin"


async def test_logout_ends_the_session_and_all_remember_me_logins_of_the_browser(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await browser.sign_in(reader.credential)
        await elsewhere.sign_in(reader.credential)
        cookies = dict(browser.http.cookies)
        answer = await browser.open("logout")
        assert (answer.status_code, answer.headers["location"]) == (302, BACK)
        assert "kolofon_session" not in browser.http.cookies
        assert not [name for name in browser.http.cookies if "remember" in name]
        for name, value in cookies.items():
            browser.http.cookies.set(name, value)
        assert not await browser.is_signed_in()
        assert await elsewhere.is_signed_in()
    assert await connection.fetchval("select count(*) from remember_me_login") == 1
