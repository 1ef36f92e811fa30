"""A reader with a real browser: windows of a size, a language, with or without script, light or dark."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import msgspec
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from kolofon.platform.database import Connection
from kolofon.platform.i18n import translations
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.playground import WEB
from tests.tools import node_module

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Looks(msgspec.Struct, frozen=True):
    """What differs between two readers' windows."""

    language: str = "nb"
    script: bool = True
    width: int = 1280
    height: int = 800
    dark: bool = False

    def options(self) -> dict[str, Any]:
        """The same in playwright's words."""
        return {
            "locale": self.language,
            "java_script_enabled": self.script,
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": "dark" if self.dark else "light",
        }


class Window:
    """One window. What it complains about, a broken security policy for one, is collected in `complaints`."""

    def __init__(self, page: Page, looks: Looks, server: Server, connection: Connection, site: str) -> None:
        self.page = page
        self.looks = looks
        self.server = server
        self.connection = connection
        self.back = f"{site}/welcome?a=1"
        self.site = {"clientId": WEB, "returnUrl": self.back, "errorUrl": f"{site}/sorry"}
        self.complaints: list[str] = []
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

    async def press(self, button: str, **places: str) -> None:
        """Press a button or follow a link by its words, and wait for what it leads to."""
        name = self.text(button, **places)
        found = self.page.get_by_role("button", name=name, exact=True)
        if not await found.count():
            found = self.page.get_by_role("link", name=name, exact=True)
        async with self.page.expect_navigation():
            await found.click()

    async def newest_code(self, recipient: str) -> str:
        """The code in the newest message to somebody."""
        found = re.search(r"\b\d{6}\b", (await messages_to(self.connection, recipient))[-1].text)
        assert found is not None
        return found.group()

    async def flaws(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, and what does not fit into the window's width."""
        if self.looks.script:
            return await _flaws_of(self.page)
        # axe is a script: it looks at what this window shows in another one.
        url, html = self.page.url, await self.page.content()
        context = await self._twin()
        page = await context.new_page()
        await page.route(url, lambda route: route.fulfill(content_type="text/html", body=html))
        await page.goto(url)
        flaws = await _flaws_of(page)
        await context.close()
        return flaws

    async def _twin(self) -> BrowserContext:
        browser = self.page.context.browser
        assert browser is not None
        return await browser.new_context(**self.looks.options() | {"java_script_enabled": True})

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
        yield Window(await context.new_page(), looks, self.server, self.connection, self.site)
        await context.close()


async def _flaws_of(page: Page) -> list[str]:
    await page.evaluate(node_module("axe-core/axe.min.js").read_text())
    found: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )
    flaws = [f"{flaw['id']}: {node['html']}" for flaw in found["violations"] for node in flaw["nodes"]]
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return flaws + ([f"{overflow} pixels too wide"] if overflow > 0 else [])
