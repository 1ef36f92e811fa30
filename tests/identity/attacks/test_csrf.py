"""Forms of other sites: none of ours does anything without the token of this browser's own page."""

import pytest

from kolofon.identity.account.routes import _PAGES as ACCOUNT_PAGES
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import NEW_PASSWORD, Form, reading, site
from tests.playground import PASSWORD, WEB, Reader

ACCOUNT = [(page.path, action) for page in ACCOUNT_PAGES for action in page.actions]
SIGN_IN = ["login", "oauthLogin", "createUser", "register", "forgottenPassword"]
FIELDS = {
    "first_name": "Eve",
    "last_name": "Evil",
    "credential": "evil@example.no",
    "password": PASSWORD,
    "new_password": NEW_PASSWORD,
    "client": WEB,
}


async def state_of(connection: Connection) -> list[object]:
    """Whatever a form could change."""
    tables = ("audit_log", "user_credential", "user_account", "oauth_grant", "one_time_code", "totp_secret", "passkey")
    return [[tuple(row) for row in await connection.fetch(f"select * from {table} order by 1")] for table in tables]


@pytest.mark.parametrize("token", ["", "0" * 64, "another browser's", "\u00e6"])
async def test_no_form_of_the_account_does_anything_without_the_browsers_token(
    server: Server, connection: Connection, reader: Reader, token: str
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as another:
        await browser.sign_in(reader.credential)
        if token == "another browser's":
            token = Form((await another.open("login")).text).fields["form_token"]
        before = await state_of(connection)
        for path, action in ACCOUNT:
            form = FIELDS | {"action": action, "form_token": token}
            answer = await browser.http.post(f"/user/account{path}?clientId={WEB}", data=form, follow_redirects=False)
            assert answer.status_code == 400, (path, action)
            assert "location" not in answer.headers
        assert await state_of(connection) == before
        assert await browser.is_signed_in(reader.credential)


@pytest.mark.parametrize("page_name", SIGN_IN)
async def test_nobody_is_signed_in_or_sent_a_code_by_another_sites_form(
    server: Server, connection: Connection, reader: Reader, page_name: str
) -> None:
    """Login CSRF: the reader would go on in the attacker's account, and leave there what is theirs."""
    members = (
        site()
        if page_name != "oauthLogin"
        else {"client_id": WEB, "redirect_uri": "https://web.example.no/callback", "response_type": "code"}
    )
    async with reading(server, connection) as browser, reading(server, connection) as attacker:
        await browser.http.get(f"/user/{page_name}", params=members)
        foreign = Form((await attacker.open("login")).text).fields["form_token"]
        for action in ("password", "code"):
            for token in ("", foreign):
                form = {"j_username": reader.credential, "j_password": PASSWORD, "action": action, "form_token": token}
                answer = await browser.http.post(
                    f"/user/{page_name}", params=members, data=form, follow_redirects=False
                )
                assert answer.status_code == 400
        assert not await browser.is_signed_in()
    assert await connection.fetchval("select count(*) from one_time_code") == 0
    assert await connection.fetchval("select count(*) from user_session") == 0


async def test_the_token_of_a_page_is_of_no_use_with_a_cookie_that_was_planted(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """A token is made from the cookie with a key: knowing a cookie's value is not enough to make one."""
    async with reading(server, connection) as browser:
        browser.http.cookies.set("kolofon_form", "planted")
        form = {"j_username": reader.credential, "j_password": PASSWORD, "action": "password"}
        for token in ("planted", ""):
            answer = await browser.http.post(
                "/user/login", params=site(), data=form | {"form_token": token}, follow_redirects=False
            )
            assert answer.status_code == 400
        assert not await browser.is_signed_in()
