"""Kolofon as the provider of another Kolofon: both sides of the protocol fit together."""

from pathlib import Path

import httpx

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.settings import Settings
from tests.browser_session import submit_sign_in
from tests.conftest import running_server
from tests.databases import Databases
from tests.identity.external_sign_in.travelling import Travelling, links, travelling
from tests.identity.pages.reading import is_back
from tests.playground import PASSWORD, WEB, WEB_SECRET, Playground, Reader
from tests.processes import free_port


async def test_a_reader_of_one_signs_in_to_the_other(
    databases: Databases, connection: Connection, reader: Reader, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    import asyncpg

    port = free_port()
    public_url = f"http://127.0.0.1:{port}"
    name = await databases.lend()
    there = await asyncpg.connect(databases.url(name))
    await prepare_connection(there)
    playground = Playground(there, clock)
    await playground.build()
    await playground.add_reader("kari@example.no")
    callback = "http://127.0.0.1:8000/user/external/kolofon/callback"
    await there.execute("update client set redirect_uris = array[$2::text] where client_id = $1", WEB, callback)
    path = tmp_path / "providers.yaml"
    path.write_text(
        f"""
providers:
  - code: kolofon
    name: The other newspaper
    issuer: {public_url}/user
    clientId: {WEB}
    clientSecret: {WEB_SECRET}
    trustsEmail: true
"""
    )
    provider = Settings(log_level="error", public_url=public_url, port=port)
    own = Settings(log_level="error", sign_in_providers=path)
    async with (
        running_server(databases.url(name), clock, provider, port=port),
        running_server(database_url, clock, own) as server,
        travelling(server, connection) as browser,
        httpx.AsyncClient(base_url=public_url, headers={"Accept": "text/html"}) as at_provider,
    ):
        answer = await _sign_in_there(browser, at_provider, public_url)
        assert is_back(answer), answer.text
        assert [(code, who) for code, _, who in await links(connection)] == [("kolofon", reader.unique_id)]
        assert await browser.is_signed_in("kari@example.no")
    await there.close()
    await databases.take_back(name)


async def _sign_in_there(browser: Travelling, at_provider: httpx.AsyncClient, public_url: str) -> httpx.Response:
    left = await browser.leave("kolofon")
    page = await at_provider.get(left.headers["location"], follow_redirects=True)
    sent = await submit_sign_in(at_provider, str(page.url), page.text, "kari@example.no", PASSWORD)
    assert sent.headers["location"].startswith(public_url)
    back = await at_provider.get(sent.headers["location"])
    return await browser.come_back(back.headers["location"].replace("http://127.0.0.1:8000", browser.server.base_url))
