"""Guessing: every secret that people type has few tries, and no way around their count."""

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import press
from tests.identity.pages.reading import NEW_PASSWORD, Form, reading, wrong
from tests.identity.second_factors.steps import STEP, add_app, add_recovery_codes, asks_for_code
from tests.playground import WEB, Reader


async def test_password_tries_are_counted_together_at_all_pages_and_prefixes(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """Ten a minute for a credential, in whatever spelling and wherever it is typed."""
    statuses = []
    async with reading(server, connection) as browser:
        start = await browser.open("login")
        action = Form(start.text).action
        spellings = (reader.credential, f"  {reader.credential.upper()} ", reader.credential.title())
        for number in range(12):
            page = action if number % 2 else action.replace("/user/", "/login/", 1)
            form = Form(start.text).fields | {"j_username": spellings[number % 3], "j_password": f"guess {number}"}
            answer = await browser.http.post(page, data=form | {"action": "password"}, follow_redirects=False)
            statuses.append(answer.status_code)
    assert statuses.count(429) >= 2
    assert 429 not in statuses[:5]


async def test_the_account_page_is_no_second_place_to_guess_the_password_at(
    server: Server, connection: Connection, reader: Reader
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.http.get(f"/user/account/password?clientId={WEB}")
        statuses = [
            (await press(browser, page, "save", password=f"guess {number}", new_password=NEW_PASSWORD)).status_code
            for number in range(12)
        ]
    assert 429 in statuses
    async with reading(server, connection) as another:
        assert (await another.sign_in(reader.credential)).status_code == 429


async def test_a_new_sign_in_gives_no_new_tries_at_the_second_factor(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    app = await add_app(server, clock, reader)
    statuses = []
    for _ in range(2):
        async with reading(server, connection) as browser:
            page = await browser.sign_in(reader.credential)
            assert asks_for_code(page)
            statuses += [
                (await browser.press(page, "second_factor", code=wrong(app.code))).status_code for _ in range(3)
            ]
    assert statuses == [400] * 5 + [429]
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        clock.move(2 * STEP)
        # The right one is not looked at either, for a while.
        assert (await browser.press(page, "second_factor", code=app.code)).status_code == 429


async def test_recovery_codes_share_the_tries_of_the_account(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    await add_app(server, clock, reader)
    await add_recovery_codes(server, reader)
    async with reading(server, connection) as browser:
        page = await browser.press(await browser.sign_in(reader.credential), "by_recovery")
        statuses = [
            (await browser.press(page, "recovery", recovery_code=f"aaaa-bbbb-cccc-ddd{number}")).status_code
            for number in range(7)
        ]
    assert statuses[-1] == 429


async def test_a_code_has_five_tries_however_many_pages_show_it(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """The count is the code's own, in the database: a form that is sent from several tabs at once has no more."""
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
        for _ in range(5):
            assert (await browser.press(page, "enter_code", code=wrong(code))).status_code == 400
        assert (await browser.press(page, "enter_code", code=code)).status_code == 400
        assert not await browser.is_signed_in()
    assert await connection.fetchval("select tries from one_time_code") == 5
