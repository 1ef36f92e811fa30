"""Login and createUser: who sees a page at all, what comes first, and whose session it is afterwards."""

from urllib.parse import parse_qs, urlsplit

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization
from tests.identity.pages.reading import BACK, SORRY, Form, is_back, reading
from tests.playground import CALLBACK, PASSWORD, Playground, Reader


@pytest.mark.parametrize("page", ["login", "createUser", "register"])
async def test_who_is_signed_in_goes_straight_back(
    server: Server, reader: Reader, connection: Connection, page: str
) -> None:
    async with reading(server, connection) as browser:
        assert is_back(await browser.sign_in(reader.credential))
        assert is_back(await browser.open(page))
        assert is_back(await browser.open(page, credential=" Kari@example.no"))
        other = await browser.open(page, credential="ola@example.no")
        assert other.status_code == 200
        assert Form(other.text).fields["j_username"] == "ola@example.no"
        # Only looking at the page ends nothing.
        assert await browser.is_signed_in(reader.credential)


async def test_signing_in_as_another_ends_the_session_there_was(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        old = browser.http.cookies["kolofon_session"]
        assert is_back(await browser.sign_in("ola@example.no"))
        assert await browser.is_signed_in("ola@example.no")
        assert not await browser.is_signed_in(reader.credential)
    async with reading(server, connection) as browser:
        browser.http.cookies.set("kolofon_session", old)
        assert not await browser.is_signed_in()


async def test_a_planted_session_is_never_the_one_that_is_signed_in(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        browser.http.cookies.set("kolofon_session", "planted")
        page = await browser.ask_for_code(reader.credential)
        await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
    async with reading(server, connection) as attacker:
        attacker.http.cookies.set("kolofon_session", "planted")
        assert not await attacker.is_signed_in()


@pytest.mark.parametrize(
    ("page", "assume", "by_code"),
    [
        ("login", "", False),
        ("login", "true", True),
        ("createUser", "", True),
        ("createUser", "false", False),
        ("register", "", True),
        ("login", "perhaps", False),
    ],
)
async def test_code_or_password_comes_first_and_the_other_can_be_had(
    server: Server, reader: Reader, connection: Connection, page: str, assume: str, by_code: bool
) -> None:
    async with reading(server, connection) as browser:
        start = await browser.open(page, assumeNewUser=assume, credential=reader.credential)
        assert ("j_password" in Form(start.text).fields) is not by_code
        other = await browser.press(start, "by_password" if by_code else "by_code")
        form = Form(other.text)
        assert ("j_password" in form.fields) is by_code
        assert form.fields["j_username"] == reader.credential
        if by_code:
            assert is_back(await browser.press(other, "password", j_password=PASSWORD))


async def test_a_page_that_is_only_opened_sends_nothing(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        start = await browser.open("createUser", credential=reader.credential, credentialSubmit="true")
        assert start.status_code == 200
        assert await connection.fetchval("select count(*) from message") == 0
        page = await browser.press(start, "code")
        assert is_back(await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential)))


async def test_a_phone_number_may_come_with_a_plus_that_was_not_encoded(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, "+4790000000")
    async with reading(server, connection) as browser:
        start = await browser.open("login", credential=" 4790000000")
        assert Form(start.text).fields["j_username"] == "+4790000000"
        assert is_back(await browser.press(start, "password", j_password=PASSWORD))


async def test_who_gives_up_can_go_back_to_the_site(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        assert f'href="{SORRY}"' in (await browser.open("login")).text


async def test_a_form_from_elsewhere_does_nothing(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as attacker:
        stolen = Form((await attacker.open("createUser")).text).fields["form_token"]
        await browser.open("createUser")
        for token in (stolen, "", None):
            start = await browser.open("createUser")
            answer = await browser.press(start, "code", j_username=reader.credential, form_token=token)
            assert answer.status_code == 400
            start = await browser.open("login")
            fields = {"j_username": reader.credential, "j_password": PASSWORD, "form_token": token}
            assert (await browser.press(start, "password", **fields)).status_code == 400
        assert not await browser.is_signed_in()
    assert await connection.fetchval("select count(*) from message") == 0


async def test_the_authorization_page_takes_a_code_too(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.http.get("/user/oauth/authorize", params=authorization(login_hint=reader.credential))
        assert Form(page.text).fields["j_username"] == reader.credential
        page = await browser.press(page, "by_code")
        page = await browser.press(page, "code")
        answer = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        back = await browser.http.get(answer.headers["location"], follow_redirects=False)
    assert back.headers["location"].startswith(f"{CALLBACK}?code=")
    assert parse_qs(urlsplit(back.headers["location"]).query)["state"] == ["s-1"]


async def test_who_may_choose_an_account_can_go_on_or_use_another(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("ola@example.no")
    query = authorization(prompt="select_account")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.http.get("/user/oauthLogin", params=query, follow_redirects=False)
        assert reader.credential in page.text
        answer = await browser.press(page, "go_on")
        assert answer.status_code == 303
        assert "prompt" not in parse_qs(urlsplit(answer.headers["location"]).query)
        other = await browser.press(page, "by_password")
        await browser.press(other, "password", j_username="ola@example.no", j_password=PASSWORD)
        assert await browser.is_signed_in("ola@example.no")


async def test_who_has_to_sign_in_again_cannot_just_go_on(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.http.get("/user/oauthLogin", params=authorization(prompt="login"), follow_redirects=False)
        form = Form(page.text)
        assert form.fields["j_username"] == reader.credential
        answer = await browser.http.post(form.action, data=form.fields | {"action": "go_on"}, follow_redirects=False)
        assert (answer.status_code, "location" in answer.headers) == (200, False)


async def test_where_a_page_leads_is_the_site_and_the_server_alone(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.open("login")
    assert "form-action 'self' https://web.example.no" in page.headers["content-security-policy"]
    assert BACK.startswith("https://web.example.no/")
