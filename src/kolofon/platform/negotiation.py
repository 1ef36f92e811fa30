"""In which format an answer goes out, and in which a body came in."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from kolofon.platform.errors import InvalidRequest, UnsupportedMediaType
from kolofon.platform.xml import from_xml


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
        if not media_range.endswith(("/" + kind, "+" + kind)):
            continue
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            best = max(best, float(quality))
        except ValueError:
            continue
    return best


class ApiRequest(Request[None, None, State]):
    """A request whose body may be JSON or XML."""

    async def json(self) -> Any:
        """The body as JSON values; raises InvalidRequest or UnsupportedMediaType."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await self.body()
        if media_type.endswith(("/json", "+json")) or not media_type:
            return _from_json(body)
        if media_type.endswith(("/xml", "+xml")):
            field = self.route_handler.parsed_data_field
            return from_xml(body, field.annotation if field is not None else Any)
        raise UnsupportedMediaType(f"Content-Type: expected application/json or application/xml, got {media_type}")


def _from_json(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    # PostgreSQL's text cannot hold it, and no name, code or address has one.
    if b"\\u0000" in body:
        raise InvalidRequest("the body holds a NUL character (\\u0000), which no text can hold")
    return value
