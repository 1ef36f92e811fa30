"""A reader who signs in through a provider: leaves our page, is at the provider, and comes back. No script runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import Reading, site

CODE = "vipps"


class Travelling(Reading):
    """One browser."""

    async def leave(self, code: str = CODE, **members: str) -> httpx.Response:
        """What pressing a provider's button leads to."""
        return await self.http.get(f"/user/external/{code}", params=site(**members), follow_redirects=False)

    async def at_provider(self, code: str = CODE, **members: str) -> str:
        """Go to the provider and be signed in there; returns where it sends the browser back to."""
        left = await self.leave(code, **members)
        assert left.status_code == 302, left.text
        back = await self.http.get(left.headers["location"], follow_redirects=False)
        assert back.status_code == 302, back.text
        return str(back.headers["location"])

    async def come_back(self, url: str) -> httpx.Response:
        return await self.http.get(url, follow_redirects=False)

    async def travel(self, code: str = CODE, **members: str) -> httpx.Response:
        """There and back again."""
        return await self.come_back(await self.at_provider(code, **members))

    async def prove(self, page: httpx.Response, credential: str, **fields: str | None) -> httpx.Response:
        """Have a code sent, and enter it."""
        asked = await self.press(page, "code", **fields)
        assert asked.status_code == 200, asked.text
        return await self.press(asked, "enter_code", code=await self.newest_code(credential))


@asynccontextmanager
async def travelling(server: Server, connection: Connection) -> AsyncIterator[Travelling]:
    async with server.browser() as http:
        yield Travelling(server, http, connection)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def credentials_of(connection: Connection) -> dict[str, tuple[Any, str]]:
    """All credentials, each with its account and level."""
    rows = await connection.fetch("select credential, unique_id, verification_level from user_credential")
    return {row["credential"]: (row["unique_id"], row["verification_level"]) for row in rows}


async def links(connection: Connection) -> list[tuple[str, str, Any]]:
    """Which provider's users are linked to which account."""
    rows = await connection.fetch(
        "select provider_code, subject, unique_id from external_sign_in_link order by provider_code, subject"
    )
    return [tuple(row) for row in rows]
