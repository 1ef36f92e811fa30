"""Partners that want two factors of their staff: at all their doors, and at nobody else's."""

import httpx
import pytest

from kolofon.identity.remember_me.service import GRACE
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import BACK, Form, Reading, is_back, reading
from tests.identity.second_factors.authenticator import Authenticator
from tests.identity.second_factors.steps import (
    App,
    add_app,
    asks_for_code,
    begins_session,
    codes_of,
    factors_of,
    make_staff,
    options_of,
    secret_of,
    sets_up,
    stepping,
)
from tests.identity.steps import eventually, redirect_query
from tests.playground import OTHER, PASSWORD, WEB, Playground, Reader

OTHER_BACK = {"clientId": OTHER, "returnUrl": "https://web.annan.se/in", "errorUrl": "https://web.annan.se/out"}


@pytest.fixture
async def staff(server: Server, playground: Playground, reader: Reader) -> Reader:
    await make_staff(playground, domains=("example.no",))
    await hear_of_staff(server)
    return reader


async def hear_of_staff(server: Server, wanted: bool = True) -> None:
    """Wait until the server knows what the partner wants of its staff."""

    async def is_heard_of() -> bool:
        return server.parts.catalogue.current.partner(1).staff.second_factor is wanted

    await eventually(is_heard_of)


async def is_checked_in(browser: Reading, **members: str) -> bool:
    location: str = (await browser.open("loginCheck", **members)).headers["location"]
    return location in {BACK, OTHER_BACK["returnUrl"]}


async def test_who_has_none_sets_one_up_before_a_session_begins(
    server: Server, staff: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.sign_in(staff.credential)
        assert sets_up(page)
        assert not begins_session(page)
        wrong = await browser.press(page, "set_up", code="000000")
        assert sets_up(wrong)
        assert secret_of(wrong) == secret_of(page)
        app = App(secret_of(page), clock)
        done = await browser.press(wrong, "set_up", code=app.code)
        assert len(codes_of(done)) == 10
        assert f'href="{BACK}"' in done.text
        assert await is_checked_in(browser)
        # The form cannot be sent again from the history.
        await browser.open("logout")
        assert not begins_session(await browser.press(page, "set_up", code=app.code_in(1)))
    assert len(await messages_to(connection, staff.credential)) == 1
    actions = {row["action"] for row in await connection.fetch("select action from audit_log")}
    assert {"addAuthenticatorApp", "makeRecoveryCodes"} <= actions


async def test_who_has_one_is_asked_for_it(server: Server, staff: Reader, clock: Clock, connection: Connection) -> None:
    app = await add_app(server, clock, staff)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(staff.credential)
        assert asks_for_code(page)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
        assert await is_checked_in(browser)


async def test_a_session_of_one_factor_will_not_do_at_any_of_the_partners_doors(
    server: Server, staff: Reader, clock: Clock, connection: Connection
) -> None:
    async with stepping(server, clock, staff) as person:
        browser = Reading(server, person.http, connection)
        await _sign_in_elsewhere(browser, staff)
        assert await is_checked_in(browser, **OTHER_BACK)
        assert not await is_checked_in(browser)
        assert sets_up(await browser.open("login"))
        assert redirect_query(await person.ask(scope="read", prompt="none")).get("code") is None
        quiet = redirect_query(await person.ask(prompt="none"))
        assert quiet["error"] == "login_required"
        page = await person.page(await person.ask(scope="read"))
        assert sets_up(page)
        refused = redirect_query(await person.follow(await person.press(page, "decline")))
        assert refused["error"] == "access_denied"
        app = App(secret_of(page), clock)
        assert codes_of(await person.press(page, "set_up", code=app.code))
        assert "code" in redirect_query(await person.ask(scope="read"))
        assert await is_checked_in(browser)


async def test_who_gives_up_before_there_is_a_session_is_denied_to_the_client(
    server: Server, staff: Reader, clock: Clock
) -> None:
    async with stepping(server, clock, staff) as person:
        page = await person.password(await person.page(await person.ask(scope="read")))
        assert sets_up(page)
        refused = redirect_query(await person.follow(await person.press(page, "decline")))
        assert (refused["error"], refused["state"]) == ("access_denied", "s-1")


async def test_a_remembered_sign_in_of_one_factor_is_not_recalled_and_not_lost(
    server: Server, reader: Reader, playground: Playground, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        remembered = browser.http.cookies[f"kolofon_remember.{WEB}"]
        await make_staff(playground, credentials=(reader.credential,))
        await hear_of_staff(server)
        del browser.http.cookies["kolofon_session"]
        assert not await is_checked_in(browser)
        assert "password" in Form((await browser.open("login")).text).buttons
        assert browser.http.cookies[f"kolofon_remember.{WEB}"] == remembered
        # Nothing of it was used up: it is good again when nobody asks for more.
        await connection.execute("update partner set staff_second_factor = false")
        await connection.execute("select pg_notify('kolofon_catalogue', '')")
        await hear_of_staff(server, wanted=False)
        clock.move(2 * GRACE)
        assert await is_checked_in(browser)


async def test_a_sign_in_of_two_factors_is_remembered_as_such(
    server: Server, staff: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, staff)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(staff.credential)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
        del browser.http.cookies["kolofon_session"]
        assert await is_checked_in(browser)


async def test_other_partners_and_other_readers_are_not_touched(
    server: Server, staff: Reader, playground: Playground, connection: Connection
) -> None:
    outsider = await playground.add_reader("ola@example.com")
    unverified = await playground.add_reader("per@example.no", level="notVerified")
    for reader in (outsider, unverified):
        async with reading(server, connection) as browser:
            assert is_back(await browser.sign_in(reader.credential))
            assert await is_checked_in(browser)
    async with reading(server, connection) as browser:
        await _sign_in_elsewhere(browser, staff)
        assert await is_checked_in(browser, **OTHER_BACK)


async def test_without_the_last_factor_the_next_visit_asks_for_a_new_one(
    server: Server, staff: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, staff)
    async with server.parts.pool().acquire() as own, own.transaction():
        assert await factors_of(server).remove_totp(own, staff.unique_id, WEB)
    async with reading(server, connection) as browser:
        assert sets_up(await browser.sign_in(staff.credential))


async def test_a_passkey_can_be_set_up_instead(
    named_server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await make_staff(playground, domains=("no",))
    await hear_of_staff(named_server)
    authenticator = Authenticator()
    async with reading(named_server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        done = await browser.press(page, "set_up_passkey", passkey=authenticator.create(options_of(page)))
        assert len(codes_of(done)) == 10
        assert await is_checked_in(browser)
        await browser.open("logout")
        page = await browser.open("login")
        assert is_back(await browser.press(page, "passkey", passkey=authenticator.get(options_of(page))))
    assert await connection.fetchval("select count(*) from recovery_code") == 10


async def test_nothing_is_kept_of_a_set_up_whose_sign_in_is_over(
    server: Server, staff: Reader, clock: Clock, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.sign_in(staff.credential)
        await connection.execute("update user_account set password_hash = 'another'")
        answer = await browser.press(page, "set_up", code=App(secret_of(page), clock).code)
        assert answer.status_code == 400
        assert not begins_session(answer)
    assert await connection.fetchval("select count(*) from totp_secret") == 0
    assert await connection.fetchval("select count(*) from recovery_code") == 0
    assert await messages_to(connection, staff.credential) == []


async def _sign_in_elsewhere(browser: Reading, reader: Reader) -> httpx.Response:
    start = await browser.open("login", **OTHER_BACK)
    answer = await browser.press(start, "password", j_username=reader.credential, j_password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return answer
