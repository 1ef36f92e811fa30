"""Which ends of sessions are told, to whom, and which are not."""

from datetime import timedelta

import pytest

from kolofon.identity import ended_sessions
from kolofon.identity.back_channel_logout.service import tell_clients
from kolofon.identity.oauth.housekeeping_queries import sweep
from kolofon.identity.queries import sweep_sessions
from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.back_channel_logout.client_server import ClientServer
from tests.identity.back_channel_logout.steps import listen_at, page_logout, row, rows, rp_logout, tokens_at_other
from tests.identity.changed_clients import announced
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import LOGOUT, USERINFO, Person
from tests.identity.pages.reading import NEW_PASSWORD, Reading, reading, site
from tests.identity.steps import is_accepted, refresh
from tests.playground import OTHER, WEB, Playground, Reader


def sid(tokens: dict[str, str]) -> str:
    return str(take_apart(tokens["id_token"])[1]["sid"])


async def told(server: Server, client: ClientServer) -> list[tuple[str, str]]:
    """Who was told of which session, after all that is due."""
    while await server.parts.telling.do_next():
        pass
    claims = [take_apart(request.logout_token)[1] for request in client.requests]
    return sorted((each["aud"], each["sid"]) for each in claims)


async def test_the_logout_page_tells_every_client_of_the_session_that_wants_to_know_and_no_other(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    tokens = await person.tokens()
    await tokens_at_other(server, person)
    async with server.browser() as http:
        # The same reader in another browser: that session stays.
        await Person(server, person.clock, person.reader, http).tokens()
        await page_logout(person)
    # The other client has no address for it.
    assert await told(server, client) == [(WEB, sid(tokens))]
    assert (await row(playground.connection))["told_at"] is not None


async def test_clients_of_several_partners_in_one_session_are_told_each_for_itself(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    await listen_at(playground, OTHER, client.url("/other"))
    await announced(server, playground)
    tokens = await person.tokens()
    await tokens_at_other(server, person)
    await person.tokens()  # twice at the first
    await rp_logout(person, tokens)
    assert await told(server, client) == [(WEB, sid(tokens)), (OTHER, sid(tokens))]
    assert sorted(request.path for request in client.requests) == ["/backchannel_logout", "/other"]


async def test_a_disabled_client_is_not_told(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    await person.tokens()
    await playground.connection.execute("update client set disabled = true where client_id = $1", WEB)
    await page_logout(person)
    assert await rows(playground.connection) == []


async def test_a_session_without_tokens_for_anybody_tells_nobody(
    server: Server, person: Person, playground: Playground
) -> None:
    async with reading(server, playground.connection) as browser:
        await browser.sign_in(person.reader.credential)
        await browser.open("logout")
    assert await rows(playground.connection) == []


async def test_another_reader_who_signs_in_in_the_browser_ends_the_session_of_the_first(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    tokens = await person.tokens()
    ola = await playground.add_reader("ola@example.no")
    await person.sign_in(await person.ask(prompt="login"), ola)
    assert await told(server, client) == [(WEB, sid(tokens))]
    assert take_apart(client.requests[0].logout_token)[1]["sub"] == person.reader.unique_id.hex


async def test_signing_in_again_is_no_end_and_the_session_keeps_its_name(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    before = await person.tokens()
    after = await person.tokens(prompt="login")
    assert sid(before) == sid(after)
    assert await told(server, client) == []
    await page_logout(person)
    assert await told(server, client) == [(WEB, sid(before))]


async def test_a_new_password_ends_the_sessions_of_other_browsers(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    tokens = await person.tokens()
    async with reading(server, playground.connection) as browser:
        await new_password(browser, person.reader)
    assert (WEB, sid(tokens)) in await told(server, client)


async def new_password(browser: Reading, reader: Reader) -> None:
    page = await browser.ask_for_code(reader.credential, "forgottenPassword")
    page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
    answer = await browser.press(page, "set_password", new_password=NEW_PASSWORD)
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("way", ["end_by_id", "end_all_of", "end_all_by_credential"])
async def test_every_way_in_which_sessions_end_tells(
    server: Server, person: Person, client: ClientServer, playground: Playground, way: str
) -> None:
    tokens = await person.tokens()
    connection, now = playground.connection, person.clock.now()
    unique_id = person.reader.unique_id
    async with connection.transaction():
        if way == "end_by_id":
            await ended_sessions.end_by_id(connection, unique_id, sid(tokens), now)
        elif way == "end_all_of":
            await ended_sessions.end_all_of(connection, unique_id, now)
        else:
            await ended_sessions.end_all_by_credential(connection, unique_id, person.reader.credential, now)
    assert await told(server, client) == [(WEB, sid(tokens))]


async def test_a_session_that_has_run_out_is_no_logout(
    server: Server, person: Person, playground: Playground, clock: Clock
) -> None:
    await person.tokens()
    clock.move(timedelta(hours=13))
    assert await sweep_sessions(playground.connection, clock.now()) == 1
    assert await rows(playground.connection) == []


async def test_nothing_is_told_of_a_logout_that_is_undone(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    tokens = await person.tokens()
    connection = playground.connection
    transaction = connection.transaction()
    await transaction.start()
    await tell_clients(connection, [sid(tokens)], person.clock.now())
    assert not await server.parts.telling.do_next()
    await transaction.rollback()
    assert not await server.parts.telling.do_next()
    assert client.requests == []


async def test_a_client_whose_grant_is_long_over_is_told_as_long_as_the_session_lives(
    server: Server, person: Person, client: ClientServer, playground: Playground, clock: Clock
) -> None:
    tokens = await person.tokens()
    ended = clock.now() + timedelta(hours=1)
    await playground.connection.execute("update oauth_grant set expires_at = $1", ended)
    later = ended + timedelta(days=2)
    await sweep(playground.connection, later)
    await page_logout(person)
    assert await told(server, client) == [(WEB, sid(tokens))]
    await sweep(playground.connection, later)
    assert await playground.connection.fetchval("select count(*) from oauth_grant") == 0


async def test_tokens_live_on_after_a_logout(server: Server, person: Person, client: ClientServer) -> None:
    tokens = await person.tokens(scope="openid read")
    await rp_logout(person, tokens)
    assert len(await told(server, client)) == 1
    assert await is_accepted(server, tokens["access_token"])
    assert (await refresh(server, tokens["refresh_token"])).status_code == 200


async def test_a_logout_token_is_good_for_nothing_else(server: Server, person: Person, client: ClientServer) -> None:
    await rp_logout(person, await person.tokens())
    await told(server, client)
    token = client.requests[0].logout_token
    assert not await is_accepted(server, token)
    assert (await server.http.get(USERINFO, headers={"Authorization": f"Bearer {token}"})).status_code == 401
    await person.tokens()
    # As a hint it counts as none, so the reader is asked.
    query = {"id_token_hint": token, "client_id": WEB, "lang": "en"}
    asking = await person.http.get(LOGOUT, params=query, follow_redirects=False)
    assert (asking.status_code, "Do you want to sign out?" in asking.text) == (200, True)
    assert await person.is_signed_in()


async def test_a_second_logout_has_nothing_to_tell(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    await person.tokens()
    cookies = dict(person.http.cookies)
    await page_logout(person)
    async with server.browser() as http:
        http.cookies.update(cookies)
        await http.get("/user/logout", params=site(), follow_redirects=False)
    assert len(await told(server, client)) == 1
