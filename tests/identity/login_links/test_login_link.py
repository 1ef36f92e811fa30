"""Links by which a user signs in once, from the message to the site."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kolofon.engine.accounts.links import new_login_link
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server
from tests.identity.steps import signed_in
from tests.playground import WEB, Playground, Reader

IN = "https://web.example.no/in?a=1"
OUT = "https://web.example.no/out"


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with server.browser() as http:
        yield http


class Links:
    """Makes links for a user."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def for_user(self, reader: Reader) -> str:
        async with self._connection.transaction():
            secret = await new_login_link(
                self._connection,
                self._clock.now(),
                timedelta(hours=2),
                (reader.unique_id, reader.credential),
                (WEB, IN, OUT),
            )
        return f"/user/loginLink?token={secret}"


@pytest.fixture
def links(connection: Connection, clock: Clock, playground: Playground) -> Links:
    return Links(connection, clock)


@pytest.fixture
async def newcomer(playground: Playground, clock: Clock) -> Reader:
    """A user as Assign user makes one: no password, and nobody has shown whose the address is."""
    unique_id = new_uuid()
    await playground.connection.execute(
        "insert into user_account (unique_id, created_at) values ($1, $2)", unique_id, clock.now()
    )
    await playground.add_credential(unique_id, "ny@example.no", "notVerified")
    return Reader(unique_id, "ny@example.no", None)


async def press(http: httpx.AsyncClient, page: httpx.Response, **members: str) -> httpx.Response:
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert action is not None, page.text
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page.text)) | members
    return await http.post(action.group(1).replace("&amp;", "&"), data=fields, follow_redirects=False)


async def sessions(connection: Connection) -> int:
    return int(await connection.fetchval("select count(*) from user_session"))


async def test_opening_a_link_changes_nothing_and_says_who_is_signed_in(
    browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection
) -> None:
    link = await links.for_user(reader)
    for _ in range(3):
        page = await browser.get(link)
        assert page.status_code == 200
        assert reader.credential in page.text
    assert await sessions(connection) == 0
    assert await connection.fetchval("select used_at from login_link") is None


async def test_who_has_a_password_is_signed_in_once_and_led_on(
    browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection
) -> None:
    link = await links.for_user(reader)
    page = await browser.get(link)
    answer = await press(browser, page)
    assert (answer.status_code, answer.headers["location"]) == (303, IN)
    assert await sessions(connection) == 1
    assert await connection.fetchval("select verification_level from user_credential") == "verificationLink"
    again = await press(browser, page)
    assert (again.status_code, again.headers["location"]) == (303, OUT)
    assert (await browser.get(link, follow_redirects=False)).headers["location"] == OUT
    assert await sessions(connection) == 1


async def test_a_new_user_sets_a_password_and_is_signed_in_with_it(
    server: Server, browser: httpx.AsyncClient, links: Links, newcomer: Reader, connection: Connection
) -> None:
    page = await browser.get(await links.for_user(newcomer))
    answer = await press(browser, page)
    assert answer.status_code == 200, answer.text
    assert "new_password" in answer.text
    assert await sessions(connection) == 0
    weak = await press(browser, answer, new_password="short", action="set_password")
    assert weak.status_code == 400
    done = await press(browser, weak, new_password="a few good words", action="set_password")
    assert (done.status_code, done.headers["location"]) == (303, IN)
    assert await sessions(connection) == 1
    assert (await server.sign_in(newcomer.credential, "a few good words")).query["code"]


async def test_a_link_that_is_too_old_or_unknown_signs_nobody_in(
    browser: httpx.AsyncClient, links: Links, reader: Reader, clock: Clock, connection: Connection
) -> None:
    page = await browser.get(await links.for_user(reader))
    clock.move(timedelta(hours=2))
    assert (await press(browser, page)).headers["location"] == OUT
    assert (await browser.get(str(page.url), follow_redirects=False)).headers["location"] == OUT
    for token in ("", "x", "a" * 43):
        assert (await browser.get(f"/user/loginLink?token={token}")).status_code == 404
    assert await sessions(connection) == 0


async def test_the_button_works_only_from_our_page_in_this_browser(
    server: Server, browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection
) -> None:
    link = await links.for_user(reader)
    page = await browser.get(link)
    assert (await press(browser, page, form_token="0" * 64)).status_code == 200
    async with server.browser() as other:
        assert (await press(other, page)).status_code == 200
    assert await sessions(connection) == 0
    assert (await press(browser, page)).headers["location"] == IN


async def test_what_was_set_up_before_the_address_was_shown_to_be_the_readers_ends(
    browser: httpx.AsyncClient, links: Links, playground: Playground, connection: Connection, server: Server
) -> None:
    squatter = await playground.add_reader("ola@example.no", level="notVerified")
    async with signed_in(server, squatter):
        assert await sessions(connection) == 1
        answer = await press(browser, await browser.get(await links.for_user(squatter)))
        assert "new_password" in answer.text
        assert await sessions(connection) == 0
        assert await connection.fetchval("select password_hash from user_account") is None


async def test_a_link_of_an_address_that_is_another_accounts_by_now_fails(
    browser: httpx.AsyncClient, links: Links, reader: Reader, playground: Playground, connection: Connection
) -> None:
    link = await links.for_user(reader)
    other = await playground.add_reader("+4790909090")
    await connection.execute("update user_credential set unique_id = $1", other.unique_id)
    answer = await press(browser, await browser.get(link))
    assert answer.headers["location"] == OUT
    assert await sessions(connection) == 0


async def test_a_closed_account_is_not_signed_in(
    browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection, clock: Clock
) -> None:
    link = await links.for_user(reader)
    await connection.execute("update user_account set disabled_at = $1", clock.now())
    assert (await press(browser, await browser.get(link))).headers["location"] == OUT
    assert await sessions(connection) == 0


async def test_a_host_that_the_client_has_given_up_is_not_led_to(
    server: Server, browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection
) -> None:
    link = await links.for_user(reader)
    await connection.execute("update client set redirect_uris = '{}' where client_id = $1", WEB)
    await server.parts.catalogue.subscription.fetch(connection)
    assert (await browser.get(link, follow_redirects=False)).status_code == 400


async def test_of_many_presses_at_once_one_signs_in(
    browser: httpx.AsyncClient, links: Links, reader: Reader, connection: Connection
) -> None:
    page = await browser.get(await links.for_user(reader))
    answers: list[Any] = await asyncio.gather(*(press(browser, page) for _ in range(8)))
    assert sorted(answer.headers["location"] for answer in answers) == sorted([IN] + [OUT] * 7)
    assert await sessions(connection) == 1


async def test_old_links_are_forgotten_by_the_worker(
    server: Server, links: Links, reader: Reader, connection: Connection, clock: Clock
) -> None:
    from kolofon.worker import Worker

    await links.for_user(reader)
    parts = server.parts
    worker = Worker(parts.pool, parts.clock, parts.key_store, parts.delivery, parts.telling)
    await worker.keep_house()
    assert await connection.fetchval("select count(*) from login_link") == 1
    clock.move(timedelta(days=31))
    await worker.keep_house()
    assert await connection.fetchval("select count(*) from login_link") == 0
