"""The consent form is good for its own reader, session, browser and request, once, and for an hour."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from functools import partial

import asyncpg
import httpx
import pytest

from kolofon.identity.consent.queries import give, withdraw
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from tests.browser_session import Server
from tests.identity.consent.steps import CONSENT, GUEST, answered, ask, consented, is_page, press
from tests.identity.openid.steps import Person, is_sign_in
from tests.identity.pages.reading import Form
from tests.identity.steps import eventually, redirect_query, waits_for_lock
from tests.playground import WEB, Playground


async def send(person: Person, page: httpx.Response, **fields: str) -> httpx.Response:
    """The page's form, pressed Allow, as somebody might have changed it."""
    data = Form(page.text).fields | {"action": "allow"} | fields
    return await person.http.post(CONSENT, data=data, follow_redirects=False)


def is_turned_away(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and "location" not in answer.headers


async def nothing_was_given(connection: Connection) -> bool:
    given = "select (select count(*) from client_consent) + (select count(*) from oauth_grant)"
    return bool(await connection.fetchval(given) == 0)


async def are_waiting(connection: Connection, number: int) -> bool:
    """Whether so many statements wait for another transaction."""
    found = await connection.fetchval(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    return bool(found >= number)


async def test_another_site_cannot_send_the_form(person: Person, connection: Connection) -> None:
    page = await ask(person)
    for token in ("0" * 64, "", "æ"):
        assert is_turned_away(await send(person, page, form_token=token))
    form = Form(page.text).fields
    for left in ({}, {"form_token": form["form_token"], "action": "allow"}):
        assert is_turned_away(await person.http.post(CONSENT, data=left, follow_redirects=False))
    async with person.server.browser() as http:
        # Without the cookies, as browsers send a form from elsewhere.
        answer = await http.post(CONSENT, data=form | {"action": "allow"}, follow_redirects=False)
        assert is_turned_away(answer)
    assert await nothing_was_given(connection)


async def test_a_form_that_was_changed_is_no_form(person: Person, connection: Connection) -> None:
    page = await ask(person)
    flow = Form(page.text).fields["flow"]
    sealed = bytearray(urlsafe_b64decode(flow))
    sealed[20] ^= 1
    mark = (await person.ask(client_id=GUEST, prompt="login")).headers["location"].partition("asked=")[2]
    for other in (urlsafe_b64encode(sealed).decode(), flow[:-8], "x", "æ", mark, urlsafe_b64encode(b"{}").decode()):
        assert is_turned_away(await send(person, page, flow=other))
    assert await nothing_was_given(connection)


async def test_the_form_is_no_yes_of_another_browsers_reader(
    server: Server, person: Person, playground: Playground, clock: Clock, connection: Connection
) -> None:
    mine = Form((await ask(person)).text).fields
    other = await playground.add_reader("ola@example.no")
    async with server.browser() as http:
        victim = Person(server, clock, other, http)
        page = await ask(victim)
        assert is_turned_away(await send(victim, page, flow=mine["flow"]))
        assert is_turned_away(await send(victim, page, **mine))
    assert await nothing_was_given(connection)


async def test_it_is_no_yes_of_who_signs_in_after_it_was_shown(
    person: Person, playground: Playground, clock: Clock, connection: Connection
) -> None:
    page = await ask(person)
    other = await playground.add_reader("ola@example.no")
    await person.sign_in(await person.ask(client_id=GUEST, prompt="login"), other)
    answer = await send(person, page)
    assert is_page(answer)
    assert "ola@example.no" in answer.text
    assert await nothing_was_given(connection)


async def test_a_session_that_has_ended_says_nothing_any_more(person: Person, connection: Connection) -> None:
    page = await ask(person, state="s-3")
    await connection.execute("delete from user_session")
    for button in ("allow", "deny", "other"):
        answer = await press(person, page, button)
        answer.status_code = 302
        assert is_sign_in(answer)
    assert await nothing_was_given(connection)
    again = await person.sign_in(answer)
    assert answered(await press(person, again, "allow"))["state"] == "s-3"


async def test_a_client_that_is_gone_meanwhile_gets_nothing(
    person: Person, playground: Playground, connection: Connection
) -> None:
    page = await ask(person)
    await connection.execute("update client set redirect_uris = '{https://new.example/}' where client_id = $1", GUEST)
    await connection.execute("select pg_notify('kolofon_catalogue', '')")

    async def is_refused() -> bool:
        return is_turned_away(await press(person, page, "show"))

    await eventually(is_refused)
    assert is_turned_away(await press(person, page, "allow"))
    assert await nothing_was_given(connection)


async def test_the_form_is_good_for_an_hour(person: Person, clock: Clock) -> None:
    page, late = await ask(person), await ask(person, scope="openid")
    clock.move(timedelta(minutes=59, seconds=59))
    assert "code" in answered(await press(person, page, "allow"))
    clock.move(timedelta(seconds=1))
    assert is_turned_away(await press(person, late, "allow"))


async def test_it_says_yes_once(person: Person, connection: Connection) -> None:
    page = await ask(person, prompt="consent")
    assert "code" in answered(await press(person, page, "allow"))
    again = await press(person, page, "allow")
    assert is_page(again)
    # Another spelling of the same is the same form.
    flow = Form(page.text).fields["flow"]
    for spelling in (f"{flow}!", f"{flow[:9]} {flow[9:]}"):
        answer = await send(person, page, flow=spelling)
        assert is_page(answer) or is_turned_away(answer)
    assert await connection.fetchval("select count(*) from oauth_grant") == 1


async def test_of_two_at_once_one_is_the_yes(person: Person, connection: Connection) -> None:
    page = await ask(person, prompt="consent")
    answers = await asyncio.gather(*(press(person, page, "allow") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 303]
    assert await connection.fetchval("select count(*) from oauth_grant") == 1


async def test_two_yeses_to_different_things_at_once_are_both_kept(
    person: Person, connection: Connection, database_url: str, clock: Clock
) -> None:
    other = await asyncpg.connect(database_url)
    await prepare_connection(other)
    async with connection.transaction():
        await give(connection, person.reader.unique_id, GUEST, {"openid", "email"}, clock.now())
        second = asyncio.create_task(give(other, person.reader.unique_id, GUEST, {"openid", "phone"}, clock.now()))
        await eventually(partial(are_waiting, connection, 1))
    await second
    await other.close()
    assert "code" in redirect_query(await ask(person, scope="openid email phone"))


async def test_what_is_taken_back_is_asked_for_again(person: Person, connection: Connection) -> None:
    await consented(person)
    assert not await withdraw(connection, person.reader.unique_id, WEB)
    assert await withdraw(connection, person.reader.unique_id, GUEST)
    assert is_page(await ask(person))
    assert not await withdraw(connection, person.reader.unique_id, GUEST)


async def test_taking_back_waits_for_a_code_that_is_given_at_the_moment_and_finds_its_grant(
    person: Person, connection: Connection, database_url: str
) -> None:
    await consented(person)
    other = await asyncpg.connect(database_url)
    await prepare_connection(other)
    before = await connection.fetchval("select count(*) from oauth_grant")
    transaction = connection.transaction()
    await transaction.start()
    # The code of the request below stops before its grant is written, holding the consent.
    await connection.execute("lock table oauth_grant in share mode")
    asking = asyncio.create_task(ask(person))
    await eventually(partial(waits_for_lock, connection, "oauth_grant"))
    taking = asyncio.create_task(withdraw(other, person.reader.unique_id, GUEST))
    await eventually(partial(are_waiting, connection, 2))
    await transaction.rollback()
    assert "code" in redirect_query(await asking)
    assert await taking
    assert await other.fetchval("select count(*) from oauth_grant") == before + 1
    await other.close()


@pytest.mark.parametrize("scope", ["openid email phone", "read openid email"])
async def test_a_form_about_less_is_no_yes_to_more(person: Person, connection: Connection, scope: str) -> None:
    less = await ask(person, scope="openid email")
    more = await ask(person, scope=scope)
    # Each form carries its own request, so what the reader read is what the client gets.
    answered(await press(person, less, "allow"))
    assert await connection.fetchval("select scope from oauth_grant") == "openid email"
    assert "code" in answered(await press(person, more, "allow"))
