"""What others may try at the page for devices, and what happens at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.device.steps import Viewer, device, grants, is_form, is_question, is_sign_in
from tests.identity.pages.reading import Form
from tests.identity.steps import disable, eventually
from tests.playground import Playground, Reader


@asynccontextmanager
async def held(connection: Connection, table: str) -> AsyncIterator[None]:
    """Hold the rows of a table meanwhile."""
    async with connection.transaction():
        await connection.execute(f"select 1 from {table} for update")
        yield


async def until_so_many_wait(connection: Connection, number: int) -> None:
    """Wait until so many others wait for a lock, of whomever."""

    async def they_wait() -> bool:
        waiting = "select count(distinct pid) from pg_locks where not granted"
        return bool(await connection.fetchval(waiting) >= number)

    await eventually(they_wait)


async def test_the_same_form_sent_twice_at_once_permits_once(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    async with held(playground.connection, "device_authorization"):
        both = [asyncio.create_task(viewer.press(question, "yes")) for _ in range(2)]
        await until_so_many_wait(playground.connection, 2)
    assert sorted([(await answer).status_code for answer in both]) == [200, 400]
    assert await grants(playground) == 1
    assert (await tv.poll()).status_code == 200


@pytest.mark.parametrize("buttons", [("yes", "yes"), ("yes", "no")])
async def test_of_two_readers_words_at_once_one_counts(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground, buttons: tuple[str, str]
) -> None:
    ola = await playground.add_reader("ola@example.no")
    tv = await device(server)
    async with server.browser() as http:
        other = Viewer(server, http)
        questions = (
            (viewer, await viewer.question(tv.user_code, reader.credential)),
            (
                other,
                await other.question(tv.user_code, ola.credential),
            ),
        )
        async with held(playground.connection, "device_authorization"):
            words = [
                asyncio.create_task(who.press(question, button))
                for (who, question), button in zip(questions, buttons, strict=True)
            ]
            await until_so_many_wait(playground.connection, 2)
        statuses = [(await word).status_code for word in words]
    assert sorted(statuses) == [200, 400]
    permitted = buttons[statuses.index(200)] == "yes"
    assert await grants(playground) == permitted
    assert (await tv.poll()).status_code == (200 if permitted else 400)


async def test_another_reader_who_signs_in_meanwhile_is_asked_anew(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no")
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    again = next(part for part in question.text.split('"') if "prompt=login" in part).replace("&amp;", "&")
    page = await viewer.http.get(again.replace("http://127.0.0.1:8000", ""))
    assert is_sign_in(page)
    for_ola = await viewer.sign_in(page, ola.credential)
    assert is_question(for_ola)
    assert ola.credential in for_ola.text
    # The old page of the other reader, in a tab that was left open.
    answer = await viewer.press(question, "yes")
    assert answer.status_code == 303
    assert await grants(playground) == 0
    anew = await viewer.follow(answer)
    assert is_question(anew)
    assert ola.credential in anew.text
    await viewer.press(anew, "yes")
    assert await playground.connection.fetchval("select unique_id from oauth_grant") == ola.unique_id


async def test_who_has_signed_out_meanwhile_signs_in_again(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    await playground.connection.execute("delete from user_session")
    viewer.http.cookies = httpx.Cookies({n: v for n, v in viewer.http.cookies.items() if "remember" not in n})
    assert is_sign_in(await viewer.follow(await viewer.press(question, "yes")))
    assert await grants(playground) == 0


async def test_who_ends_all_sessions_at_that_moment_waits_for_the_grant_to_end_it_too(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground, database_url: str
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    other = await asyncpg.connect(database_url)
    async with held(playground.connection, "device_authorization"):
        yes = asyncio.create_task(viewer.press(question, "yes"))
        await until_so_many_wait(playground.connection, 1)
        end = asyncio.create_task(other.execute("delete from user_session where unique_id = $1", reader.unique_id))
        await until_so_many_wait(playground.connection, 2)
    assert (await yes).status_code == 200
    assert await end == "DELETE 1"
    await other.close()
    assert await grants(playground) == 1


async def test_who_closes_the_account_meanwhile_permits_nothing(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground, clock: Clock
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    await disable(playground.connection, clock, reader)
    await viewer.press(question, "yes")
    assert await grants(playground) == 0


async def test_a_form_of_another_site_is_refused(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    for token in ("", "0" * 64, "ø"):
        for button in ("yes", "no"):
            answer = await viewer.press(question, button, form_token=token)
            assert (answer.status_code, is_form(answer)) == (400, True)
        answer = await viewer.press(await viewer.open(), "enter", user_code=tv.user_code, form_token=token)
        assert (answer.status_code, is_form(answer)) == (400, True)
    assert await grants(playground) == 0
    assert await tv.error() == "authorization_pending"


async def test_the_question_of_one_browser_is_no_use_in_another(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    """A stranger types the code of a device of theirs, and sends the reader what came of it."""
    tv = await device(server)
    async with server.browser() as http:
        stranger = Viewer(server, http)
        answer = await stranger.press(await stranger.open(), "enter", user_code=tv.user_code)
        sign_in = answer.headers["location"]
        [ask_url] = parse_qs(urlsplit(sign_in).query)["returnUrl"]
        ola = await playground.add_reader("ola@example.no")
        strange = await stranger.question(tv.user_code, ola.credential)
    await viewer.question((await device(server)).user_code, reader.credential)
    page = await viewer.http.get(ask_url.replace("http://127.0.0.1:8000", ""))
    assert (page.status_code, is_form(page)) == (400, True)
    # With a form token of the reader's own, too.
    own = Form((await viewer.open()).text).fields["form_token"]
    answer = await viewer.press(strange, "yes", form_token=own)
    assert (answer.status_code, is_form(answer)) == (400, True)
    assert await grants(playground) == 0


async def test_the_address_of_the_question_is_not_the_word_of_anybody(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    """What stands in the address says that a code was typed, and not that a reader has seen the question."""
    tv = await device(server)
    question = await viewer.question(tv.user_code, reader.credential)
    [asked] = parse_qs(urlsplit(str(question.url)).query)["ask"]
    answer = await viewer.press(question, "yes", ask=asked)
    assert (answer.status_code, is_form(answer)) == (400, True)
    assert await grants(playground) == 0


@pytest.mark.parametrize("asked", ["x", "AAAA", "ø", "A" * 3000])
async def test_what_is_not_sealed_by_us_leads_back_to_the_form(server: Server, viewer: Viewer, asked: str) -> None:
    page = await viewer.open(ask=asked)
    assert (page.status_code, is_form(page)) == (400, True)
