"""Short ways to ask about access, in both modes."""

from typing import Any

from tests.browser_session import Server, bearer

Answer = dict[str, Any]


class Asker:
    """Asks with one token; `mode` is `customer` (user mode) or `client`."""

    def __init__(self, server: Server, mode: str, token: str) -> None:
        self._server = server
        self._mode = mode
        self._token = token

    async def __call__(self, **question: Any) -> Answer:
        status, answer = await self.raw(question)
        assert status == 200, answer
        return answer

    async def explained(self, **question: Any) -> Answer:
        """With `?explain=true`."""
        status, answer = await self.raw(question, explain=True)
        assert status == 200, answer
        return answer

    async def refusal(self, **question: Any) -> str:
        status, answer = await self.raw(question)
        assert (status, answer["exceptionType"]) == (400, "InvalidRequestException"), answer
        return str(answer["errorMessage"])

    async def raw(self, question: dict[str, Any], explain: bool = False) -> tuple[int, Answer]:
        path = f"/capi/v1/{self._mode}/access" + ("?explain=true" if explain else "")
        answer = await self._server.http.post(path, json=question, headers=bearer(self._token))
        return answer.status_code, answer.json()


async def as_user(server: Server, credential: str) -> Asker:
    return Asker(server, "customer", await server.user_token(credential))


async def as_client(server: Server, *client: str) -> Asker:
    return Asker(server, "client", await server.client_token(*client))
