"""A reader in front of the pages: opens them, reads the mail, presses buttons. No script runs."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any

import httpx

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.playground import PASSWORD, WEB

BACK = "https://web.example.no/welcome?a=1"
SORRY = "https://web.example.no/sorry"
NEW_PASSWORD = "seks blå hester i regn"


def site(**members: str) -> dict[str, str]:
    """The query of a page that the web client sends a browser to; an empty value leaves a member out."""
    query = {"clientId": WEB, "returnUrl": BACK, "errorUrl": SORRY} | members
    return {name: value for name, value in query.items() if value}


class Form(HTMLParser):
    """The first form of a page: where it goes, and what its fields hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []
        self._is_inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action, self._is_inside = attributes["action"], True
        if not self._is_inside:
            return
        if tag == "button":
            self.buttons.append(attributes.get("value", ""))
        is_off = attributes.get("type") == "checkbox" and "checked" not in attributes
        if tag == "input" and "name" in attributes and not is_off:
            default = "on" if attributes.get("type") == "checkbox" else ""
            self.fields[attributes["name"]] = attributes.get("value", default)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


class Reading:
    """One browser, and the mail of whoever it asks codes for."""

    def __init__(self, server: Server, http: httpx.AsyncClient, connection: Connection) -> None:
        self.server = server
        self.http = http
        self.connection = connection

    async def open(self, page: str, **members: str) -> httpx.Response:
        """The answer to a page's address; redirects are not followed."""
        return await self.http.get(f"/user/{page}", params=site(**members), follow_redirects=False)

    async def press(self, page: httpx.Response, button: str, /, **fields: str | None) -> httpx.Response:
        """Fill in the page's form and press one of its buttons; None leaves a field out."""
        form = Form(page.text)
        assert button in form.buttons, page.text
        filled: dict[str, Any] = form.fields | {"action": button} | fields
        data = {name: value for name, value in filled.items() if value is not None}
        return await self.http.post(form.action, data=data, follow_redirects=False)

    async def ask_for_code(self, credential: str, page: str = "login", **members: str) -> httpx.Response:
        """The page on which the code is typed."""
        start = await self.open(page, **members)
        if "code" not in Form(start.text).buttons:
            start = await self.press(start, "by_code", j_username=credential)
        answer = await self.press(start, "code", j_username=credential)
        assert answer.status_code == 200, answer.text
        return answer

    async def sign_in(self, credential: str, password: str = PASSWORD, **fields: str | None) -> httpx.Response:
        """Sign in with a password."""
        start = await self.open("login", credential=credential)
        return await self.press(start, "password", j_username=credential, j_password=password, **fields)

    async def newest_code(self, recipient: str) -> str:
        """The code in the newest message to somebody."""
        found = re.search(r"\b\d{6}\b", (await messages_to(self.connection, recipient))[-1].text)
        assert found is not None
        return found.group()

    async def is_signed_in(self, credential: str = "") -> bool:
        answer = await self.open("loginCheck", credential=credential)
        assert answer.headers["location"] in {BACK, SORRY}
        return answer.headers["location"] == BACK


@asynccontextmanager
async def reading(server: Server, connection: Connection) -> AsyncIterator[Reading]:
    async with server.browser() as http:
        yield Reading(server, http, connection)


def wrong(code: str) -> str:
    """Another code than this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def is_back(answer: httpx.Response) -> bool:
    """Whether the browser was sent to where the site awaits it."""
    return answer.status_code in {302, 303} and answer.headers["location"] == BACK
