"""A new password on the account page: what it needs, and what it ends."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization
from tests.events.outbox import messages_to
from tests.identity.account.steps import audited, follow, how_many_wait, press, tokens_of
from tests.identity.pages.reading import NEW_PASSWORD, Reading, is_back, reading
from tests.identity.steps import assert_refused, is_accepted, refresh
from tests.playground import CALLBACK, PASSWORD, Playground, Reader
from tests.waiting import until, until_waiting

PAGE = "account/password"


async def change(browser: Reading, password: str = PASSWORD, new: str = NEW_PASSWORD) -> httpx.Response:
    return await press(browser, await browser.open(PAGE), "save", password=password, new_password=new)


async def test_everything_else_that_was_signed_in_ends(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with (
        reading(server, connection) as browser,
        reading(server, connection) as elsewhere,
        reading(server, connection) as bystander,
    ):
        await browser.sign_in(reader.credential)
        await elsewhere.sign_in(reader.credential)
        await bystander.sign_in(ola.credential)
        mine, theirs = await tokens_of(server, browser), await tokens_of(server, elsewhere)
        others = await tokens_of(server, bystander)
        before = browser.http.cookies["kolofon_session"]
        answer = await change(browser)
        assert urlsplit(answer.headers["location"]).path == "/user/account"
        # This browser goes on, under a new secret; the remember-me logins are gone everywhere.
        assert await browser.is_signed_in(reader.credential)
        copy = httpx.AsyncClient(base_url=server.base_url, cookies={"kolofon_session": before})
        async with copy:
            assert not await Reading(server, copy, connection).is_signed_in()
        assert not await elsewhere.is_signed_in()
        assert await connection.fetchval("select count(*) from remember_me_login") == 1
        for tokens in (mine, theirs):
            assert not await is_accepted(server, tokens["access_token"])
            assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
        assert await bystander.is_signed_in()
        assert await is_accepted(server, others["access_token"])
        assert (await elsewhere.sign_in(reader.credential, PASSWORD)).status_code == 400
        assert is_back(await elsewhere.sign_in(reader.credential, NEW_PASSWORD))
    assert len(await audited(connection, "changePassword")) == 1


async def test_clients_know_the_session_that_goes_on_by_the_same_id(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        before = await connection.fetchval("select session_id from user_session")
        await change(browser)
        assert await connection.fetchval("select array_agg(session_id) from user_session") == [before]


async def test_every_verified_credential_hears_of_it(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, "+4790000001")
    await playground.add_credential(reader.unique_id, "old@example.no", "notVerified")
    async with reading(server, connection) as browser:
        browser.http.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
        await browser.sign_in(reader.credential)
        await browser.open("account", lang="en")
        await change(browser)
    [mail] = await messages_to(connection, reader.credential)
    assert mail.subject == "Your password was changed"
    for part in (mail.text, mail.html or ""):
        assert "Firefox on Windows" in part
        assert "If it was not you" in part
    [sms] = await messages_to(connection, "+4790000001")
    assert "Your password was changed" in sms.text
    assert await messages_to(connection, "old@example.no") == []


@pytest.mark.parametrize("wrong", ["not the password", "", "x" * 2000])
async def test_the_old_password_is_asked_for(
    server: Server, reader: Reader, connection: Connection, wrong: str
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await browser.sign_in(reader.credential)
        answer = await change(browser, wrong)
        assert answer.status_code == 400
        assert 'id="password-error"' in answer.text
        assert is_back(await elsewhere.sign_in(reader.credential, PASSWORD))


@pytest.mark.parametrize("weak", ["kort", "1234567890", "kari@example.no", "x" * 1025])
async def test_the_new_one_keeps_the_rules(server: Server, reader: Reader, connection: Connection, weak: str) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await change(browser, new=weak)
        assert answer.status_code == 400
        assert 'id="new_password-error"' in answer.text


async def test_guesses_at_the_old_one_are_counted_with_the_sign_ins(
    server: Server, reader: Reader, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await browser.sign_in(reader.credential)
        monkeypatch.setattr(server.parts.limiter, "_monotonic", lambda: 1e9)
        answers = [(await change(browser, f"guess number {number}")).status_code for number in range(6)]
        assert answers == [400] * 5 + [429]
        assert (await change(browser)).status_code == 429
        assert (await elsewhere.sign_in(reader.credential)).status_code == 429


async def test_who_has_none_sets_one_after_signing_in_just_now(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    await connection.execute("update user_account set password_hash = null")
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        page = await browser.ask_for_code(reader.credential)
        await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.open(PAGE)
        assert 'name="password"' not in page.text
        clock.move(timedelta(minutes=11))
        answer = await press(browser, page, "save", new_password=NEW_PASSWORD)
        assert "prompt=login" in answer.headers["location"]
        assert "prompt=login" in (await browser.open(PAGE)).headers["location"]
        assert (await elsewhere.sign_in(reader.credential, NEW_PASSWORD)).status_code == 400
        page = await follow(browser, answer)
        page = await browser.press(page, "by_code", j_username=reader.credential)
        page = await browser.press(page, "code", j_username=reader.credential)
        answer = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        await press(browser, await follow(browser, answer), "save", new_password=NEW_PASSWORD)
        assert is_back(await elsewhere.sign_in(reader.credential, NEW_PASSWORD))


async def test_of_two_changes_at_once_one_counts(server: Server, reader: Reader, connection: Connection) -> None:
    new = ["den ene hesten i regn", "den andre hesten i regn"]
    async with reading(server, connection) as one, reading(server, connection) as two:
        for browser in (one, two):
            await browser.sign_in(reader.credential)
        answers = await asyncio.gather(change(one, new=new[0]), change(two, new=new[1]))
        won = [answer.status_code == 303 and "done=password" in answer.headers["location"] for answer in answers]
        assert sorted(won) == [False, True]
        assert [await browser.is_signed_in() for browser in (one, two)] == won
    assert len(await audited(connection, "changePassword")) == 1


async def test_a_password_that_has_been_changed_meanwhile_is_not_overwritten(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from user_account for share")
        changing = asyncio.create_task(press(browser, page, "save", password=PASSWORD, new_password=NEW_PASSWORD))
        await until_waiting(connection)
        await connection.execute("update user_account set password_hash = 'another one'")
        await transaction.commit()
        assert (await changing).status_code == 400
    assert await connection.fetchval("select password_hash from user_account") == "another one"
    assert await audited(connection, "changePassword") == []


async def test_a_sign_in_with_the_old_password_at_the_same_moment_comes_to_nothing(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("update user_account set password_hash = 'another one'")
        signing_in = asyncio.create_task(browser.sign_in(reader.credential))
        await until_waiting(connection)
        await transaction.commit()
        assert (await signing_in).status_code == 400
    assert await connection.fetchval("select count(*) from user_session") == 0


async def test_a_code_that_is_given_at_the_same_moment_comes_to_nothing(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await browser.sign_in(reader.credential)
        await elsewhere.sign_in(reader.credential)
        page = await browser.open(PAGE)
        transaction = connection.transaction()
        await transaction.start()
        # The grant is written, and its transaction not at its end.
        await connection.execute("lock table authorization_code in share mode")
        giving = asyncio.create_task(
            elsewhere.http.get("/user/oauth/authorize", params=authorization(), follow_redirects=False)
        )
        await until_waiting(connection)
        changing = asyncio.create_task(press(browser, page, "save", password=PASSWORD, new_password=NEW_PASSWORD))

        async def done_or_waiting() -> bool:
            return changing.done() or await how_many_wait(connection) >= 2

        await until(done_or_waiting)
        await transaction.commit()
        answer, _ = await asyncio.gather(giving, changing)
        code = httpx.URL(answer.headers["location"]).params["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        assert_refused(await server.token(form), "invalid_grant")


async def test_a_forgotten_password_ends_what_apps_hold_as_well(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        await elsewhere.sign_in(reader.credential)
        tokens = await tokens_of(server, elsewhere)
        page = await browser.ask_for_code(reader.credential, "forgottenPassword")
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert is_back(await browser.press(page, "set_password", new_password=NEW_PASSWORD))
    assert not await is_accepted(server, tokens["access_token"])
    assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
    assert (await messages_to(connection, reader.credential))[-1].html is not None
    assert len(await audited(connection, "changePassword")) == 1
