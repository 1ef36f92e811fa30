"""One-time codes: what they open, and what guessing, stealing and asking about others gets."""

import asyncio
import re
from datetime import timedelta

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import Form, is_back, reading, wrong
from tests.identity.steps import disable
from tests.playground import Playground, Reader


async def level(connection: Connection, credential: str) -> str:
    return str(
        await connection.fetchval("select verification_level from user_credential where credential = $1", credential)
    )


async def test_a_code_signs_in_and_verifies_the_credential(
    server: Server, playground: Playground, connection: Connection
) -> None:
    reader = await playground.add_reader("ola@example.no", level="notVerified")
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code("  OLA@example.no ")
        assert not await browser.is_signed_in()
        code = await browser.newest_code(reader.credential)
        answer = await browser.press(page, "enter_code", code=f" {code[:3]} {code[3:]} ")
        assert is_back(answer)
        assert await browser.is_signed_in(reader.credential)
    assert await level(connection, reader.credential) == "verificationCode"
    methods = await connection.fetchval("select authentication_methods from user_session")
    assert methods == ["otp"]


async def test_a_code_by_sms_is_one_line(server: Server, playground: Playground, connection: Connection) -> None:
    await playground.add_reader("+4790000000")
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code("900 00 000")
        [message] = await messages_to(connection, "+4790000000")
        assert message.kind == "sms"
        assert "\n" not in message.text
        assert is_back(await browser.press(page, "enter_code", code=await browser.newest_code("+4790000000")))


async def test_a_mail_has_text_and_html_in_the_readers_language_and_no_code_in_its_subject(
    server: Server, reader: Reader, connection: Connection
) -> None:
    subjects = {"nb": "Koden din til", "nn": "Koden din til", "sv": "Din kod till", "en": "Your code for"}
    async with reading(server, connection) as browser:
        await browser.ask_for_code(reader.credential, lang="sv")
        code = await browser.newest_code(reader.credential)
        [message] = await messages_to(connection, reader.credential)
    assert message.subject == f"{subjects['sv']} no.example.web"
    assert message.html is not None
    assert '<html lang="sv">' in message.html
    for part in (message.text, message.html):
        assert code in part
        assert "gäller i 10 minuter" in part


@pytest.mark.parametrize("at_once", [False, True])
async def test_the_sixth_try_is_refused_even_when_it_is_right(
    server: Server, reader: Reader, connection: Connection, at_once: bool
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
        guesses = [browser.press(page, "enter_code", code=wrong(code)) for _ in range(20 if at_once else 5)]
        answers = await asyncio.gather(*guesses) if at_once else [await guess for guess in guesses]
        assert {answer.status_code for answer in answers} == {400}
        assert await connection.fetchval("select tries from one_time_code") == 5
        answer = await browser.press(page, "enter_code", code=code)
        assert answer.status_code == 400
        assert not await browser.is_signed_in()


async def test_the_fifth_try_may_be_right(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
        for _ in range(4):
            page = await browser.press(page, "enter_code", code=wrong(code))
        assert is_back(await browser.press(page, "enter_code", code=code))


async def test_a_code_works_once_even_when_sent_many_times_at_once(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
        answers = await asyncio.gather(*(browser.press(page, "enter_code", code=code) for _ in range(4)))
        assert sorted(is_back(answer) for answer in answers) == [False, False, False, True]
        assert (await browser.press(page, "enter_code", code=code)).status_code == 400
    assert await connection.fetchval("select count(*) from user_session") == 1


async def test_a_code_is_of_no_use_in_another_browser(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as victim, reading(server, connection) as thief:
        page = await victim.ask_for_code(reader.credential)
        code = await victim.newest_code(reader.credential)
        own = await thief.open("login", assumeNewUser="true")
        stolen = Form(page.text).fields["flow"]
        answer = await thief.press(own, "code", action="enter_code", flow=stolen, code=code)
        assert answer.status_code == 400
        assert not await thief.is_signed_in()
        # What the thief asks for: a page of its own, with the code that the victim was sent.
        own = await thief.ask_for_code("nobody@example.no")
        assert (await thief.press(own, "enter_code", code=code)).status_code == 400
        assert is_back(await victim.press(page, "enter_code", code=code))


async def test_the_newest_code_wins(server: Server, reader: Reader, connection: Connection, clock: Clock) -> None:
    async with reading(server, connection) as browser:
        first = await browser.ask_for_code(reader.credential)
        old = await browser.newest_code(reader.credential)
        clock.move(timedelta(seconds=1))
        second = await browser.press(first, "code")
        new = await browser.newest_code(reader.credential)
        assert (await browser.press(first, "enter_code", code=old)).status_code == 400
        assert is_back(await browser.press(second, "enter_code", code=new))


async def test_a_code_ends_after_ten_minutes(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
        clock.move(timedelta(minutes=10))
        answer = await browser.press(page, "enter_code", code=code)
        assert answer.status_code == 400
        assert not await browser.is_signed_in()
        page = await browser.ask_for_code(reader.credential)
        clock.move(timedelta(minutes=10) - timedelta(seconds=1))
        assert is_back(await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential)))


@pytest.mark.parametrize("credential", ["kari@example.no", "nobody@example.no"])
async def test_three_codes_in_ten_minutes_and_no_more(
    server: Server, reader: Reader, connection: Connection, clock: Clock, credential: str
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(credential)
        for _ in range(2):
            page = await browser.press(page, "code")
        refused = await browser.press(page, "code")
        assert refused.status_code == 429
        async with reading(server, connection) as other:
            start = await other.open("login", assumeNewUser="true")
            assert (await other.press(start, "code", j_username=credential)).status_code == 429
        assert await connection.fetchval("select count(*) from one_time_code") == 3
        clock.move(timedelta(minutes=10))
        await browser.ask_for_code(credential)


async def test_codes_are_bounded_by_address(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.parts.limiter, "_monotonic", lambda: 0.0)
    async with reading(server, connection) as browser:
        start = await browser.open("createUser")
        answers = [(await browser.press(start, "code", j_username=f"r{n}@example.no")).status_code for n in range(12)]
    assert answers == [200] * 10 + [429] * 2


@pytest.mark.parametrize("page_name", ["login", "forgottenPassword"])
async def test_nobody_learns_which_accounts_there_are(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock, page_name: str
) -> None:
    closed = await playground.add_reader("off@example.no")
    await disable(connection, clock, closed)
    seen = set()
    for credential in (reader.credential, "nobody@example.no", closed.credential):
        async with reading(server, connection) as browser:
            page = await browser.ask_for_code(credential, page_name)
            answers = [page, await browser.press(page, "enter_code", code="12")]
        texts = [re.sub(r'value="[\w=-]{60,}"', "", answer.text) for answer in answers]
        seen.add((*(answer.status_code for answer in answers), *(t.replace(credential, "@") for t in texts)))
        sent = await messages_to(connection, credential)
        assert len(sent) == (credential == reader.credential)
    assert len(seen) == 1
    assert await connection.fetchval("select count(*) from one_time_code") == 3


async def test_only_what_a_message_can_be_sent_to_gets_a_code(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        start = await browser.open("createUser")
        for text in ("", "AID:12", "not a credential", "a@b\0.no", "x" * 300 + "@example.no"):
            answer = await browser.press(start, "code", j_username=text)
            assert answer.status_code == 400
        assert 'aria-describedby="j_username-error"' in answer.text
        assert 'id="j_username-error"' in answer.text
    assert await connection.fetchval("select count(*) from one_time_code") == 0


async def test_codes_are_stored_as_keyed_hashes_and_swept(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser:
        await browser.ask_for_code(reader.credential)
        code = await browser.newest_code(reader.credential)
    row = await connection.fetchrow("select * from one_time_code")
    assert row is not None
    assert code not in str(dict(row))
    assert len(row["code_hash"]) == 32
