"""An e-mail address or number in the place of another: by its own code, at once, and the old one is told."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kolofon.identity.codes.service import LIFETIME
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.i18n import LANGUAGES, translations
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.account.steps import audited, credentials_of, how_many_wait, press, tokens_of
from tests.identity.pages.reading import Reading, is_back, reading, wrong
from tests.identity.second_factors.steps import add_app
from tests.identity.steps import is_accepted
from tests.playground import Playground, Reader
from tests.waiting import until

PAGE = "account/credentials"
NEW = "ny@example.no"
PHONE = "+4790000001"
GONE = "It is not among your e-mail addresses and numbers any more."


async def ask(browser: Reading, old: str, lang: str = "en") -> httpx.Response:
    """The page on which the new one is typed."""
    return await press(browser, await browser.open(PAGE, lang=lang), "change", credential=old)


async def send(browser: Reading, old: str, new: str = NEW) -> httpx.Response:
    """The page on which its code is typed."""
    page = await press(browser, await ask(browser, old), "code", credential=new)
    assert page.status_code == 200, page.text
    return page


async def enter(browser: Reading, page: httpx.Response, new: str = NEW, code: str | None = None) -> httpx.Response:
    return await press(browser, page, "enter_code", code=code or await browser.newest_code(new))


async def change(browser: Reading, old: str, new: str = NEW) -> httpx.Response:
    return await enter(browser, await send(browser, old, new), new)


async def forged(browser: Reading, **fields: str) -> httpx.Response:
    """A form that no page has."""
    token = (await browser.open(PAGE, lang="en")).text.partition('name="form_token" value="')[2].partition('"')[0]
    return await browser.http.post(f"/user/{PAGE}", data=fields | {"form_token": token}, follow_redirects=False)


@pytest.mark.parametrize("new", [NEW, PHONE])
async def test_the_new_one_takes_the_place_of_the_only_one(
    server: Server, reader: Reader, connection: Connection, new: str
) -> None:
    old = reader.credential
    async with reading(server, connection) as browser, reading(server, connection) as other:
        await browser.sign_in(old)
        await other.sign_in(old)
        lost = await tokens_of(server, other)
        page = await send(browser, old, new)
        assert await credentials_of(connection, reader.unique_id) == {old: "verificationCode"}
        assert "done=changed" in (await enter(browser, page, new)).headers["location"]
        assert await credentials_of(connection, reader.unique_id) == {new: "verificationCode"}
        # This browser goes on as the new one; what was signed in elsewhere by the old one has ended.
        assert await browser.is_signed_in(new)
        assert not await other.is_signed_in()
        assert not await is_accepted(server, lost["access_token"])
        assert (await other.sign_in(old)).status_code == 400
        assert is_back(await other.sign_in(new))
    [told] = await messages_to(connection, old)
    assert told.subject == "An e-mail address or number of your account was changed"
    assert f"{old} is now {new}" in told.text
    assert "tell the newspaper's customer service at once" in told.text
    assert len(await messages_to(connection, new)) == 1  # its code
    assert await audited(connection, "changeCredential") == [(old, new)]


async def test_all_verified_ones_are_told_and_what_they_signed_in_goes_on(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, PHONE)
    async with reading(server, connection) as browser, reading(server, connection) as by_phone:
        await browser.sign_in(reader.credential)
        await by_phone.sign_in(PHONE)
        kept = await tokens_of(server, by_phone)
        await change(browser, reader.credential)
        assert await by_phone.is_signed_in()
        assert await is_accepted(server, kept["access_token"])
    [told] = await messages_to(connection, PHONE)
    assert NEW in told.text
    assert told.text.endswith("tell customer service at once.")


async def test_access_ends_whose_session_has_run_out(server: Server, reader: Reader, connection: Connection) -> None:
    lost = await server.user_tokens(reader.credential)
    await connection.execute("delete from user_session")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await change(browser, reader.credential)
    assert not await is_accepted(server, lost["access_token"])


async def test_one_that_is_not_verified_can_be_put_right_and_is_not_told(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    """Whoever has the address that was mistyped has nothing to do with it."""
    await playground.add_credential(reader.unique_id, "kri@example.no", "notVerified")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await change(browser, "kri@example.no")
    assert await messages_to(connection, "kri@example.no") == []
    assert set(await credentials_of(connection, reader.unique_id)) == {reader.credential, NEW}
    [told] = await messages_to(connection, reader.credential)
    assert NEW in told.text


@pytest.mark.parametrize("level", ["notVerified", "verificationCode"])
async def test_another_one_of_the_own_can_take_the_place(
    server: Server, reader: Reader, playground: Playground, connection: Connection, level: str
) -> None:
    await playground.add_credential(reader.unique_id, NEW, level)
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert (await change(browser, reader.credential)).status_code == 303
    assert await credentials_of(connection, reader.unique_id) == {NEW: "verificationCode"}


async def test_somebody_elses_stays_theirs_and_that_is_told_only_after_its_code(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await send(browser, reader.credential, ola.credential)
        code = await browser.newest_code(ola.credential)
        assert "another account" not in (await enter(browser, page, code=wrong(code))).text
        answer = await enter(browser, page, code=code)
        assert answer.status_code == 400
        assert "belongs to another account" in answer.text
    assert list(await credentials_of(connection, reader.unique_id)) == [reader.credential]
    assert list(await credentials_of(connection, ola.unique_id)) == [ola.credential]
    assert await messages_to(connection, reader.credential) == []
    assert await audited(connection, "changeCredential") == []


async def test_wrong_codes_change_nothing_and_five_are_the_end(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await send(browser, reader.credential)
        code = await browser.newest_code(NEW)
        for _ in range(5):
            answer = await enter(browser, page, code=wrong(code))
            assert answer.status_code == 400
            assert 'id="code-error"' in answer.text
        assert (await enter(browser, page, code=code)).status_code == 400
    assert list(await credentials_of(connection, reader.unique_id)) == [reader.credential]


async def test_a_new_code_still_changes(server: Server, reader: Reader, connection: Connection, clock: Clock) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await send(browser, reader.credential)
        clock.move(timedelta(minutes=1))
        page = await press(browser, page, "code")
        assert (await enter(browser, page)).status_code == 303
    assert list(await credentials_of(connection, reader.unique_id)) == [NEW]


@pytest.mark.parametrize("typed", ["", "kari", "AID:123", "kari@", "12", "Kari@Example.no"])
async def test_what_cannot_take_the_place_is_refused_at_its_field(
    server: Server, reader: Reader, connection: Connection, typed: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await press(browser, await ask(browser, reader.credential), "code", credential=typed)
        assert answer.status_code == 400
        assert 'id="credential-error"' in answer.text
        assert "Change an e-mail address or number" in answer.text
        # And it can be put right there.
        page = await press(browser, answer, "code", credential=NEW)
        assert (await enter(browser, page)).status_code == 303
    assert list(await credentials_of(connection, reader.unique_id)) == [NEW]


@pytest.mark.parametrize("which", ["ola@example.no", "AID:42", "nobody@example.no"])
async def test_only_the_own_that_can_be_reached_is_changed(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock, which: str
) -> None:
    ola = await playground.add_reader("ola@example.no")
    await connection.execute(
        "insert into user_credential values ('AID:42', 'D', $1, 'externallyVerified', $2)",
        reader.unique_id,
        clock.now(),
    )
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await forged(browser, action="change", credential=which)
        assert answer.status_code == 400
        assert GONE in answer.text
    assert list(await credentials_of(connection, ola.unique_id)) == [ola.credential]
    assert set(await credentials_of(connection, reader.unique_id)) == {reader.credential, "AID:42"}


async def test_a_form_is_of_use_to_the_reader_it_was_made_for_alone(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        asked, sent = await ask(browser, reader.credential), await send(browser, reader.credential)
        code = await browser.newest_code(NEW)
        # The same browser, and somebody else in it by now.
        await browser.open("logout")
        await browser.sign_in(ola.credential)
        assert (await press(browser, asked, "code", credential="x@example.no")).status_code == 400
        assert (await enter(browser, sent, code=code)).status_code == 400
        assert await messages_to(connection, "x@example.no") == []
    assert list(await credentials_of(connection, ola.unique_id)) == [ola.credential]
    assert list(await credentials_of(connection, reader.unique_id)) == [reader.credential]


async def test_a_form_that_lay_open_too_long_adds_nothing_either(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    """Without its old one it would be the form that adds."""
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser, reader.credential)
        clock.move(LIFETIME)
        await browser.open("logout")
        await browser.sign_in(reader.credential)
        token = (await browser.open(PAGE)).text.partition('name="form_token" value="')[2].partition('"')[0]
        flow = page.text.partition('name="flow" value="')[2].partition('"')[0]
        form = {"action": "code", "credential": NEW, "flow": flow, "form_token": token}
        answer = await browser.http.post(f"/user/{PAGE}", data=form, follow_redirects=False)
        assert answer.status_code == 400
        assert "open for too long" in answer.text
    assert await messages_to(connection, NEW) == []


async def test_a_form_that_changes_cannot_be_made_one_that_adds_and_the_other_way_round(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        asked = await ask(browser, reader.credential)
        flow = asked.text.partition('name="flow" value="')[2].partition('"')[0]
        for given in (flow, flow[:-8] + "AAAAAAA=", "x"):
            answer = await forged(browser, action="enter_code", flow=given, code="123456")
            assert answer.status_code == 400
    assert list(await credentials_of(connection, reader.unique_id)) == [reader.credential]


async def test_of_two_changes_of_one_at_once_one_is_made(
    server: Server, reader: Reader, connection: Connection
) -> None:
    news = (NEW, "other@example.no")
    async with reading(server, connection) as one, reading(server, connection) as two:
        work = []
        for browser, new in zip((one, two), news, strict=True):
            await browser.sign_in(reader.credential)
            work.append((browser, await send(browser, reader.credential, new), await browser.newest_code(new)))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from user_account for update")
        tasks = [asyncio.create_task(enter(browser, page, code=code)) for browser, page, code in work]

        async def both_wait() -> bool:
            return await how_many_wait(connection) == 2

        await until(both_wait)
        await transaction.rollback()
        answers = await asyncio.gather(*tasks)
    assert sorted(answer.status_code for answer in answers) == [303, 400]
    [left] = await credentials_of(connection, reader.unique_id)
    assert left in news
    assert await audited(connection, "changeCredential") == [(reader.credential, left)]


async def test_one_that_was_removed_meanwhile_is_not_replaced(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, PHONE)
    async with reading(server, connection) as browser:
        await browser.sign_in(PHONE)
        page = await send(browser, reader.credential)
        await press(browser, await browser.open(PAGE), "remove", credential=reader.credential)
        answer = await enter(browser, page)
        assert answer.status_code == 400
    assert list(await credentials_of(connection, reader.unique_id)) == [PHONE]


async def test_it_needs_a_new_sign_in(server: Server, reader: Reader, connection: Connection, clock: Clock) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        clock.move(timedelta(minutes=11))
        answer = await press(browser, page, "change", credential=reader.credential)
        assert answer.status_code in {302, 303}
        assert "/login?" in answer.headers["location"]


async def test_who_has_twenty_can_change_one(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    for number in range(19):
        await playground.add_credential(reader.unique_id, f"kari{number}@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert (await change(browser, "kari7@example.no")).status_code == 303
    assert len(await credentials_of(connection, reader.unique_id)) == 20


async def test_codes_are_counted_and_the_reader_stays_where_they_were(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        for _ in range(3):
            page = await press(browser, await ask(browser, reader.credential), "code", credential=NEW)
            assert page.status_code == 200
        page = await press(browser, await ask(browser, reader.credential), "code", credential=NEW)
        assert page.status_code == 429
        assert "Change an e-mail address or number" in page.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_pages_are_in_the_readers_language(
    server: Server, reader: Reader, connection: Connection, language: str
) -> None:
    gettext = translations(language).gettext
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await ask(browser, reader.credential, language)
        for text in ("Change an e-mail address or number", "New e-mail or mobile number", "Keep it as it is"):
            assert gettext(text) in page.text
            assert language == "en" or gettext(text) != text
        # Another language is chosen on the page itself.
        flow = page.text.partition('name="flow" value="')[2].partition('"')[0]
        again: Any = await forged(browser, action="show", flow=flow, lang=language)
        assert gettext("Keep it as it is") in again.text


async def test_second_factors_stay_with_the_account(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await change(browser, reader.credential)
    await add_app(server, clock, Reader(reader.unique_id, NEW, reader.customer_number))
    async with reading(server, connection) as browser:
        assert not is_back(await browser.sign_in(NEW))  # asked for the second step
