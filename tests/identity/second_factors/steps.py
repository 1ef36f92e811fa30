"""Steps that the tests of second factors share."""

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pyotp

from kolofon.identity import queries as accounts
from kolofon.identity.second_factors.service import SecondFactors
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.openid.steps import Person
from tests.identity.pages.reading import Form, Reading
from tests.identity.second_factors.authenticator import Authenticator
from tests.playground import PASSWORD, WEB, Playground, Reader

ACCOUNT = "/user/account/security"
STEP = timedelta(seconds=30)


class App:
    """An app that shows codes, with the clock of the test."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._totp = pyotp.TOTP(secret)
        self._clock = clock

    @property
    def code(self) -> str:
        return self.code_in(0)

    def code_in(self, steps: int) -> str:
        """The code of so many steps later."""
        return self._totp.at(self._clock.now(), counter_offset=steps)


def factors_of(server: Server) -> SecondFactors:
    return server.parts.login_server().second_factors


async def add_app(server: Server, clock: Clock, reader: Reader) -> App:
    """Give a reader an app; its next code is good."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    app = App(secret, clock)
    async with server.parts.pool().acquire() as connection, connection.transaction():
        await accounts.lock_account(connection, reader.unique_id)
        assert await factors_of(server).add_totp(connection, reader.unique_id, WEB, secret, app.code)
    clock.move(2 * STEP)
    return app


async def add_recovery_codes(server: Server, reader: Reader) -> list[str]:
    async with server.parts.pool().acquire() as connection, connection.transaction():
        return await factors_of(server).new_recovery_codes(connection, reader.unique_id, WEB)


async def add_passkey(browser: Reading, authenticator: Authenticator, **fields: str) -> httpx.Response:
    """Make a passkey on the account page of who is signed in."""
    page = await browser.http.get(f"{ACCOUNT}/passkey?{urlencode({'clientId': WEB})}", follow_redirects=False)
    assert page.status_code == 200, page.headers
    return await browser.press(page, "add", passkey=authenticator.create(options_of(page)), **fields)


async def with_passkey(server: Server, connection: Connection, reader: Reader) -> Authenticator:
    """A reader's new passkey."""
    authenticator = Authenticator(reader.unique_id.bytes)
    async with server.browser() as http:
        browser = Reading(server, http, connection)
        await browser.sign_in(reader.credential)
        made = await add_passkey(browser, authenticator, name="My phone")
        assert made.status_code == 200, made.text
    return authenticator


def options_of(page: httpx.Response) -> dict[str, Any]:
    """What the page's script asks the browser for."""
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None, page.text
    return dict(json.loads(html.unescape(found.group(1))))


def secret_of(page: httpx.Response) -> str:
    """The secret that a page shows for typing."""
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page.text)
    assert found is not None, page.text
    return found.group(1).replace(" ", "")


def codes_of(page: httpx.Response) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li><code>([a-z2-7-]+)</code></li>", page.text)


def asks_for_code(page: httpx.Response) -> bool:
    """Whether this is the page that asks for a second factor, and no session has begun."""
    return page.status_code == 200 and "second_factor" in Form(page.text).buttons and "set-cookie" in page.headers


def sets_up(page: httpx.Response) -> bool:
    return page.status_code in {200, 400} and "set_up" in Form(page.text).buttons


def begins_session(answer: httpx.Response) -> bool:
    return any(cookie.startswith("kolofon_session=") for cookie in answer.headers.get_list("set-cookie"))


async def make_staff(
    playground: Playground, partner_id: int = 1, domains: tuple[str, ...] = (), credentials: tuple[str, ...] = ()
) -> None:
    """Have a partner want two factors of who has these."""
    await playground.connection.execute(
        """
        update partner set staff_email_domains = $2, staff_credentials = $3, staff_second_factor = true
        where partner_id = $1
        """,
        partner_id,
        list(domains),
        list(credentials),
    )
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")


class Stepping(Person):
    """A person at the authorization endpoint whose pages are looked at one by one."""

    async def page(self, answer: httpx.Response) -> httpx.Response:
        """The page that an answer leads to."""
        return await self.http.get(answer.headers["location"], follow_redirects=False)

    async def press(self, page: httpx.Response, button: str, **fields: str) -> httpx.Response:
        """Press a button of a page."""
        form = Form(page.text)
        assert button in form.buttons, page.text
        return await self.http.post(form.action, data=form.fields | {"action": button} | fields, follow_redirects=False)

    async def password(self, page: httpx.Response) -> httpx.Response:
        """Sign in with the password on a page, a second later."""
        self.clock.move(timedelta(seconds=1))
        return await self.press(page, "password", j_username=self.reader.credential, j_password=PASSWORD)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """What the authorization endpoint says to where a page has sent the browser."""
        assert answer.status_code == 303, answer.text
        return await self.http.get(answer.headers["location"], follow_redirects=False)


@asynccontextmanager
async def stepping(server: Server, clock: Clock, reader: Reader) -> AsyncIterator[Stepping]:
    async with server.browser() as http:
        yield Stepping(server, clock, reader, http)
