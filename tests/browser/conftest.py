"""A Chromium for the run, and a site for the clients that its windows come from."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from kolofon.platform.database import Connection
from tests.browser.surfing import Looks, Surfing, Window
from tests.browser.wallpaper import LOGO_URL, WALLPAPER_URL
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
    """The web client's site: an empty page at every path, and scripts that say where they came from."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        kind, body = b"text/html", b"<!doctype html><title>The site</title>"
        if path.endswith(b".js"):
            kind, body = b"text/javascript", b"globalThis.answer = '%s'" % path
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n" % kind)
        # What docs/sign-in.md asks of the addresses that loginCheck leads a script to.
        writer.write(b"Access-Control-Allow-Origin: null\r\nAccess-Control-Allow-Credentials: true\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
async def playground(playground: Playground, site: str) -> Playground:
    """The playground whose web client is a newspaper that lives at that site, by its number and by its name."""
    host = site.removeprefix("http://")
    await playground.connection.execute(
        """
        update client set name = 'Fjordposten', return_hosts = $2, redirect_uris = redirect_uris || array[$3],
            post_logout_redirect_uris = array[$4], logo_url = $5, background_url = $6
        where client_id = $1
        """,
        WEB,
        [host, host.replace("127.0.0.1", "localhost")],
        f"{site}/callback",
        f"{site}/goodbye",
        LOGO_URL,
        WALLPAPER_URL,
    )
    await playground.connection.execute("update partner set name = 'Fjordposten' where partner_id = 1")
    return playground


@pytest.fixture
async def surfing(chromium: Browser, local_server: Server, connection: Connection, site: str) -> Surfing:
    """What opens windows of that browser at that server."""
    return Surfing(chromium, local_server, connection, site)


@pytest.fixture
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    """A window with the looks that the test asks for by `seen_in`, which complains about nothing."""
    looks = getattr(request, "param", None)
    assert looks is None or isinstance(looks, Looks)
    async with surfing.window(looks) as window:
        yield window
        assert window.complaints == []
