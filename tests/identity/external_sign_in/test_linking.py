"""Adding and removing a provider on the account page."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.account.steps import audited, follow, how_many_wait, press, tokens_of
from tests.identity.external_sign_in.linking import PAGE, add, asked, leave_url, post, remove
from tests.identity.external_sign_in.provider import Provider
from tests.identity.external_sign_in.travelling import CODE, Travelling, travelling
from tests.identity.pages.reading import is_back
from tests.identity.steps import is_accepted, refresh
from tests.playground import Playground, Reader
from tests.waiting import until

STRANGE = {"sub": "v-9", "name": "Kari Nordmann", "email": "kari@elsewhere.example"}


@pytest.fixture(autouse=True)
def someone(provider: Provider, other: Provider) -> None:
    provider.claims = dict(STRANGE)
    other.claims = {"sub": "o-9"}


async def live_links(connection: Connection) -> list[tuple[str, str, Any]]:
    rows = await connection.fetch(
        "select provider_code, subject, unique_id from external_sign_in_link where removed_at is null order by 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_one_is_added_when_the_reader_says_so_and_signs_in_from_then_on(
    server: Server, provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    await reader_there.sign_in(reader.credential)
    page = await asked(reader_there, lang="en")
    assert page.status_code == 200, page.text
    assert "Kari Nordmann, kari@elsewhere.example" in page.text
    assert await live_links(connection) == []
    answer = await press(reader_there, page, "link")
    assert "done=linked" in answer.headers["location"]
    shown = await follow(reader_there, answer)
    assert "It is added." in shown.text
    assert ">Vipps</strong>" in shown.text
    assert await live_links(connection) == [(CODE, "v-9", reader.unique_id)]
    [told] = await messages_to(connection, reader.credential)
    assert told.subject == "A new way to sign in was added to your account"
    assert "Vipps" in told.text
    assert await audited(connection, "linkProvider") == [(None, {"provider": CODE})]
    kept = await connection.fetchval("select info from user_external_profile where source = 'Vipps'")
    assert kept["emails"] == ["kari@elsewhere.example"]
    async with travelling(server, connection) as elsewhere:
        assert is_back(await elsewhere.travel())
        assert await elsewhere.is_signed_in(reader.credential)


async def test_what_is_handed_over_is_gone_with_the_answer(
    reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    await reader_there.sign_in(reader.credential)
    page = await asked(reader_there)
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 1
    await press(reader_there, page, "link")
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0


async def test_adding_it_again_is_no_news(reader: Reader, reader_there: Travelling, connection: Connection) -> None:
    await reader_there.sign_in(reader.credential)
    for _ in range(2):
        assert "done=linked" in (await add(reader_there)).headers["location"]
    assert len(await live_links(connection)) == 1
    assert len(await messages_to(connection, reader.credential)) == 1


async def test_another_accounts_is_refused_and_stays_there(
    server: Server, reader: Reader, playground: Playground, reader_there: Travelling, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with travelling(server, connection) as browser:
        await browser.sign_in(ola.credential)
        await add(browser)
    await reader_there.sign_in(reader.credential)
    page = await follow(reader_there, await add(reader_there))
    assert "linked to another account here" in page.text
    assert await live_links(connection) == [(CODE, "v-9", ola.unique_id)]
    assert await messages_to(connection, reader.credential) == []


async def test_of_two_accounts_that_add_one_user_at_once_one_gets_it(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with travelling(server, connection) as one, travelling(server, connection) as two:
        pages = []
        for browser, who in ((one, reader), (two, ola)):
            await browser.sign_in(who.credential)
            pages.append((browser, await asked(browser)))
        answers = await asyncio.gather(*(press(browser, page, "link") for browser, page in pages))
    where = [parse_qs(urlsplit(answer.headers["location"]).query) for answer in answers]
    assert sorted(str(each.get("done") or each.get("problem")) for each in where) == ["['linked']", "['others']"]
    assert len(await live_links(connection)) == 1


async def test_a_removed_one_signs_nobody_in_and_ends_what_it_had_signed_in(
    server: Server, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    async with (
        travelling(server, connection) as by_provider,
        travelling(server, connection) as by_password,
    ):
        assert is_back(await by_provider.travel(remember="true"))
        await by_password.sign_in(reader.credential)
        lost, kept = await tokens_of(server, by_provider), await tokens_of(server, by_password)
        own = await tokens_of(server, reader_there)
        clock.move(timedelta(seconds=1))
        assert "done=removed" in (await remove(reader_there)).headers["location"]
        assert await live_links(connection) == []
        # The remember-me login went with the session.
        assert not await by_provider.is_signed_in()
        assert await by_password.is_signed_in()
        assert await reader_there.is_signed_in()
        assert not await is_accepted(server, lost["access_token"])
        assert (await refresh(server, lost["refresh_token"])).status_code == 400
        assert await is_accepted(server, kept["access_token"])
        assert await is_accepted(server, own["access_token"])
        # Its user is nobody here now, and is asked for an address.
        page = await by_provider.travel()
        assert page.status_code == 200
        assert not await by_provider.is_signed_in()
    newest = (await messages_to(connection, reader.credential))[-1]
    assert newest.subject == "A way to sign in was removed from your account"
    assert "Vipps" in newest.text
    assert await audited(connection, "unlinkProvider") == [({"provider": CODE}, None)]


async def test_the_tokens_of_a_session_that_has_run_out_end_too(
    server: Server, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    async with travelling(server, connection) as by_provider:
        assert is_back(await by_provider.travel())
        lost = await tokens_of(server, by_provider)
    clock.move(timedelta(days=1))
    await connection.execute("delete from user_session")
    await reader_there.open("logout")
    await reader_there.sign_in(reader.credential)
    await remove(reader_there)
    assert (await refresh(server, lost["refresh_token"])).status_code == 400


async def test_the_providers_word_alone_does_not_bring_a_removed_one_back(
    server: Server, provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    """Otherwise whoever has the provider's user would be in the account again at once."""
    provider.claims = {"sub": "v-2", "email": reader.credential, "email_verified": True}
    assert is_back(await reader_there.travel())
    await reader_there.open("logout")
    await reader_there.sign_in(reader.credential)
    await remove(reader_there)
    clock.move(timedelta(seconds=1))
    async with travelling(server, connection) as browser:
        page = await browser.travel(lang="en")
        assert page.status_code == 200
        assert "You have removed this way to sign in before." in page.text
        assert "it will no longer work" not in page.text
        assert await live_links(connection) == []
        assert not await browser.is_signed_in()
        assert is_back(await browser.prove(page, reader.credential))
        assert await live_links(connection) == [(CODE, "v-2", reader.unique_id)]
    # The password is the reader's own, and stays.
    assert await connection.fetchval("select password_hash is not null from user_account")


async def test_a_removed_one_can_be_added_again_by_its_reader_or_by_another(
    server: Server, reader: Reader, playground: Playground, reader_there: Travelling, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    await reader_there.sign_in(reader.credential)
    for _ in range(2):
        await add(reader_there)
        await remove(reader_there)
    async with travelling(server, connection) as browser:
        await browser.sign_in(ola.credential)
        await add(browser)
    assert await live_links(connection) == [(CODE, "v-9", ola.unique_id)]


async def test_the_last_way_in_stays(reader: Reader, reader_there: Travelling, connection: Connection) -> None:
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    await connection.execute("update user_credential set verification_level = 'notVerified'")
    answer = await remove(reader_there)
    assert answer.status_code == 400
    assert "This one has to stay" in answer.text
    assert len(await live_links(connection)) == 1


async def test_another_readers_stays(
    server: Server, provider: Provider, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with travelling(server, connection) as one, travelling(server, connection) as two:
        await one.sign_in(reader.credential)
        await add(one)
        which = (await one.open(PAGE)).text.partition('name="which" value="')[2].partition('"')[0]
        await two.sign_in(ola.credential)
        assert (await post(two, PAGE, action="remove", which=which)).status_code == 303
    assert await live_links(connection) == [(CODE, "v-9", reader.unique_id)]
    assert await audited(connection, "unlinkProvider") == []


async def test_one_that_is_removed_while_it_signs_in_signs_in_no_more(
    server: Server, reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    """And neither waits for the other: both come for the account first."""
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    page = await reader_there.open(PAGE)

    async def waiting(number: int) -> bool:
        return await how_many_wait(connection) >= number

    async with travelling(server, connection) as by_provider:
        url = await by_provider.at_provider()
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select from user_account for update")
        removal = asyncio.create_task(press(reader_there, page, "remove"))
        await until(lambda: waiting(1))
        sign_in = asyncio.create_task(by_provider.come_back(url))
        await until(lambda: waiting(2))
        await transaction.rollback()
        answers = await asyncio.gather(removal, sign_in)
        assert [answer.status_code for answer in answers] == [303, 200]
        assert not await by_provider.is_signed_in()


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"error": "access_denied", "code": ""}, "You did not go through with it at Vipps."),
        ({"error": "server_error", "code": ""}, "Vipps could not tell us who you are."),
        ({"iss": "https://evil.example"}, "Vipps could not tell us who you are."),
    ],
)
async def test_what_goes_wrong_there_is_said_on_the_account_page(
    provider: Provider,
    reader: Reader,
    reader_there: Travelling,
    connection: Connection,
    lie: dict[str, str],
    words: str,
) -> None:
    await reader_there.sign_in(reader.credential)
    provider.answer = lie
    page = await asked(reader_there, lang="en")
    assert page.url.path == "/user/account/providers"
    assert words in page.text
    assert 'role="alert"' in page.text
    assert await live_links(connection) == []


async def test_a_provider_that_is_down_is_said_on_the_account_page(
    provider: Provider, reader: Reader, reader_there: Travelling
) -> None:
    await reader_there.sign_in(reader.credential)
    provider.instead_of("/token", 500)
    page = await asked(reader_there, lang="en")
    assert "Vipps does not answer at the moment." in page.text


async def test_a_provider_that_is_down_before_the_browser_leaves_is_said_too(
    provider: Provider, reader: Reader, reader_there: Travelling
) -> None:
    await reader_there.sign_in(reader.credential)
    provider.instead_of("/op/.well-known/openid-configuration", 500)
    left = await reader_there.come_back(leave_url(await reader_there.open(PAGE, lang="en")))
    assert "Vipps does not answer at the moment." in (await follow(reader_there, left)).text


async def test_only_who_has_signed_in_just_now_adds_and_removes(
    reader: Reader, reader_there: Travelling, connection: Connection, clock: Clock
) -> None:
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    page = await reader_there.open(PAGE)
    clock.move(timedelta(minutes=10, seconds=1))
    for answer in (
        await reader_there.open(PAGE),
        await press(reader_there, page, "remove"),
        await follow(reader_there, await reader_there.come_back(leave_url(page))),
    ):
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["prompt"] == ["login"]
        # To the page, which leads to the provider by a link: after a form browsers would refuse to go there.
        assert urlsplit(query["returnUrl"][0]).path == "/user/account/providers"
    assert len(await live_links(connection)) == 1
    assert await connection.fetchval("select count(*) from external_sign_in_request") == 0
