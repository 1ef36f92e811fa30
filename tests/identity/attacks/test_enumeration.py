"""Which accounts there are is told to nobody: not by words, status, headers or cookies, at any page or step."""

import re
from collections.abc import Callable

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import Reading, reading
from tests.identity.second_factors.steps import add_app, add_recovery_codes
from tests.identity.steps import disable
from tests.playground import Playground, Reader

NOBODY = "nobody@example.no"


@pytest.fixture
async def kinds(server: Server, playground: Playground, connection: Connection, clock: Clock) -> list[str]:
    """One credential of each kind of account, and one of none."""
    await playground.add_reader("plain@example.no")
    await playground.add_reader("fresh@example.no", level="notVerified")
    careful = await playground.add_reader("careful@example.no")
    await add_app(server, clock, careful)
    await add_recovery_codes(server, careful)
    closed = await playground.add_reader("closed@example.no")
    await disable(connection, clock, closed)
    without = await playground.add_reader("without@example.no")
    await connection.execute("update user_account set password_hash = null where unique_id = $1", without.unique_id)
    return ["plain@example.no", "fresh@example.no", "careful@example.no", closed.credential, without.credential, NOBODY]


def seen(answer: httpx.Response, credential: str) -> tuple[object, ...]:
    """All that somebody gets to see, but for what is random in every page."""
    text = answer.text.replace(credential, "@").replace(credential.replace("@", "%40"), "@")
    text = re.sub(r'value="[\w=-]{60,}"|[0-9a-f]{64}|data-options="[^"]*"', "", text)
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "set-cookie"}}
    headers = {name: value for name, value in headers.items() if not name.startswith(("x-request", "content-length"))}
    cookies = sorted(cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie"))
    return answer.status_code, text, tuple(sorted(headers.items())), tuple(cookies)


async def password(browser: Reading, credential: str) -> list[httpx.Response]:
    start = await browser.open("login")
    return [await browser.press(start, "password", j_username=credential, j_password="not the right one")]


def by_code(page_name: str) -> Callable[[Reading, str], object]:
    async def ask(browser: Reading, credential: str) -> list[httpx.Response]:
        page = await browser.ask_for_code(credential, page_name)
        return [page, await browser.press(page, "enter_code", code="000000")]

    return ask


async def opened(browser: Reading, credential: str) -> list[httpx.Response]:
    names = ("login", "createUser", "register", "forgottenPassword", "loginCheck")
    return [await browser.open(name, credential=credential, credentialSubmit="true") for name in names]


@pytest.mark.parametrize(
    "way",
    [password, by_code("login"), by_code("createUser"), by_code("forgottenPassword"), opened],
    ids=["password", "code", "createUser", "forgottenPassword", "opened"],
)
async def test_all_kinds_of_accounts_and_none_look_the_same(
    server: Server, connection: Connection, kinds: list[str], way: Callable[..., object]
) -> None:
    answers = {}
    for credential in kinds:
        async with reading(server, connection) as browser:
            got: list[httpx.Response] = await way(browser, credential)  # type: ignore[misc]
        answers[credential] = [seen(answer, credential) for answer in got]
    for credential, answer in answers.items():
        assert answer == answers[NOBODY], credential


async def test_what_is_written_down_is_the_same_too(server: Server, connection: Connection, reader: Reader) -> None:
    """Otherwise the time of an answer would tell. The message itself is written and taken back."""
    tables = ("one_time_code", "wrong_password", "user_session", "sign_in", "audit_log", "used_once")
    written = []
    for credential in (reader.credential, NOBODY):
        before = [await connection.fetchval(f"select count(*) from {table}") for table in tables]
        async with reading(server, connection) as browser:
            await password(browser, credential)
            page = await browser.ask_for_code(credential)
            await browser.press(page, "enter_code", code="000000")
        after = [await connection.fetchval(f"select count(*) from {table}") for table in tables]
        written.append([now - then for now, then in zip(after, before, strict=True)])
    assert written[0] == written[1] == [1, 1, 0, 0, 0, 0]


async def test_a_credential_of_another_account_is_told_only_to_who_has_its_code(
    server: Server, connection: Connection, reader: Reader, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.http.get("/user/account/credentials?clientId=no.example.web")
        answers = []
        for credential in ("ola@example.no", NOBODY):
            token = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
            assert token is not None
            form = {"action": "code", "credential": credential, "form_token": token.group(1)}
            answer = await browser.http.post(str(page.url), data=form, follow_redirects=False)
            answers.append(seen(answer, credential))
        assert answers[0] == answers[1]
