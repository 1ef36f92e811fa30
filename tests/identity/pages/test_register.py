"""Registering: credential, code, name and password."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import NEW_PASSWORD, Form, Reading, is_back, reading
from tests.playground import Playground, Reader

NEW = "ny@example.no"
NAMES = {"first_name": "Ny", "last_name": "Leser"}


async def details(browser: Reading, credential: str = NEW) -> httpx.Response:
    page = await browser.ask_for_code(credential, "createUser")
    answer = await browser.press(page, "enter_code", code=await browser.newest_code(credential))
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("page_name", ["createUser", "register"])
async def test_a_new_reader_gets_an_account_and_a_session(
    server: Server, connection: Connection, page_name: str
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(NEW, page_name)
        page = await browser.press(page, "enter_code", code=await browser.newest_code(NEW))
        assert is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
        assert await browser.is_signed_in(NEW)
    row = await connection.fetchrow(
        """
        select first_name, last_name, credential, credential_type, verification_level
        from user_account join user_credential using (unique_id)
        """
    )
    assert row is not None
    assert tuple(row) == ("Ny", "Leser", NEW, "A", "verificationCode")
    async with reading(server, connection) as browser:
        assert is_back(await browser.sign_in(NEW, NEW_PASSWORD))


async def test_a_reader_with_an_account_simply_signs_in(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "createUser")
        answer = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert is_back(answer)
        assert await browser.is_signed_in(reader.credential)
    assert await connection.fetchval("select count(*) from user_account") == 1


async def test_nothing_is_made_without_the_code(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(NEW, "createUser")
        answer = await browser.press(page, "enter_code", action="register", new_password=NEW_PASSWORD, **NAMES)
        assert not is_back(answer)
        answer = await browser.press(page, "enter_code", action="set_password", new_password=NEW_PASSWORD)
        assert not is_back(answer)
    assert await connection.fetchval("select count(*) from user_account") == 0


@pytest.mark.parametrize(
    "password",
    ["", "kort", "niside ni", "1234567890", "Password123", "sommeren2026", "aaaaaaaaaaaaaa", NEW.upper(), "x" * 1025],
)
async def test_a_password_that_is_easy_to_guess_is_not_taken(
    server: Server, connection: Connection, password: str
) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        answer = await browser.press(page, "register", new_password=password, **NAMES)
        assert answer.status_code == 400
        assert 'aria-describedby="new_password-hint new_password-error"' in answer.text
        assert "<title>Feil:" in answer.text
        assert Form(answer.text).fields["first_name"] == "Ny"
        assert password not in Form(answer.text).fields.values() or not password
        assert await connection.fetchval("select count(*) from user_account") == 0
        assert is_back(await browser.press(answer, "register", new_password=NEW_PASSWORD, **NAMES))


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "a\u202eb"])
async def test_a_name_is_one_line_of_letters(server: Server, connection: Connection, name: str) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        answer = await browser.press(page, "register", new_password=NEW_PASSWORD, first_name=name, last_name="B")
        assert answer.status_code == 400
        assert 'aria-describedby="first_name-error"' in answer.text
    assert await connection.fetchval("select count(*) from user_account") == 0


async def test_two_forms_at_once_make_one_account(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        forms = [browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES) for _ in range(3)]
        answers = await asyncio.gather(*forms)
        assert [is_back(answer) for answer in answers].count(True) == 1
    assert await connection.fetchval("select count(*) from user_account") == 1


async def test_an_account_made_in_the_meantime_keeps_its_password(
    server: Server, playground: Playground, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        await playground.add_reader(NEW)
        assert is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
        browser.http.cookies.clear()
        assert (await browser.sign_in(NEW, NEW_PASSWORD)).status_code == 400
    assert await connection.fetchval("select count(*) from user_account") == 1


async def test_the_form_from_the_history_signs_nobody_in(server: Server, connection: Connection, clock: Clock) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        assert is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
        await browser.open("logout")
        assert not await browser.is_signed_in()
        assert not is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
        clock.move(timedelta(minutes=30))
        assert not is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
        assert not await browser.is_signed_in()


async def test_the_step_is_shown_again_in_another_language(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await details(browser)
        form = Form(page.text)
        data = {name: form.fields[name] for name in ("form_token", "flow")} | {"action": "show", "lang": "nn"}
        page = await browser.http.post(form.action, data=data)
        assert '<html lang="nn">' in page.text
        assert ">Førenamn<" in page.text
        assert is_back(await browser.press(page, "register", new_password=NEW_PASSWORD, **NAMES))
