"""Steps that the tests of the login server share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization, bearer, submit_sign_in
from tests.playground import CALLBACK, PASSWORD, WEB, WEB_SECRET, Reader

AUTHORIZE = "/user/oauth/authorize"
TOKEN = "/user/oauth/token"


class StoppedClock(Clock):
    """Stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at

    def seconds(self) -> float:
        return self._at.timestamp()

    def move(self, by: timedelta) -> None:
        self._at += by


class SignedInBrowser:
    """A browser that has been through the sign-in page."""

    def __init__(self, server: Server, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def authorize(self, path: str = AUTHORIZE, **members: str) -> httpx.Response:
        """The answer to an authorization request; redirects are not followed."""
        return await self.http.get(path, params=authorization(**members), follow_redirects=False)

    async def code(self, **members: str) -> str:
        answer = await self.authorize(**members)
        return redirect_query(answer)["code"]

    async def trade(self, code: str, client: tuple[str, str] | None = (WEB, WEB_SECRET), **form: str) -> httpx.Response:
        """The token endpoint's answer to a code; an empty value leaves a member out."""
        members = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | form
        return await self.server.token({name: value for name, value in members.items() if value}, client)

    async def tokens(self) -> dict[str, Any]:
        answer = await self.trade(await self.code())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def signed_in(server: Server, reader: Reader) -> AsyncIterator[SignedInBrowser]:
    async with server.browser() as http:
        page = await http.get(AUTHORIZE, params=authorization())
        answer = await submit_sign_in(http, str(page.url), page.text, reader.credential, PASSWORD)
        assert answer.status_code == 303, answer.text
        yield SignedInBrowser(server, http)


def redirect_query(answer: httpx.Response) -> dict[str, str]:
    """The query that a client is sent."""
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def refresh(server: Server, token: str, client: tuple[str, str] | None = (WEB, WEB_SECRET)) -> httpx.Response:
    return await server.token({"grant_type": "refresh_token", "refresh_token": token}, client)


async def revoke(server: Server, token: str, client: tuple[str, str] = (WEB, WEB_SECRET)) -> httpx.Response:
    return await server.http.post("/user/oauth/revoke", data={"token": token}, auth=client)


async def is_accepted(server: Server, access_token: str) -> bool:
    """Whether the API takes a token; a refusal has to be the catalogued one."""
    answer = await server.http.get("/capi/v1/user/profile", headers=bearer(access_token))
    if answer.status_code != 401:
        return True
    assert answer.json()["error"] == "invalid_token"
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    return False


async def is_refused(server: Server, access_token: str) -> bool:
    return not await is_accepted(server, access_token)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process hears of; the limit is no promise of speed, it ends a hopeless wait."""
    async with asyncio.timeout(30):
        while not await holds():  # the other process knows no event of this one
            await asyncio.sleep(0.01)


def assert_refused(answer: httpx.Response, error: str, status: int = 400) -> None:
    """A refusal of the token endpoint, as RFC 6749 has it."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.json()["error_description"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


async def disable(connection: Connection, clock: Clock, reader: Reader) -> None:
    await connection.execute(
        "update user_account set disabled_at = $2 where unique_id = $1", reader.unique_id, clock.now()
    )


async def waits_for_lock(connection: Connection, table: str | None, waiting: int = 1) -> bool:
    """Whether so many statements wait for a lock that was taken on a table; None: for any lock."""
    found = await connection.fetchval(
        """
        select count(*) from pg_locks
        where not granted and ($1::text is null or relation = $1::text::regclass)
            and database = (select oid from pg_database where datname = current_database())
        """,
        table,
    )
    return bool(found >= waiting)
