"""Calls to a provider: short, bounded in time and size, and never followed to another place."""

import asyncio
from typing import Any

import httpx
import msgspec

SECONDS = 10.0
_LARGEST = 256 * 1024


class ProviderDown(Exception):
    """A provider does not answer, or not in a way that can be used; the message is for the operator's log."""


class ProviderRefused(Exception):
    """A provider said no, or what it said is not to be believed; the message is for the operator's log."""


class GivenUp(Exception):
    """The reader did not go through with it at the provider."""


class Outgoing:
    """One client for all providers. No connection to the database is held while it is used."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._client: httpx.AsyncClient | None = None

    async def fetch(self, url: str, access_token: str | None = None) -> dict[str, Any]:
        """A JSON object; raises ProviderDown."""
        headers = {"Authorization": f"Bearer {access_token}"} if access_token is not None else {}
        status, body = await self._send("GET", url, headers=headers)
        if status != httpx.codes.OK:
            raise ProviderDown(f"{url} answers {status}")
        return _json_object(url, body)

    async def post(self, url: str, form: dict[str, str], auth: httpx.BasicAuth | None) -> dict[str, Any]:
        """The JSON object that a form is answered with; raises ProviderDown, and ProviderRefused for a refusal."""
        status, body = await self._send("POST", url, data=form, **({"auth": auth} if auth is not None else {}))
        if 400 <= status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
            error = _json_object(url, body).get("error")
            raise ProviderRefused(f"{url} answers {status} {error if isinstance(error, str) else ''}".strip()[:200])
        if status != httpx.codes.OK:
            raise ProviderDown(f"{url} answers {status}")
        return _json_object(url, body)

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _send(self, method: str, url: str, **options: Any) -> tuple[int, bytes]:
        if self._client is None:
            # Compressed, a small answer could be one without end.
            headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "kolofon"}
            self._client = httpx.AsyncClient(timeout=self._seconds, follow_redirects=False, headers=headers)
        try:
            # Httpx counts the seconds of each read anew; a provider that drips would never end.
            async with asyncio.timeout(self._seconds), self._client.stream(method, url, **options) as response:
                return response.status_code, await _bounded(url, response)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderDown(f"{url}: {type(error).__name__}") from None


async def _bounded(url: str, response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > _LARGEST:
            raise ProviderDown(f"{url} answers with more than {_LARGEST} bytes")
    return bytes(body)


def _json_object(url: str, body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise ProviderDown(f"{url} does not answer with a JSON object") from None
