"""The sites and apps that act for a reader, and taking that back."""

import re

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import audited, press, tokens_of
from tests.identity.pages.reading import reading
from tests.identity.steps import assert_refused, is_accepted, refresh
from tests.playground import WEB, Playground, Reader

PAGE = "account/sites"


async def test_clients_with_access_are_listed_and_lose_it(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser, reading(server, connection) as other:
        await browser.sign_in(reader.credential)
        await other.sign_in(ola.credential)
        page = await browser.open(PAGE, lang="en")
        assert "No site and no app has access" in page.text
        tokens, others = await tokens_of(server, browser), await tokens_of(server, other)
        more = await tokens_of(server, browser)
        page = await browser.open(PAGE, lang="en")
        assert re.findall(r'name="client" value="([^"]+)"', page.text) == [WEB]
        assert "See and change your details" in page.text
        answer = await press(browser, page, "take_back", client=WEB)
        assert "done=taken" in answer.headers["location"]
        for each in (tokens, more):
            assert not await is_accepted(server, each["access_token"])
            assert_refused(await refresh(server, each["refresh_token"]), "invalid_grant")
        # Neither the session here nor another reader's access.
        assert await browser.is_signed_in()
        assert await is_accepted(server, others["access_token"])
        assert 'name="client"' not in (await browser.open(PAGE)).text
        await press(browser, page, "take_back", client=WEB)
    assert await audited(connection, "takeBackAccess") == [(WEB, None)]


async def test_the_consent_goes_with_it(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await tokens_of(server, browser)
        await connection.execute(
            """
            insert into client_consent (unique_id, client_id, scopes, given_at)
            select unique_id, $1, '{read}', created_at from user_account
            """,
            WEB,
        )
        await press(browser, await browser.open(PAGE), "take_back", client=WEB)
    assert await connection.fetchval("select count(*) from client_consent") == 0
