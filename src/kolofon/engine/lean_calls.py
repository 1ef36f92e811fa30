"""The short way to an operation, for requests that hold no surprises.

Litestar resolves, converts and wraps every request in its general way; for a small reading operation that is most of
the work (docs/decisions/0008). Here one with a fixed path is called directly, when the request has no query and its
body is JSON of the right shape. Everything else, and everything that is wrong with a body, goes Litestar's way: there
is one place for each refusal.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

from kolofon.engine.calls import Read
from kolofon.platform.negotiation import holds_nul, read_body, replay

_JSON = (b"content-type", b"application/json")


class _Operation(msgspec.Struct, frozen=True):
    """An operation and what it takes: a call that reads, and a body or none."""

    handler: HTTPRouteHandler
    parameter: str
    read: Callable[[Scope], Read[Any]]
    decoder: msgspec.json.Decoder[Any] | None


class LeanCalls:
    """Calls the operations it can directly, and passes all other requests on."""

    def __init__(self, app: Litestar, reads: dict[str, Callable[[Scope], Read[Any]]], prefix: str) -> None:
        self._app: ASGIApp = app
        self._operations: dict[tuple[str, str], _Operation] = {}
        for route in app.routes:
            if isinstance(route, HTTPRoute) and route.path.startswith(prefix) and not route.path_parameters:
                self._add(route, reads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose caller is known if it is one of the API; raises what the operation raises."""
        operation = None
        if scope["type"] == ScopeType.HTTP and not scope["query_string"]:
            operation = self._operations.get((scope["method"], scope["path"]))
        if operation is None:
            await self._app(scope, receive, send)
            return
        members: dict[str, Any] = {}
        if operation.decoder is not None:
            body = await read_body(receive)
            try:
                members["data"] = _decoded(operation.decoder, scope, body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                await self._app(scope, replay(body), send)
                return
        # For the log, and for who turns the answer into XML.
        scope["path_template"], scope["route_handler"] = scope["path"], operation.handler
        members[operation.parameter] = operation.read(scope)
        await _answer(await operation.handler.fn(**members), send)

    def _add(self, route: HTTPRoute, reads: dict[str, Callable[[Scope], Read[Any]]]) -> None:
        for method, (handler, _) in route.route_handler_map.items():
            parameters = handler.parsed_fn_signature.parameters
            taken = reads.keys() & parameters.keys()
            others = {name for name, field in parameters.items() if not field.has_default} - taken - {"data"}
            if len(taken) != 1 or others:
                continue
            body = parameters.get("data")
            parameter = taken.pop()
            self._operations[method, route.path] = _Operation(
                handler,
                parameter,
                reads[parameter],
                # As lenient as Litestar: a number may be written as a string.
                msgspec.json.Decoder(body.annotation, strict=False) if body is not None else None,
            )


def _decoded(decoder: msgspec.json.Decoder[Any], scope: Scope, body: bytes) -> Any:
    if _JSON not in scope["headers"] or holds_nul(body):
        raise msgspec.DecodeError
    return decoder.decode(body)


async def _answer(content: Any, send: Send) -> None:
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
