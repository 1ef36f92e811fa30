"""Things that are sent twice: forms from the history, and cookies that somebody has copied."""

from datetime import timedelta

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import tokens_of
from tests.identity.pages.reading import NEW_PASSWORD, Form, is_back, reading
from tests.identity.second_factors.steps import STEP, add_app, asks_for_code, begins_session
from tests.identity.steps import eventually, is_refused, refresh
from tests.playground import WEB, Playground, Reader

REMEMBER = f"kolofon_remember.{WEB}"


async def test_what_a_thief_got_with_a_copied_cookie_ends_with_it(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    """A session may have run out by then; the tokens that it brought would live for a year."""
    async with reading(server, connection) as victim, reading(server, connection) as thief:
        await victim.sign_in(reader.credential)
        thief.http.cookies.set(REMEMBER, victim.http.cookies[REMEMBER])
        assert await thief.is_signed_in()
        tokens = await tokens_of(server, thief)
        clock.move(timedelta(seconds=61))
        victim.http.cookies.delete("kolofon_session")
        assert not await victim.is_signed_in()
    assert (await refresh(server, tokens["refresh_token"])).status_code == 400
    await eventually(lambda: is_refused(server, tokens["access_token"]))


async def test_a_second_step_from_the_history_signs_nobody_in(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    """Also with a code that is good: the form stands for one sign-in."""
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert asks_for_code(page)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
        await browser.open("logout")
        clock.move(2 * STEP)
        again = await browser.press(page, "second_factor", code=app.code)
        assert again.status_code == 400
        assert not begins_session(again)


async def test_a_code_on_its_way_to_a_credential_that_is_removed_signs_nobody_in(
    server: Server, connection: Connection, reader: Reader, playground: Playground
) -> None:
    await playground.add_credential(reader.unique_id, "old@example.no")
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code("old@example.no")
        code = await browser.newest_code("old@example.no")
        await connection.execute("delete from user_credential where credential = 'old@example.no'")
        answer = await browser.press(page, "enter_code", code=code)
        assert answer.status_code == 400
        assert not begins_session(answer)


async def test_a_second_factor_that_was_shown_is_no_ones_who_has_the_credential_by_now(
    server: Server, connection: Connection, reader: Reader, playground: Playground, clock: Clock
) -> None:
    """A new password for an account whose own second factor nobody has shown."""
    other = await playground.add_reader("ola@example.no")
    await add_app(server, clock, other)
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.press(page, "second_factor", code=app.code)
        assert "set_password" in Form(page.text).buttons
        await connection.execute(
            "update user_credential set unique_id = $1 where credential = $2", other.unique_id, reader.credential
        )
        answer = await browser.press(page, "set_password", new_password=NEW_PASSWORD)
        assert answer.status_code == 400
        assert not begins_session(answer)
    assert await connection.fetchval("select count(*) from audit_log where action = 'changePassword'") == 0


async def test_a_password_reset_ends_a_sign_in_that_waits_for_its_second_step(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    """Who knew the old password has come halfway, and comes no further, whatever code they show."""
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as thief, reading(server, connection) as browser:
        halfway = await thief.sign_in(reader.credential)
        assert asks_for_code(halfway)
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.press(page, "second_factor", code=app.code)
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))
        clock.move(2 * STEP)
        answer = await thief.press(halfway, "second_factor", code=app.code)
        assert answer.status_code == 400
        assert not begins_session(answer)
