"""Cheap requests that fill tables: whatever strangers can make grow has a bound."""

from urllib.parse import urlencode

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import press
from tests.identity.openid.steps import push
from tests.identity.pages.reading import reading
from tests.playground import APP, APP_CALLBACK, WEB, Reader

CHALLENGE = {"code_challenge": "a" * 43, "code_challenge_method": "S256"}


async def test_pushing_in_the_name_of_a_public_client_is_bounded_by_address(
    server: Server, connection: Connection, reader: Reader
) -> None:
    form = {"client_id": APP, "redirect_uri": APP_CALLBACK, **CHALLENGE}
    statuses = [(await push(server, None, **form)).status_code for _ in range(65)]
    assert set(statuses) == {201, 429}
    assert await connection.fetchval("select count(*) from pushed_request") <= 60
    # A client that has shown who it is pushes for all of its readers.
    assert (await push(server)).status_code == 201


async def test_a_pushed_request_that_is_too_long_is_not_kept(
    server: Server, connection: Connection, reader: Reader
) -> None:
    answer = await push(server, ui_locales="nb " * 6000)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert await connection.fetchval("select count(*) from pushed_request") == 0
    assert (await push(server, ui_locales="nb " * 1000)).status_code == 201


async def test_the_account_pages_forms_are_bounded_for_a_reader(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """Each change is in the audit log, and stays there."""
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.http.get(f"/user/account/name?{urlencode({'clientId': WEB})}")
        statuses = {
            (await press(browser, page, "save", first_name=f"Kari {number}", last_name="N")).status_code
            for number in range(65)
        }
        assert statuses == {303, 429}
    assert await connection.fetchval("select count(*) from audit_log where action = 'changeName'") <= 60
