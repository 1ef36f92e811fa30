"""A reader with a real browser: windows of a size, a language, with or without script, light or dark."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Route

from kolofon.platform.database import Connection
from kolofon.platform.i18n import translations
from tests.browser.wallpaper import LOGO, LOGO_URL, WALLPAPER, WALLPAPER_URL
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.playground import PASSWORD, WEB, Reader
from tests.tools import node_module

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = os.environ.get("KOLOFON_TEST_PICTURES")


class Looks(msgspec.Struct, frozen=True):
    """What differs between two readers' windows."""

    language: str = "nb"
    script: bool = True
    width: int = 1280
    height: int = 800
    dark: bool = False

    @property
    def name(self) -> str:
        """What such a window is called in the names of tests and pictures."""
        words = [self.language, str(self.width), "dark" if self.dark else "light"]
        return "-".join(words if self.script else [*words, "noscript"])

    def options(self) -> dict[str, Any]:
        """The same in playwright's words."""
        return {
            "locale": self.language,
            "java_script_enabled": self.script,
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": "dark" if self.dark else "light",
        }


NARROW = Looks("nb", width=320, height=640, dark=True)
PLAIN = Looks("sv", script=False)
PLAIN_NARROW = Looks("sv", script=False, width=320, height=640, dark=True)
PICTURED = [
    Looks("nb", width=width, height=height, dark=dark)
    for width, height in ((390, 844), (1280, 800))
    for dark in (False, True)
]


def seen_in(*usual: Looks) -> pytest.MarkDecorator:
    """Run a test in each of these windows; or, where pictures are wanted, in a phone's and a desk's, light and dark."""
    return pytest.mark.parametrize("window", PICTURED if PICTURES else usual, indirect=True, ids=lambda one: one.name)


class Window:
    """One window. What it complains about, a broken security policy for one, is collected in `complaints`."""

    def __init__(self, page: Page, looks: Looks, server: Server, connection: Connection, site: str) -> None:
        self.page = page
        self.looks = looks
        self.server = server
        self.connection = connection
        self.back = f"{site}/welcome?a=1"
        self.sorry = f"{site}/sorry"
        self.site = {"clientId": WEB, "returnUrl": self.back, "errorUrl": self.sorry}
        self.complaints: list[str] = []
        self._twin: Page | None = None
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def text(self, sentence: str, **places: str) -> str:
        """A sentence as this window's reader sees it."""
        found = translations(self.looks.language).gettext(sentence)
        return found % places if places else found

    async def open(self, path: str, **query: str) -> None:
        """Open one of the server's pages."""
        await self.page.goto(f"{self.server.parts.settings.public_url}{path}?{urlencode(query)}")

    def field(self, label: str) -> Locator:
        """The field that has this label, as someone who hears the page finds it."""
        return self.page.get_by_label(self.text(label), exact=True)

    async def fill(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            await self.page.locator(f'input[name="{name}"]').fill(value)

    def pressable(self, words: str, **places: str) -> Locator:
        """The button or link with these words."""
        name = self.text(words, **places)
        button = self.page.get_by_role("button", name=name, exact=True)
        return button.or_(self.page.get_by_role("link", name=name, exact=True))

    async def press(self, button: str, **places: str) -> None:
        """Press a button or follow a link by its words, and wait for what it leads to."""
        async with self.page.expect_navigation():
            await self.pressable(button, **places).click()

    async def sign_in(self, reader: Reader, password: str = PASSWORD) -> None:
        """Fill in the sign-in page and send it."""
        await self.field("E-mail or mobile number").fill(reader.credential)
        await self.field("Password").fill(password)
        await self.press("Sign in")

    async def heading(self) -> str:
        """What the page says that it is."""
        return await self.page.get_by_role("heading", level=1).inner_text()

    async def alert(self) -> str:
        """What the page says is wrong, and says aloud."""
        return await self.page.get_by_role("alert").first.inner_text()

    async def newest_code(self, recipient: str) -> str:
        """The code in the newest message to somebody."""
        found = re.search(r"\b\d{6}\b", (await messages_to(self.connection, recipient))[-1].text)
        assert found is not None
        return found.group()

    async def look(self, name: str) -> None:
        """Find nothing wrong with the page, and keep a picture of it where pictures are wanted."""
        flaws = await self.flaws()
        assert not flaws, f"{name}: {flaws}"
        if PICTURES:
            size = "phone" if self.looks.width < 600 else "desk"
            path = Path(PICTURES) / f"{name}-{size}-{'dark' if self.looks.dark else 'light'}.png"
            await self.page.screenshot(path=path, full_page=True)

    async def flaws(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, and what does not fit into the window's width."""
        if self.looks.script:
            return await _flaws_of(self.page)
        # axe is a script: it looks at what this window shows in another one.
        url, html = self.page.url, await self.page.content()
        twin = self._twin = self._twin or await self._open_twin()
        await twin.route(url, lambda route: route.fulfill(content_type="text/html", body=html))
        await twin.goto(url)
        await twin.unroute(url)
        return await _flaws_of(twin)

    async def close(self) -> None:
        """Close it, and what looked at it."""
        if self._twin is not None:
            await self._twin.context.close()
        await self.page.context.close()

    async def _open_twin(self) -> Page:
        browser = self.page.context.browser
        assert browser is not None
        context = await browser.new_context(**self.looks.options() | {"java_script_enabled": True})
        await _hang_pictures(context)
        return await context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium notes each answer of 400 and more there; pages with errors are such answers.
        if message.type in {"error", "warning"} and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)


class Surfing:
    """Opens windows, each a browser of its own with its own cookies; `site` is where their clients live."""

    def __init__(self, chromium: Browser, server: Server, connection: Connection, site: str) -> None:
        self.chromium = chromium
        self.server = server
        self.connection = connection
        self.site = site

    @asynccontextmanager
    async def window(self, looks: Looks | None = None) -> AsyncIterator[Window]:
        """A new window."""
        looks = looks or Looks()
        context = await self.chromium.new_context(**looks.options())
        context.set_default_timeout(20_000)
        await _hang_pictures(context)
        window = Window(await context.new_page(), looks, self.server, self.connection, self.site)
        yield window
        await window.close()


async def _hang_pictures(context: BrowserContext) -> None:
    """Have the server there on which the client's logo and background picture stand."""

    async def answer(route: Route) -> None:
        picture = {LOGO_URL: LOGO, WALLPAPER_URL: WALLPAPER}[route.request.url]
        await route.fulfill(content_type="image/svg+xml", body=picture)

    await context.route("https://pictures.example.no/**", answer)


async def _flaws_of(page: Page) -> list[str]:
    await page.evaluate(node_module("axe-core/axe.min.js").read_text())
    found: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )
    flaws = [f"{flaw['id']}: {node['html']}" for flaw in found["violations"] for node in flaw["nodes"]]
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return flaws + ([f"{overflow} pixels too wide"] if overflow > 0 else [])
