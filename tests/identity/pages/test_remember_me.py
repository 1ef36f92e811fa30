"""Remember-me: a browser stays signed in at one client, and a copied cookie ends it for both holders."""

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server, authorization
from tests.identity.pages.reading import NEW_PASSWORD, Reading, is_back, reading
from tests.playground import CALLBACK, OTHER, WEB, Playground, Reader

COOKIE = f"kolofon_remember.{WEB}"
AT_OTHER = {"clientId": OTHER, "returnUrl": "https://web.annan.se/a", "errorUrl": "https://web.annan.se/b"}


def forget_session(browser: Reading) -> None:
    """What closing the browser does."""
    browser.http.cookies.delete("kolofon_session")


async def test_a_remembered_browser_is_signed_in_without_a_page(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.sign_in(reader.credential)
        cookie = SimpleCookie("\r\n".join(answer.headers.get_list("set-cookie")))[COOKIE]
        assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "lax", "/")
        assert cookie["max-age"] == str(180 * 86400)
        for _ in range(3):
            forget_session(browser)
            clock.move(timedelta(days=179))
            assert not await browser.is_signed_in("ola@example.no")
            assert await browser.is_signed_in(reader.credential)
        forget_session(browser)
        assert is_back(await browser.open("login"))
        forget_session(browser)
        clock.move(timedelta(days=180))
        assert not await browser.is_signed_in()


async def test_an_authorization_request_needs_no_page_either(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        forget_session(browser)
        answer = await browser.http.get("/user/oauth/authorize", params=authorization(), follow_redirects=False)
        while CALLBACK not in answer.headers["location"]:
            answer = await browser.http.get(answer.headers["location"], follow_redirects=False)
        assert "code=" in answer.headers["location"]


async def test_who_takes_the_mark_away_is_not_remembered(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert COOKIE in browser.http.cookies
        await browser.open("login", credential="ola@example.no")
        await playground.add_reader("ola@example.no")
        assert is_back(await browser.sign_in("ola@example.no", remember=None))
        assert COOKIE not in browser.http.cookies
        forget_session(browser)
        assert not await browser.is_signed_in()
    assert await connection.fetchval("select count(*) from remember_me_login") == 0


async def test_it_is_for_one_client(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        forget_session(browser)
        answer = await browser.open("loginCheck", **AT_OTHER)
        assert answer.headers["location"] == AT_OTHER["errorUrl"]
        browser.http.cookies.set(f"kolofon_remember.{OTHER}", browser.http.cookies[COOKIE])
        answer = await browser.open("loginCheck", **AT_OTHER)
        assert answer.headers["location"] == AT_OTHER["errorUrl"]


async def test_parallel_requests_with_one_cookie_are_all_good(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        token = browser.http.cookies[COOKIE]

        async def one() -> str:
            async with reading(server, connection) as tab:
                tab.http.cookies.set(COOKIE, token, domain="127.0.0.1")
                assert await tab.is_signed_in()
                return tab.http.cookies[COOKIE]

        successors = await asyncio.gather(*(one() for _ in range(5)))
        assert len(set(successors)) == 1
        assert successors[0] != token
        clock.move(timedelta(seconds=59))
        assert await one() == successors[0]


async def test_a_copied_cookie_ends_all_logins_and_sessions_of_the_reader(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with (
        reading(server, connection) as victim,
        reading(server, connection) as thief,
        reading(server, connection) as phone,
        reading(server, connection) as bystander,
    ):
        await victim.sign_in(reader.credential)
        await phone.sign_in(reader.credential)
        await bystander.sign_in(ola.credential)
        thief.http.cookies.set(COOKIE, victim.http.cookies[COOKIE])
        assert await thief.is_signed_in()
        clock.move(timedelta(seconds=61))
        forget_session(victim)
        assert not await victim.is_signed_in()
        assert not await thief.is_signed_in()
        forget_session(phone)
        assert not await phone.is_signed_in()
        forget_session(bystander)
        assert await bystander.is_signed_in(ola.credential)


async def test_a_guessed_or_broken_cookie_is_nothing(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        login_id = browser.http.cookies[COOKIE].partition(".")[0]
        forget_session(browser)
        for value in ("", ".", "x.y", f"{login_id}", f"{login_id}.", f"{'0' * 32}.x"):
            browser.http.cookies.set(COOKIE, value)
            assert not await browser.is_signed_in()


async def test_a_new_password_ends_remembering(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await elsewhere.sign_in(reader.credential)
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))
        assert not await elsewhere.is_signed_in()
        forget_session(browser)
        assert await browser.is_signed_in()


async def test_tokens_are_stored_as_hashes(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        token = browser.http.cookies[COOKIE].partition(".")[2]
    row = await connection.fetchrow("select * from remember_me_login")
    assert row is not None
    assert row["token_hash"] == hash_secret(token)
    assert token not in str(dict(row))
