"""In which format an answer goes out, and in which a body came in."""

import re
from functools import cache
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import HTTPResponseStartEvent

from kolofon.platform.errors import PROBLEM_JSON, InvalidRequest, TooLarge, UnsupportedMediaType
from kolofon.platform.xml import from_xml, to_xml

BODY_LIMIT = 1024 * 1024
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
XML_ROOT = "xml_root"  # the option of an operation that names its answer's element


def wants_xml(accept: str, prefers_xml: bool) -> bool:
    """Whether XML goes out. `prefers_xml` is the client's setting, for requests that say nothing definite.

    JSON is the default, as every JSON client of the API also works without Accept.
    """
    if not accept or accept == "*/*":
        return prefers_xml
    if accept == "application/json":
        return False
    json = _quality(accept, "json")
    xml = _quality(accept, "xml")
    if json == xml:
        return prefers_xml
    return xml > json


def _quality(accept: str, kind: str) -> float:
    """The best quality of a kind in an Accept header (RFC 9110, section 12.5.1), wildcards left out."""
    best = 0.0
    for part in accept.lower().split(","):
        media_range, *parameters = (p.strip() for p in part.split(";"))
        # Neither asks for data: the first is a shape of errors, the second a web page.
        if media_range in {PROBLEM_JSON, "application/xhtml+xml"}:
            continue
        if not media_range.endswith(("/" + kind, "+" + kind)):
            continue
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            best = max(best, float(quality))
        except ValueError:
            continue
    return best


class ApiRequest(Request[None, None, State]):
    """A request whose body may be JSON or XML, and whose flags may stand alone in the query."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            scope["query_string"] = _with_flags_set(scope["query_string"], _flags(scope["route_handler"]))
        super().__init__(scope, receive, send)

    async def body(self) -> bytes:
        """The body; raises TooLarge."""
        if not isinstance(self._body, bytes):
            self._body = await read_body(self.receive)
        return self._body

    async def json(self) -> Any:
        """The body as JSON values; raises InvalidRequest or UnsupportedMediaType."""
        media_type = _media_type(self.scope["headers"])
        body = await self.body()
        if media_type.endswith(("/json", "+json")) or not media_type:
            return _from_json(body)
        if media_type.endswith(("/xml", "+xml")):
            field = self.route_handler.parsed_data_field
            return from_xml(body, field.annotation if field is not None else Any)
        raise UnsupportedMediaType(f"Content-Type: expected application/json or application/xml, got {media_type}")


class JsonResponse(Response[Any]):
    """An operation's answer: JSON, two headers, nothing else. Made and sent without the general machinery."""

    def __init__(self, content: Any, *, status_code: int = 200, **_: Any) -> None:
        # What Litestar also passes (cookies, background work, encoders) no operation of the API has.
        self.content = content
        self.status_code = status_code

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The answer, encoded before its transaction is committed."""
        body = msgspec.json.encode(self.content)
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": self.status_code or 200,
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        }

        async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send(start)
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answer


class XmlSender:
    """Turns a JSON answer into XML on its way out."""

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Any) -> None:
        """An ASGI send."""
        if message["type"] == "http.response.start" and _media_type(message["headers"]) == "application/json":
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_xml(self._start)

    async def _send_xml(self, start: Any) -> None:
        handler = self._scope.get("route_handler")
        root = "error" if start["status"] >= 400 or handler is None else handler.opt.get(XML_ROOT, "response")
        body = to_xml(msgspec.json.decode(self._body), root)
        start["headers"] = [
            *((n, v) for n, v in start["headers"] if n not in {b"content-type", b"content-length"}),
            (b"content-type", b"application/xml; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


async def json_text(request: Request[None, None, State], value: Any) -> bytes:
    """A body as JSON without blanks, its numbers as they were written; `value` is what it was read as."""
    if _media_type(request.scope["headers"]).endswith(("/xml", "+xml")):
        return msgspec.json.encode(value)
    return msgspec.json.format(await request.body(), indent=-1)


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request; raises TooLarge."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("the request ended before its body did")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_LIMIT:
            raise TooLarge(f"the body is over {BODY_LIMIT} bytes")
        if not message.get("more_body"):
            return b"".join(chunks)


def replay(body: bytes) -> Receive:
    """A body that has been read, to be read again."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return cast("Receive", receive)


def holds_nul(body: bytes) -> bool:
    """Whether JSON holds a NUL character, which JSON can only write escaped."""
    # Not where the backslash is itself an escaped one.
    return b"\\u0000" in body and _ESCAPED_NUL.search(body) is not None


@cache
def _flags(handler: BaseRouteHandler) -> frozenset[bytes]:
    """The parameters of an operation that are true or false."""
    parameters = handler.parsed_fn_signature.parameters
    return frozenset(name.encode() for name, parameter in parameters.items() if parameter.annotation is bool)


def _with_flags_set(query: bytes, flags: frozenset[bytes]) -> bytes:
    """A flag without a value means true, as in the reference's `?marketing`."""
    parts = query.split(b"&")
    return b"&".join(part.rstrip(b"=") + b"=true" if part.rstrip(b"=") in flags else part for part in parts)


def _media_type(headers: Any) -> str:
    for name, value in headers:
        if name == b"content-type":
            media_type: str = value.decode("latin-1").partition(";")[0].strip().lower()
            return media_type
    return ""


def _from_json(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidRequest("the body is not valid JSON: it is nested too deeply") from None
    # PostgreSQL's text cannot hold it, and no name, code or address has one.
    if holds_nul(body):
        raise InvalidRequest("the body holds a NUL character (\\u0000), which no text can hold")
    return value
