"""A Chromium for the run, and a site for the clients that its windows come from."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from kolofon.platform.database import Connection
from tests.browser.surfing import Surfing
from tests.browser_session import Server
from tests.playground import WEB, Playground
from tests.tools import program


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser that the machine has: what playwright would download is not needed."""
    path = program("chromium", "chromium-browser", "google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """The web client's site: an empty page at every path."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><title>The site</title>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def playground(playground: Playground, site: str) -> Playground:
    """The playground whose web client lives at that site."""
    await playground.connection.execute(
        """
        update client set return_hosts = array[$2], redirect_uris = redirect_uris || array[$3]
        where client_id = $1
        """,
        WEB,
        site.removeprefix("http://"),
        f"{site}/callback",
    )
    return playground


@pytest.fixture
async def surfing(chromium: Browser, local_server: Server, connection: Connection, site: str) -> Surfing:
    """What opens windows of that browser at that server."""
    return Surfing(chromium, local_server, connection, site)
