"""Who gets to the account pages: a signed-in reader, who for some of them has to have signed in just now."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import credentials_of, follow, press
from tests.identity.pages.reading import BACK, NEW_PASSWORD, Form, reading
from tests.playground import PASSWORD, WEB, Playground, Reader

PAGES = [
    "account",
    *(f"account/{name}" for name in ("name", "credentials", "password", "sessions", "sites", "sign-ins")),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("prefix", ["user", "login"])
async def test_who_is_not_signed_in_signs_in_and_comes_back_to_the_page(
    server: Server, reader: Reader, connection: Connection, page: str, prefix: str
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.http.get(f"/{prefix}/{page}?clientId={WEB}&lang=en", follow_redirects=False)
        assert urlsplit(answer.headers["location"]).path == f"/{prefix}/login"
        sign_in = await follow(browser, answer)
        answer = await browser.press(sign_in, "password", j_username=reader.credential, j_password=PASSWORD)
        back = await follow(browser, answer)
        assert (back.status_code, back.url.path) == (200, f"/{prefix}/{page}")
        assert "no.example.web" in str(back.url.query)


@pytest.mark.parametrize("page", PAGES)
async def test_without_a_newspaper_to_sign_in_at_a_page_says_where_to_come_from(server: Server, page: str) -> None:
    async with server.browser() as http:
        answer = await http.get(f"/user/{page}?lang=en", follow_redirects=False)
    assert answer.status_code == 401
    assert "open your account from the newspaper" in answer.text


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_shows_the_reader_and_the_way_back_to_the_newspaper(
    server: Server, reader: Reader, connection: Connection, page: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await browser.open(page, lang="en")
    assert answer.status_code == 200, answer.text
    assert f'href="{BACK}"' in answer.text.replace("&amp;", "&")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "javascript:alert(1)", "https://web.example.no@evil.example/"]
)
async def test_the_way_back_leads_to_the_newspaper_only(
    server: Server, reader: Reader, connection: Connection, url: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await browser.open("account", returnUrl=url)
    assert answer.status_code == 400
    assert f'href="{url}' not in answer.text


async def test_who_changes_credentials_has_signed_in_within_ten_minutes(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        clock.move(timedelta(minutes=10))
        page = await browser.open("account/credentials")
        assert page.status_code == 200
        clock.move(timedelta(seconds=1))
        answer = await press(browser, page, "code", credential="ny@example.no")
        assert parse_qs(urlsplit(answer.headers["location"]).query)["prompt"] == ["login"]
        # Neither the session nor the remember-me login will do.
        sign_in = await follow(browser, answer)
        assert "password" in Form(sign_in.text).buttons
        answer = await browser.press(sign_in, "password", j_password=PASSWORD)
        back = await follow(browser, answer)
        assert (back.status_code, back.url.path) == (200, "/user/account/credentials")
        assert await connection.fetchval("select count(*) from one_time_code") == 0


async def test_a_remembered_browser_is_signed_in_but_not_just_now(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        clock.move(timedelta(days=1))
        browser.http.cookies.delete("kolofon_session")
        back = await follow(browser, await follow(browser, await browser.open("account")))
        assert (back.status_code, back.url.path) == (200, "/user/account")
        answer = await browser.open("account/credentials")
        assert parse_qs(urlsplit(answer.headers["location"]).query)["prompt"] == ["login"]


@pytest.mark.parametrize("token", ["", "0" * 64, "å", "another browser's"])
async def test_a_form_that_is_not_this_browsers_changes_nothing(
    server: Server, reader: Reader, playground: Playground, connection: Connection, token: str
) -> None:
    await playground.add_credential(reader.unique_id, "+4790000001")
    forms = {
        "name": {"action": "save", "first_name": "Eve", "last_name": "Eve"},
        "credentials": {"action": "remove", "credential": "+4790000001"},
        "password": {"action": "save", "password": PASSWORD, "new_password": NEW_PASSWORD},
        "sessions": {"action": "end_others"},
        "sites": {"action": "take_back", "client": WEB},
    }
    async with reading(server, connection) as browser, reading(server, connection) as other:
        await browser.sign_in(reader.credential)
        await other.sign_in(reader.credential)
        if token == "another browser's":
            token = Form((await other.open("account/name")).text).fields["form_token"]
        for page, form in forms.items():
            answer = await browser.http.post(f"/user/account/{page}", data=form | {"form_token": token})
            assert answer.status_code == 400, page
        assert await other.is_signed_in()
    assert len(await credentials_of(connection, reader.unique_id)) == 2
    changes = "select count(*) from audit_log where action <> 'registerAccount'"
    assert await connection.fetchval(changes) == 0


async def test_the_overview_leads_to_signing_out(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        overview = await browser.open("account")
        [link] = re.findall(r'href="(/user/oauth/logout[^"]*)"', overview.text)
        question = await browser.http.get(link)
        assert await browser.is_signed_in()
        form = Form(question.text)
        await browser.http.post(form.action, data=form.fields)
        assert not await browser.is_signed_in()


async def test_a_closed_account_has_no_pages(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await connection.execute("update user_account set disabled_at = $1", clock.now())
        assert urlsplit((await browser.open("account")).headers["location"]).path == "/user/login"


async def test_another_language_is_one_click_away_and_keeps_the_newspaper(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        for language, word in (
            ("nb", "Kontoen din"),
            ("nn", "Kontoen din"),
            ("sv", "Ditt konto"),
            ("en", "Your account"),
        ):
            page = await browser.open("account", lang=language)
            assert f">{word}<" in page.text
            assert f'lang="{language}"' in page.text
            assert BACK.replace("&", "&amp;") in page.text
