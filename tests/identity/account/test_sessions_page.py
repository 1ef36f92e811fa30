"""Where a reader is signed in, and ending it there."""

import asyncio
import re
from datetime import timedelta

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server
from tests.identity.account.steps import audited, press, tokens_of
from tests.identity.pages.reading import Reading, is_back, reading
from tests.identity.steps import assert_refused, is_accepted, refresh
from tests.playground import Playground, Reader
from tests.waiting import until_waiting

PAGE = "account/sessions"
PHONE_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


async def end(browser: Reading, place: str) -> None:
    answer = await press(browser, await browser.open(PAGE), "end", place=place)
    assert "done=ended" in answer.headers["location"]


async def places(browser: Reading) -> list[str]:
    """The ids of what can be ended."""
    return re.findall(r'name="place" value="([^"]+)"', (await browser.open(PAGE)).text)


async def test_they_are_listed_in_words_and_this_one_is_marked(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser, reading(server, connection) as phone:
        phone.http.headers["User-Agent"] = PHONE_AGENT
        await phone.sign_in(reader.credential)
        clock.move(timedelta(hours=1))
        browser.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        await browser.sign_in(reader.credential, remember=None)
        async with reading(server, connection) as other:
            await other.sign_in(ola.credential)
        page = await browser.open(PAGE, lang="en")
    entries = re.findall(r"<li>\n<strong.*?</li>", page.text, re.DOTALL)
    assert len(entries) == 2
    assert "Firefox on Linux (this browser)" in entries[0]
    assert 'value="end"' not in entries[0]
    assert "Kept signed in" not in entries[0]
    assert "Safari on iPhone" in entries[1]
    assert "Kept signed in at" in entries[1]
    assert ola.credential not in page.text


async def test_one_is_ended_with_what_remembers_it_and_what_it_gave_to_apps(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with (
        reading(server, connection) as browser,
        reading(server, connection) as lost,
        reading(server, connection) as phone,
    ):
        for each in (browser, lost, phone):
            await each.sign_in(reader.credential)
        taken, kept = await tokens_of(server, lost), await tokens_of(server, phone)
        place = await connection.fetchval(
            "select session_id from user_session where session_hash = $1",
            hash_secret(lost.http.cookies["kolofon_session"]),
        )
        await end(browser, place)
        assert not await lost.is_signed_in()
        assert not is_back(await lost.open("login"))
        assert not await is_accepted(server, taken["access_token"])
        assert_refused(await refresh(server, taken["refresh_token"]), "invalid_grant")
        assert await phone.is_signed_in()
        assert await browser.is_signed_in()
        assert await is_accepted(server, kept["access_token"])
    assert await audited(connection, "endSession") == [(place, None)]


async def test_a_remembered_browser_without_a_session_is_listed_and_ended(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as lost:
        await lost.sign_in(reader.credential)
        tokens = await tokens_of(server, lost)
        clock.move(timedelta(days=1))
        await browser.sign_in(reader.credential)
        [place] = await places(browser)
        login_id = await connection.fetchval("select login_id from remember_me_login order by rotated_at limit 1")
        assert login_id.hex not in place
        await end(browser, place)
        assert await places(browser) == []
        assert not await lost.is_signed_in()
        assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
        assert await browser.is_signed_in()


async def test_a_remembered_browser_that_came_back_is_one_place(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as phone:
        await phone.sign_in(reader.credential)
        clock.move(timedelta(days=1))
        phone.http.cookies.delete("kolofon_session")
        assert await phone.is_signed_in()
        await browser.sign_in(reader.credential)
        [place] = await places(browser)
        await end(browser, place)
        assert not await phone.is_signed_in()


@pytest.mark.parametrize("kind", ["session", "login"])
async def test_another_readers_stays(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock, kind: str
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with (
        reading(server, connection) as browser,
        reading(server, connection) as other,
        reading(server, connection) as third,
    ):
        await other.sign_in(ola.credential)
        if kind == "login":
            clock.move(timedelta(days=1))
        await third.sign_in(ola.credential)
        await browser.sign_in(reader.credential)
        [place] = await places(third)
        page = await browser.open("account/name")
        token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
        form = {"action": "end", "kind": kind, "place": place, "form_token": token}
        await browser.http.post(f"/user/{PAGE}", data=form)
        assert await other.is_signed_in()
    assert await audited(connection, "endSession") == await audited(connection, "endRememberedLogin") == []


async def test_all_others_are_ended_at_once(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with (
        reading(server, connection) as old,
        reading(server, connection) as browser,
        reading(server, connection) as phone,
        reading(server, connection) as bystander,
    ):
        await old.sign_in(reader.credential)
        of_app = await tokens_of(server, old)
        clock.move(timedelta(days=1))
        for each, credential in ((browser, reader), (phone, reader), (bystander, ola)):
            await each.sign_in(credential.credential)
        mine, others = await tokens_of(server, browser), await tokens_of(server, bystander)
        answer = await press(browser, await browser.open(PAGE), "end_others")
        assert "done=ended" in answer.headers["location"]
        for each in (old, phone):
            assert not await each.is_signed_in()
        assert_refused(await refresh(server, of_app["refresh_token"]), "invalid_grant")
        assert await is_accepted(server, mine["access_token"])
        assert await is_accepted(server, others["access_token"])
        assert await browser.is_signed_in()
        assert await bystander.is_signed_in()
        browser.http.cookies.delete("kolofon_session")
        assert await browser.is_signed_in()


async def test_a_reader_who_signs_in_again_stays_the_same_session_for_clients(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        secret = browser.http.cookies["kolofon_session"]
        first = await connection.fetchval("select session_id from user_session")
        page = await browser.open("login", prompt="login")
        await browser.press(page, "password", j_username=reader.credential, j_password="correct horse battery")
        assert browser.http.cookies["kolofon_session"] != secret
        assert await connection.fetchval("select array_agg(session_id) from user_session") == [first]
        page = await browser.open("login", prompt="login")
        await browser.press(page, "password", j_username=ola.credential, j_password="correct horse battery")
        [second] = await connection.fetchval("select array_agg(session_id) from user_session")
        assert second != first


async def test_a_remembered_browser_that_comes_back_at_the_same_moment_is_ended_too(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential, remember=None)
        async with reading(server, connection) as phone:
            await phone.sign_in(reader.credential)
        page = await browser.open(PAGE)
        async with connection.transaction():
            # As coming back does: the login is held first, and what refers to the account is written after that.
            await connection.execute("select from remember_me_login for update")
            ending = asyncio.create_task(press(browser, page, "end_others"))
            await until_waiting(connection)
            await connection.execute(
                """
                insert into user_session (session_hash, unique_id, credential, authenticated_at, expires_at)
                select sha256('another'), unique_id, credential, authenticated_at, expires_at + interval '1 hour'
                from user_session limit 1
                """
            )
        assert "done=ended" in (await ending).headers["location"]
        assert await browser.is_signed_in()
    assert await connection.fetchval("select count(*) from user_session") == 1
    assert await connection.fetchval("select count(*) from remember_me_login") == 0


async def test_of_very_many_the_newest_are_shown_and_all_can_be_ended(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE, lang="en")
        assert "Only the newest" not in page.text
        await connection.execute(
            """
            insert into user_session (session_hash, unique_id, credential, authenticated_at, expires_at)
            select sha256(n::text::bytea), unique_id, credential, authenticated_at, expires_at - n * interval '1 second'
            from user_session, generate_series(1, 300) n
            """
        )
        page = await browser.open(PAGE, lang="en")
        assert "(this browser)" in page.text
        assert page.text.count("<li>\n<strong") == 100
        assert "Only the newest 100 are shown." in page.text
        await press(browser, page, "end_others")
        assert await browser.is_signed_in()
    assert await connection.fetchval("select count(*) from user_session") == 1
