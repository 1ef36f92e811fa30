"""What somebody could try to get a provider's user of their own linked to a reader's account."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import follow, press
from tests.identity.external_sign_in.linking import PAGE, asked, end_of, go_to_provider, leave_url, post
from tests.identity.external_sign_in.provider import Provider
from tests.identity.external_sign_in.travelling import Travelling, links, query_of, travelling
from tests.identity.pages.reading import is_back
from tests.playground import Playground, Reader


@pytest.fixture(autouse=True)
def someone(provider: Provider) -> None:
    provider.claims = {"sub": "v-evil", "email": "evil@example.no"}


@pytest.fixture
async def victim(reader: Reader, reader_there: Travelling) -> Travelling:
    await reader_there.sign_in(reader.credential)
    return reader_there


@pytest.fixture
async def attacker(server: Server, playground: Playground, connection: Connection) -> AsyncIterator[Travelling]:
    """With an account of their own."""
    evil = await playground.add_reader("evil@example.no")
    async with travelling(server, connection) as it:
        await it.sign_in(evil.credential)
        yield it


async def test_another_site_cannot_begin_it(victim: Travelling, attacker: Travelling, connection: Connection) -> None:
    """With a browser that it had signed in at the provider as the attacker, the rest would be one press away."""
    own = leave_url(await victim.open(PAGE))
    mark = query_of(own)["mark"]
    others = query_of(leave_url(await attacker.open(PAGE)))["mark"]
    for wrong in ("", "x", "å", others, mark[:-1]):
        url = own.partition("&mark=")[0]
        answer = await victim.come_back(f"{url}&{urlencode({'mark': wrong})}" if wrong else url)
        assert answer.headers["location"].startswith("/user/account/providers?")
    # Nor is it good for another provider.
    answer = await victim.come_back(own.replace("provider=vipps", "provider=other"))
    assert answer.headers["location"].startswith("/user/account/providers?")
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0


async def test_a_mark_is_good_in_its_session_only(victim: Travelling, reader: Reader, connection: Connection) -> None:
    own = leave_url(await victim.open(PAGE))
    await victim.open("logout")
    await victim.sign_in(reader.credential)
    answer = await victim.come_back(own)
    assert answer.headers["location"].startswith("/user/account/providers?")
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0


async def test_an_attackers_answer_of_the_provider_links_nothing_to_who_opens_it(
    victim: Travelling, attacker: Travelling, connection: Connection, provider: Provider
) -> None:
    """Login CSRF: the state is of the browser and the session that left."""
    url = await go_to_provider(attacker)
    answer = await victim.come_back(url)
    assert answer.status_code == 400
    assert "/token" not in provider.seen
    assert await links(connection) == []
    # It stays good where it belongs.
    assert (await end_of(attacker, await attacker.come_back(url))).url.path.endswith("/providers/link")


async def test_an_attackers_answer_does_not_fit_the_victims_state(
    victim: Travelling, attacker: Travelling, connection: Connection, provider: Provider
) -> None:
    evil_code = query_of(await go_to_provider(attacker))["code"]
    own = await go_to_provider(victim)
    page = await end_of(victim, await victim.come_back(own.replace(query_of(own)["code"], evil_code)))
    assert page.url.path == "/user/account/providers"
    assert await connection.fetchval("select count(*) from external_sign_in_request where told is not null") == 0


async def test_coming_back_links_nothing_until_the_reader_has_said_so(
    victim: Travelling, connection: Connection, provider: Provider
) -> None:
    """The browser may be signed in at the provider as somebody else; the page says as whom."""
    page = await asked(victim, lang="en")
    assert "evil@example.no" in page.text
    assert await links(connection) == []


@pytest.mark.parametrize("meanwhile", ["signed out", "somebody else", "signed in anew"])
async def test_the_session_is_the_same_when_the_browser_comes_back(
    victim: Travelling,
    reader: Reader,
    playground: Playground,
    connection: Connection,
    provider: Provider,
    meanwhile: str,
) -> None:
    url = await go_to_provider(victim)
    await victim.open("logout")
    if meanwhile != "signed out":
        ola = await playground.add_reader("ola@example.no")
        await victim.sign_in(ola.credential if meanwhile == "somebody else" else reader.credential)
    answer = await victim.come_back(url)
    assert "problem=ended" in answer.headers["location"]
    assert "/token" not in provider.seen
    assert await victim.is_signed_in() is (meanwhile != "signed out")
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0


@pytest.mark.parametrize("meanwhile", ["signed out", "somebody else", "signed in anew"])
async def test_the_session_is_the_same_when_the_question_is_answered(
    victim: Travelling, reader: Reader, playground: Playground, connection: Connection, meanwhile: str
) -> None:
    page = await asked(victim)
    await victim.open("logout")
    if meanwhile != "signed out":
        ola = await playground.add_reader("ola@example.no")
        await victim.sign_in(ola.credential if meanwhile == "somebody else" else reader.credential)
    answer = await press(victim, page, "link")
    assert answer.status_code == 303
    if meanwhile != "signed out":
        assert "problem=ended" in answer.headers["location"]
        shown = await victim.come_back(str(page.url))
        assert "problem=ended" in shown.headers["location"]
    assert await links(connection) == []


async def test_what_is_handed_over_is_of_one_browser(
    victim: Travelling, attacker: Travelling, connection: Connection, server: Server
) -> None:
    page = await asked(attacker)
    shown = await victim.come_back(str(page.url))
    assert "problem=ended" in shown.headers["location"]
    answer = await post(victim, f"{PAGE}/link", action="link", handover=query_of(str(page.url))["handover"])
    assert "problem=ended" in answer.headers["location"]
    assert await links(connection) == []
    # Even with the session's cookie: that of the browser is another one.
    async with travelling(server, connection) as thief:
        await thief.open("login")
        thief.http.cookies.set("kolofon_session", attacker.http.cookies["kolofon_session"])
        shown = await thief.come_back(str(page.url))
        assert "problem=ended" in shown.headers["location"]


async def test_a_form_of_another_site_answers_nothing(victim: Travelling, connection: Connection) -> None:
    page = await asked(victim)
    answer = await _forged(victim, page)
    assert answer.status_code == 400
    assert await links(connection) == []


async def _forged(browser: Travelling, page: httpx.Response) -> httpx.Response:
    form = {"action": "link", "handover": query_of(str(page.url))["handover"], "form_token": "0" * 64}
    return await browser.http.post(f"/user/{PAGE}/link", data=form, follow_redirects=False)


async def test_the_question_is_answered_once_and_within_ten_minutes(
    victim: Travelling, connection: Connection, clock: Clock
) -> None:
    page = await asked(victim)
    answers = await asyncio.gather(*(press(victim, page, "link") for _ in range(3)))
    ends = sorted(answer.headers["location"].rpartition("&")[2] for answer in answers)
    assert ends == ["done=linked", "problem=ended", "problem=ended"]
    await connection.execute("delete from external_sign_in_link")
    page = await asked(victim)
    clock.move(timedelta(minutes=10))
    assert "problem=ended" in (await press(victim, page, "link")).headers["location"]
    assert await links(connection) == []


async def test_a_state_is_no_handover_and_a_handover_no_state(victim: Travelling, connection: Connection) -> None:
    state = query_of(await go_to_provider(victim))["state"]
    answer = await post(victim, f"{PAGE}/link", action="link", handover=state)
    assert "problem=ended" in answer.headers["location"]
    handover = query_of(str((await asked(victim)).url))["handover"]
    query = urlencode({"state": handover, "code": "c"})
    assert (await victim.come_back(f"/user/external/vipps/callback?{query}")).status_code == 400
    assert await links(connection) == []


async def test_who_leaves_to_add_one_is_signed_in_as_nobody_else_by_it(
    victim: Travelling, reader: Reader, server: Server, connection: Connection, provider: Provider
) -> None:
    """The provider's user has an account of its own; the browser stays who it is."""
    provider.claims = {"sub": "v-1", "email": "ola@example.no", "email_verified": True}
    async with travelling(server, connection) as ola:
        assert is_back(await ola.travel())
    page = await asked(victim)
    assert await victim.is_signed_in(reader.credential)
    answer = await follow(victim, await press(victim, page, "link"))
    assert answer.status_code == 400
    assert await victim.is_signed_in(reader.credential)
