"""The API's frame: what is the same for every operation under /capi/v1.

Who calls, how often they may, in which format they are answered, and which headers go with it. It runs before
routing, so nothing of the API can be reached around it.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils import normalize_path

from kolofon import __version__
from kolofon.platform import idempotency
from kolofon.platform.callers import Authenticator, ClientCaller
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.error_answers import understood
from kolofon.platform.errors import ApiError, InvalidRequest, InvalidToken, TooManyRequests, error_body
from kolofon.platform.limits import Allowance, RateLimiter
from kolofon.platform.negotiation import XmlSender, read_body, replay, wants_xml

API_PREFIX = "/capi/v1/"
_ALWAYS = ((b"x-mediaconnect-api-version", __version__.encode()), (b"cache-control", b"no-store"))
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class ApiFrame:
    """Authenticates, limits and negotiates; passes everything outside the API through untouched."""

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticator,
        limiter: RateLimiter,
        clock: Clock,
        pool: Callable[[], Pool],
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._limiter = limiter
        self._clock = clock
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP or not _is_of_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        answer_headers = scope["state"]["answer_headers"]
        answer_headers += _ALWAYS
        prefers_xml = False
        try:
            _refuse_nul(scope)
            caller = await self._authenticate(_bearer_token(headers))
            prefers_xml = caller.prefers_xml
            allowance = await self._limiter.take(caller.client_id, caller.limits)
            answer_headers += _limit_headers(allowance)
            if not allowance.allowed:
                raise TooManyRequests("Too Many Requests", allowance.retry_after)
            scope["state"]["caller"] = caller
            key = headers.get(b"idempotency-key")
            if key is not None and scope["method"] in _WRITES:
                await self._answer_once(scope, receive, send, caller, key.decode("latin-1"))
            elif wants_xml(accept, prefers_xml):
                await self._app(scope, receive, XmlSender(scope, send).send)
            else:
                await self._app(scope, receive, send)
        except Exception as exception:
            # Whatever Litestar handles comes as an answer; here it is the frame's own refusals and the database's.
            if wants_xml(accept, prefers_xml):
                send = XmlSender(scope, send).send
            await _refuse(send, understood(exception), accept)

    async def _answer_once(
        self, scope: HTTPScope, receive: Receive, send: Send, caller: ClientCaller, key: str
    ) -> None:
        """Give the kept answer to a repeated request, or keep the answer with the effect, in one transaction."""
        body = await read_body(receive)
        route = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
        request = idempotency.repeatable(caller, key, route, body)
        kept = _Kept()
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        as_xml = wants_xml(accept, caller.prefers_xml)
        async with self._pool().acquire() as connection, connection.transaction():
            stored = await idempotency.begin(connection, request)
            if stored is None:
                scope["state"]["connection"] = connection
                # Kept as it goes out: a repeat is not routed, so it could not be written as XML then.
                await self._app(scope, replay(body), XmlSender(scope, kept.send).send if as_xml else kept.send)
                await self._keep(connection, request, kept)
            else:
                kept.restore(stored)
        for message in kept.messages:
            await send(message)

    async def _keep(self, connection: Connection, request: idempotency.RepeatableRequest, kept: "_Kept") -> None:
        # Refusals are not kept: a corrected request may use the key again.
        if 200 <= kept.status < 300:
            await idempotency.remember(connection, self._clock, request, kept.stored())


class _Kept:
    """Holds an answer back until its transaction is committed."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def send(self, message: Message) -> None:
        """An ASGI send."""
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.messages[0]["status"])

    def stored(self) -> idempotency.StoredAnswer:
        """The answer as it is stored."""
        content_type = dict(self.messages[0]["headers"]).get(b"content-type", b"application/json").decode()
        return idempotency.StoredAnswer(self.status, content_type, b"".join(m["body"] for m in self.messages[1:]))

    def restore(self, answer: idempotency.StoredAnswer) -> None:
        """Make a stored answer ready to be sent."""
        length = str(len(answer.body)).encode()
        headers = [(b"content-type", answer.content_type.encode()), (b"content-length", length)]
        headers.append((b"idempotency-replayed", b"true"))
        self.messages = [
            {"type": "http.response.start", "status": answer.status, "headers": headers},
            {"type": "http.response.body", "body": answer.body, "more_body": False},
        ]


async def _refuse(send: Send, error: ApiError, accept: str) -> None:
    """Send an error that was found outside of the operation."""
    media_type, members = error_body(error, accept)
    body = msgspec.json.encode(members)
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _bearer_token(headers: dict[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("no access token: expected the header Authorization: Bearer <access token>")
    return token.strip()


def _limit_headers(allowance: Allowance) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-remaining", str(allowance.remaining).encode()),
        (b"x-ratelimit-reset", str(allowance.reset).encode()),
    ]


def _is_of_api(path: str) -> bool:
    # Litestar routes //capi//v1/... as if the slashes were single ones.
    return path.startswith(API_PREFIX) or ("//" in path and normalize_path(path).startswith(API_PREFIX))


def _refuse_nul(scope: Scope) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidRequest("the URL holds a NUL character, which no text can hold")
