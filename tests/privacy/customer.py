"""A logged-in customer at work on privacy, and what the audit log says afterwards."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer


class Customer:
    """Calls with one token; paths are under /capi/v1/customer."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token

    async def send(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """A list operation, or with a body a change."""
        method = "GET" if body is None else "POST"
        url = f"/capi/v1/customer/{path}"
        return await self._server.http.request(method, url, json=body, headers=bearer(self._token) | headers)

    async def __call__(self, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.send(path, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refusal(self, path: str, body: object = None) -> tuple[int, str]:
        answer = await self.send(path, body)
        return answer.status_code, str(answer.json()["errorMessage"])

    async def at_once(self, path: str, bodies: list[object]) -> list[dict[str, Any]]:
        return await asyncio.gather(*(self(path, body) for body in bodies))

    async def everywhere(self, paths: Sequence[str], body: object) -> None:
        await asyncio.gather(*(self(path, body) for path in paths))


async def customer(server: Server, credential: str) -> Customer:
    return Customer(server, await server.user_token(credential))


async def audit_rows(connection: Connection) -> list[dict[str, Any]]:
    rows = await connection.fetch(
        "select partner_id, actor, client_id, action, subject, before, after from audit_log order by audit_id"
    )
    return [dict(row) for row in rows]
