"""The account pages of second factors: adding and removing them, by whom, and what the reader is told."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import Form, Reading, is_back, reading
from tests.identity.second_factors.steps import ACCOUNT, App, add_app, asks_for_code, codes_of, secret_of
from tests.playground import WEB, Playground, Reader

APP = f"{ACCOUNT}/app"


async def opened(browser: Reading, path: str = ACCOUNT) -> httpx.Response:
    return await browser.http.get(f"{path}?{urlencode({'clientId': WEB})}", follow_redirects=False)


async def test_an_app_is_added_by_its_first_code_and_its_codes_shown_once(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        before = browser.http.cookies["kolofon_session"]
        page = await opened(browser, APP)
        assert page.headers["cache-control"] == "no-store"
        app = App(secret_of(page), clock)
        wrong = await browser.press(page, "add", code=app.code_in(4))
        assert wrong.status_code == 400
        assert secret_of(wrong) == secret_of(page)
        assert await connection.fetchval("select count(*) from totp_secret") == 0
        done = await browser.press(wrong, "add", code=app.code)
        assert len(codes_of(done)) == 10
        # The session has shown it and has another secret; the page tells how many codes are left, not which.
        assert browser.http.cookies["kolofon_session"] != before
        overview = await opened(browser)
        assert overview.status_code == 200
        assert "remove_app" in overview.text
        assert not codes_of(overview)
    told = await messages_to(connection, reader.credential)
    assert len(told) == 1
    kept = await connection.fetchval("select sealed_secret from totp_secret")
    assert secret_of(page).encode() not in kept
    assert await connection.fetchval("select authentication_methods from user_session") == ["pwd", "otp", "mfa"]
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert asks_for_code(page)
        # The code that it was added with is used up.
        assert (await browser.press(page, "second_factor", code=app.code)).status_code == 400
        clock.move(timedelta(seconds=30))
        assert is_back(await browser.press(page, "second_factor", code=app.code))


async def test_a_sign_in_of_more_than_ten_minutes_ago_is_not_enough(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await opened(browser, APP)
        clock.move(timedelta(minutes=11))
        answer = await browser.press(page, "add", code=App(secret_of(page), clock).code)
        assert answer.status_code == 303
        assert urlsplit(answer.headers["location"]).path == "/user/login"
    assert await connection.fetchval("select count(*) from totp_secret") == 0


async def test_a_session_that_has_not_shown_the_factor_shows_it_first_and_comes_back(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        token = await form_token(browser)
        app = await add_app(server, clock, reader)
        for button in ("remove_app", "new_codes", "remove_passkey"):
            answer = await send(browser, token, button)
            assert urlsplit(answer.headers["location"]).path == "/user/login", button
        assert await connection.fetchval("select count(*) from totp_secret") == 1
        step = await browser.http.get(answer.headers["location"], follow_redirects=False)
        assert asks_for_code(step)
        back = await browser.press(step, "second_factor", code=app.code)
        assert urlsplit(back.headers["location"]).path == ACCOUNT
        assert parse_qs(urlsplit(back.headers["location"]).query)["clientId"] == [WEB]
        page = await opened(browser)
        assert (await browser.press(page, "remove_app")).status_code == 303
    assert await connection.fetchval("select count(*) from totp_secret") == 0
    assert len(await messages_to(connection, reader.credential)) == 1


async def test_recovery_codes_go_with_the_last_factor_and_can_be_made_anew(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await opened(browser, APP)
        first = codes_of(await browser.press(page, "add", code=App(secret_of(page), clock).code))
        token = Form((await opened(browser)).text).fields["form_token"]
        second = codes_of(await send(browser, token, "new_codes"))
        assert len(second) == 10
        assert not set(first) & set(second)
        await send(browser, token, "remove_app")
        assert await connection.fetchval("select count(*) from recovery_code") == 0
        # Without a factor there is nothing to make codes for.
        assert (await send(browser, token, "new_codes")).status_code == 303
        assert await connection.fetchval("select count(*) from recovery_code") == 0


async def test_the_secret_of_another_readers_page_is_none_of_ones_own(
    server: Server, reader: Reader, playground: Playground, clock: Clock, connection: Connection
) -> None:
    other = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser, reading(server, connection) as thief:
        await browser.sign_in(reader.credential)
        await thief.sign_in(other.credential)
        planted = await opened(thief, APP)
        flow, code = Form(planted.text).fields["flow"], App(secret_of(planted), clock).code
        page = await opened(browser, APP)
        assert (await browser.press(page, "add", flow=flow, code=code)).status_code == 400
    assert await connection.fetchval("select count(*) from totp_secret") == 0


async def test_two_who_add_an_app_at_once_leave_one_app_and_its_own_codes(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as one, reading(server, connection) as other:
        pages = []
        for browser in (one, other):
            await browser.sign_in(reader.credential)
            pages.append((browser, await opened(browser, APP)))
        answers = await asyncio.gather(
            *(browser.press(page, "add", code=App(secret_of(page), clock).code) for browser, page in pages)
        )
    assert sorted(bool(codes_of(answer)) for answer in answers) == [False, True]
    assert await connection.fetchval("select count(*) from totp_secret") == 1
    assert await connection.fetchval("select count(*) from recovery_code") == 10


async def test_a_form_from_another_site_changes_nothing(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await opened(browser, APP)
        await browser.press(page, "add", code=App(secret_of(page), clock).code)
        assert (await send(browser, "0" * 64, "remove_app")).status_code == 400
    assert await connection.fetchval("select count(*) from totp_secret") == 1


async def form_token(browser: Reading) -> str:
    """The token of this browser's forms."""
    return Form((await opened(browser, APP)).text).fields["form_token"]


async def send(browser: Reading, token: str, action: str) -> httpx.Response:
    """Press a button of the overview."""
    data = {"form_token": token, "action": action, "which": "0" * 32}
    return await browser.http.post(f"{ACCOUNT}?clientId={WEB}", data=data, follow_redirects=False)
