"""A forgotten password is no way around a second factor."""

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import NEW_PASSWORD, Form, is_back, reading
from tests.identity.second_factors.steps import add_app, add_recovery_codes, asks_for_code, begins_session
from tests.playground import Reader


async def test_the_second_factor_comes_before_the_new_password(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert asks_for_code(page)
        page = await browser.press(page, "second_factor", code=app.code)
        assert "set_password" in Form(page.text).buttons
        assert not begins_session(page)
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))
        assert await browser.is_signed_in(reader.credential)
    assert await connection.fetchval("select authentication_methods from user_session") == ["otp", "mfa"]


async def test_a_recovery_code_will_do_as_well(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, reader)
    codes = await add_recovery_codes(server, reader)
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.press(await browser.press(page, "by_recovery"), "recovery", recovery_code=codes[9])
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))


async def test_one_that_was_added_meanwhile_has_to_be_shown(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    before = await connection.fetchval("select password_hash from user_account")
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert "set_password" in Form(page.text).buttons
        await add_app(server, clock, reader)
        answer = await browser.press(page, "set_password", new_password=NEW_PASSWORD)
        assert answer.status_code == 400
        assert not begins_session(answer)
    assert await connection.fetchval("select password_hash from user_account") == before


async def test_the_step_cannot_be_left_out_by_pressing_a_later_button(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, reader)
    before = await connection.fetchval("select password_hash from user_account")
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        for button in ("set_password", "register", "enter_code", "go_on", "set_up", "recovery"):
            data = Form(page.text).fields | {"action": button, "new_password": NEW_PASSWORD, "recovery_code": "x"}
            answer = await browser.http.post(Form(page.text).action, data=data, follow_redirects=False)
            assert answer.status_code in {200, 400}, button
            assert not begins_session(answer), button
    assert await connection.fetchval("select password_hash from user_account") == before
