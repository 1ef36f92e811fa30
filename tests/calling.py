"""Calling operations in client mode, for tests of what is sold."""

from typing import Any

from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_SECRET, Playground


class Shop:
    """A client of partner 1, or of partner 2."""

    def __init__(self, server: Server, headers: dict[str, str]) -> None:
        self.server = server
        self.headers = headers

    async def get(self, path: str, status: int = 200) -> Any:
        """The answer's body."""
        answer = await self.server.http.get(f"/capi/v1/client{path}", headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        """The answer's body."""
        answer = await self.server.http.post(f"/capi/v1/client{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, path: str, body: Any) -> str:
        """The message of a 400."""
        return str((await self.post(path, body, 400))["errorMessage"])


async def shop(server: Server) -> Shop:
    """A client of partner 1."""
    return Shop(server, bearer(await server.client_token()))


async def other_shop(server: Server) -> Shop:
    """A client of partner 2."""
    return Shop(server, bearer(await server.client_token(OTHER, OTHER_SECRET)))


async def sell_anew(server: Server, playground: Playground, *changes: str) -> None:
    """Change the catalogue, and let the server take it in."""
    for change in changes:
        await playground.connection.execute(change)
    await server.parts.catalogue.subscription.fetch(playground.connection)
