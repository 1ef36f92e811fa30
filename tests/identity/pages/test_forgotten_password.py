"""A forgotten password: a code, a new password, and every other session ends."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization
from tests.identity.pages.reading import NEW_PASSWORD, Form, is_back, reading
from tests.playground import CALLBACK, PASSWORD, Reader


async def test_a_new_password_ends_all_other_sessions(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await elsewhere.sign_in(reader.credential)
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert not await browser.is_signed_in()
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))
        assert await browser.is_signed_in(reader.credential)
        assert not await elsewhere.is_signed_in()
        assert (await elsewhere.sign_in(reader.credential, PASSWORD)).status_code == 400
        assert is_back(await elsewhere.sign_in(reader.credential, NEW_PASSWORD))
        # The form from the history changes nothing more.
        answer = await browser.press(page, "set_password", new_password="en annen hest i regn")
        assert not is_back(answer)
        elsewhere.http.cookies.clear()
        assert is_back(await elsewhere.sign_in(reader.credential, NEW_PASSWORD))


@pytest.mark.parametrize("password", ["kort", "1234567890", "kari@example.no", "x" * 1025])
async def test_the_new_password_keeps_the_rules(
    server: Server, reader: Reader, connection: Connection, password: str
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.press(page, "set_password", new_password=password)
        assert page.status_code == 400
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))


async def test_a_code_to_sign_in_with_changes_no_password(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential, "login")
        code = await browser.newest_code(reader.credential)
        answer = await browser.press(page, "enter_code", action="set_password", code=code, new_password=NEW_PASSWORD)
        assert not is_back(answer)
        assert is_back(await browser.sign_in(reader.credential, PASSWORD))


async def test_the_way_back_leads_to_what_was_asked_for(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.http.get("/user/oauth/authorize", params=authorization())
        [link] = [line for line in page.text.split('"') if line.startswith("/user/forgottenPassword?")]
        page = await browser.http.get(link.replace("&amp;", "&"))
        assert "code" in Form(page.text).buttons
        page = await browser.press(page, "code", j_username=reader.credential)
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        answer = await browser.press(page, "set_password", new_password=NEW_PASSWORD)
        back = await browser.http.get(answer.headers["location"], follow_redirects=False)
    assert back.headers["location"].startswith(f"{CALLBACK}?code=")
