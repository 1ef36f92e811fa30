"""E-mail addresses and numbers of an account: none without its code, and one to sign in with always stays."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.account.steps import audited, credentials_of, press, tokens_of
from tests.identity.pages.reading import Reading, is_back, reading, wrong
from tests.identity.steps import is_accepted
from tests.playground import Playground, Reader
from tests.waiting import until_waiting

PAGE = "account/credentials"
NEW = "ny@example.no"
PHONE = "+4790000001"


async def ask(browser: Reading, credential: str = NEW) -> httpx.Response:
    """The page on which the code is typed."""
    page = await press(browser, await browser.open(PAGE, lang="en"), "code", credential=credential)
    assert page.status_code == 200, page.text
    return page


async def add(browser: Reading, credential: str = NEW) -> httpx.Response:
    page = await ask(browser, credential)
    return await press(browser, page, "enter_code", code=await browser.newest_code(credential))


async def remove(browser: Reading, credential: str) -> httpx.Response:
    return await press(browser, await browser.open(PAGE), "remove", credential=credential)


async def force_remove(browser: Reading, credential: str) -> httpx.Response:
    """Send the form of a button that the page does not have."""
    page = await browser.open(PAGE, lang="en")
    changed = page.text.replace('value="code"', 'value="remove"')
    page.__dict__["_text"] = changed
    return await press(browser, page, "remove", credential=credential)


@pytest.mark.parametrize("credential", [NEW, PHONE])
async def test_one_is_added_when_its_code_is_entered(
    server: Server, reader: Reader, connection: Connection, credential: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser, credential)
        assert credential not in await credentials_of(connection, reader.unique_id)
        answer = await press(browser, page, "enter_code", code=await browser.newest_code(credential))
        assert "done=credential" in answer.headers["location"]
        assert (await credentials_of(connection, reader.unique_id))[credential] == "verificationCode"
        assert is_back(await browser.sign_in(credential))
    [told] = await messages_to(connection, reader.credential)
    assert told.subject == "An e-mail address or number was added to your account"
    assert credential in told.text
    assert len(await messages_to(connection, credential)) == 1  # its code
    assert await audited(connection, "addCredential") == [(None, credential)]


async def test_a_wrong_code_adds_nothing_and_five_are_the_end(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser)
        code = await browser.newest_code(NEW)
        for _ in range(5):
            answer = await press(browser, page, "enter_code", code=wrong(code))
            assert answer.status_code == 400
            assert 'id="code-error"' in answer.text
        assert (await press(browser, page, "enter_code", code=code)).status_code == 400
    assert NEW not in await credentials_of(connection, reader.unique_id)


async def test_a_code_works_once(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser)
        code = await browser.newest_code(NEW)
        answers = await asyncio.gather(*(press(browser, page, "enter_code", code=code) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [303, 400, 400]
        assert (await remove(browser, NEW)).status_code == 303
        assert (await press(browser, page, "enter_code", code=code)).status_code == 400
    assert NEW not in await credentials_of(connection, reader.unique_id)


async def test_a_code_is_for_the_reader_who_asked(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser)
        # The same browser, and somebody else in it by now.
        await browser.open("logout")
        await browser.sign_in(ola.credential)
        answer = await press(browser, page, "enter_code", code=await browser.newest_code(NEW))
        assert answer.status_code == 400
    for unique_id in (reader.unique_id, ola.unique_id):
        assert NEW not in await credentials_of(connection, unique_id)


@pytest.mark.parametrize("purpose", ["login", "register"])
async def test_a_code_for_something_else_adds_nothing(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock, purpose: str
) -> None:
    if purpose == "login":
        await playground.add_reader(NEW)
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser)
        clock.move(timedelta(seconds=1))
        start = await browser.open("login", credential=NEW, assumeNewUser="true")
        if purpose == "register":
            start = await browser.open("createUser", credential=NEW)
        await browser.press(start, "code", j_username=NEW)
        assert await connection.fetchval("select count(*) from one_time_code where purpose = $1", purpose) == 1
        answer = await press(browser, page, "enter_code", code=await browser.newest_code(NEW))
        assert answer.status_code == 400


async def test_whose_it_is_is_told_only_to_who_has_shown_that_it_is_theirs(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        pages = [await ask(browser, credential) for credential in (ola.credential, NEW)]
        texts = [page.text.replace(ola.credential, NEW) for page in pages]
        ends = [text[text.index("<h1>") : text.index('<input type="hidden" name="flow"')] for text in texts]
        assert ends[0] == ends[1]
        answer = await press(browser, pages[0], "enter_code", code=wrong(await browser.newest_code(ola.credential)))
        assert "another account" not in answer.text
        answer = await press(browser, pages[0], "enter_code", code=await browser.newest_code(ola.credential))
        assert answer.status_code == 400
        assert "belongs to another account" in answer.text
    assert ola.credential in await credentials_of(connection, ola.unique_id)
    assert ola.credential not in await credentials_of(connection, reader.unique_id)


async def test_one_that_is_not_verified_yet_is_verified_by_a_code(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, NEW, "notVerified")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert (await add(browser)).status_code == 303
    assert (await credentials_of(connection, reader.unique_id))[NEW] == "verificationCode"
    assert await audited(connection, "verifyCredential") == [(None, NEW)]


@pytest.mark.parametrize("typed", ["", "kari", "AID:123", "kari@", "12"])
async def test_what_no_code_can_be_sent_to_is_refused_at_its_field(
    server: Server, reader: Reader, connection: Connection, typed: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        page.__dict__["_text"] = page.text[page.text.index("<h2>") :]
        answer = await press(browser, page, "code", credential=typed)
        assert answer.status_code == 400
        assert 'id="credential-error"' in answer.text


async def test_one_is_removed_with_everything_that_was_signed_in_with_it(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, PHONE)
    async with (
        reading(server, connection) as browser,
        reading(server, connection) as by_phone,
        reading(server, connection) as by_mail,
    ):
        await browser.sign_in(PHONE)
        await by_phone.sign_in(PHONE)
        await by_mail.sign_in(reader.credential)
        lost, kept = await tokens_of(server, by_phone), await tokens_of(server, by_mail)
        assert "done=removed" in (await remove(browser, PHONE)).headers["location"]
        # This browser goes on as the one that is left.
        assert await browser.is_signed_in(reader.credential)
        assert not await by_phone.is_signed_in()
        assert await by_mail.is_signed_in()
        assert not await is_accepted(server, lost["access_token"])
        assert await is_accepted(server, kept["access_token"])
        assert (await by_phone.sign_in(PHONE)).status_code == 400
    for recipient in (reader.credential, PHONE):
        [told] = await messages_to(connection, recipient)
        assert PHONE in told.text
    assert await audited(connection, "removeCredential") == [(PHONE, None)]


async def test_so_is_access_whose_session_has_run_out(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, PHONE)
    lost = await server.user_tokens(PHONE)
    kept = await server.user_tokens(reader.credential)
    await connection.execute("delete from user_session")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await remove(browser, PHONE)
    assert not await is_accepted(server, lost["access_token"])
    assert await is_accepted(server, kept["access_token"])


@pytest.mark.parametrize("other", [None, "notVerified"])
async def test_the_last_verified_one_stays(
    server: Server, reader: Reader, playground: Playground, connection: Connection, other: str | None
) -> None:
    if other is not None:
        await playground.add_credential(reader.unique_id, PHONE, other)
    await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        assert ('value="remove"' in page.text) is (other is not None)
        page = await browser.open(PAGE, lang="en")
        form = {"action": "remove", "credential": reader.credential}
        token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
        answer = await browser.http.post(f"/user/{PAGE}", data=form | {"form_token": token})
        assert answer.status_code == 400
        assert "This one has to stay" in answer.text
        if other is not None:
            assert (await remove(browser, PHONE)).status_code == 303
    assert list(await credentials_of(connection, reader.unique_id)) == [reader.credential]


async def test_of_two_that_are_removed_at_once_one_stays(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, PHONE)
    async with reading(server, connection) as one, reading(server, connection) as two:
        pages = []
        for browser in (one, two):
            await browser.sign_in(reader.credential)
            pages.append(await browser.open(PAGE))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from user_account for update")
        removals = [
            asyncio.create_task(press(browser, page, "remove", credential=credential))
            for browser, page, credential in zip((one, two), pages, (reader.credential, PHONE), strict=True)
        ]
        await until_waiting(connection, 1)
        await transaction.rollback()
        answers = await asyncio.gather(*removals)
    assert len(await credentials_of(connection, reader.unique_id)) == 1
    assert 303 in {answer.status_code for answer in answers}


async def test_another_readers_stays(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    await playground.add_credential(ola.unique_id, "+4790000002")
    await playground.add_credential(reader.unique_id, PHONE)
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        token = (await browser.open(PAGE)).text.partition('name="form_token" value="')[2].partition('"')[0]
        form = {"action": "remove", "credential": ola.credential, "form_token": token}
        assert (await browser.http.post(f"/user/{PAGE}", data=form)).status_code == 400
    assert len(await credentials_of(connection, ola.unique_id)) == 2


async def test_what_other_systems_know_the_reader_by_is_shown_and_stays(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    await connection.execute(
        "insert into user_credential values ('AID:42', 'D', $1, 'externallyVerified', $2)",
        reader.unique_id,
        clock.now(),
    )
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        assert ">AID:42<" in page.text
        assert 'value="AID:42"' not in page.text
        token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
        for credential in ("AID:42", reader.credential):
            form = {"action": "remove", "credential": credential, "form_token": token}
            assert (await browser.http.post(f"/user/{PAGE}", data=form)).status_code == 400
    assert len(await credentials_of(connection, reader.unique_id)) == 2


async def test_an_account_has_twenty_at_most(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    for number in range(19):
        await playground.add_credential(reader.unique_id, f"kari{number}@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert (await add(browser)).status_code == 400
    assert NEW not in await credentials_of(connection, reader.unique_id)


async def test_codes_for_one_credential_are_counted(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser)
        for _ in range(2):
            page = await press(browser, page, "code")
            assert page.status_code == 200
        page = await press(browser, page, "code")
        assert page.status_code == 429
        assert 'value="enter_code"' in page.text
