"""RFC 9126: a client sends its authorization request beforehand, where no browser can read or change it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from kolofon.identity.oauth import queries
from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_secret

REQUEST_URI_SECONDS = 60
_LONGEST = 16_000
_PREFIX = "urn:ietf:params:oauth:request_uri:"
# How the client showed who it is belongs to the push, not to the request.
_AUTHENTICATION = {"client_secret", "client_assertion", "client_assertion_type"}


def is_pushed(parameters: Mapping[str, str]) -> bool:
    """Whether an authorization request is the name of a pushed one."""
    return parameters.get("request_uri", "").startswith(_PREFIX)


def request_parameters(client_id: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The authorization request in a push (section 2.1); raises OAuthError."""
    if "request_uri" in parameters:
        raise OAuthError("invalid_request", "request_uri: a pushed request cannot name another")
    if parameters.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "client_id: another client than the one that authenticated")
    request = {name: value for name, value in parameters.items() if name not in _AUTHENTICATION}
    if sum(len(name) + len(value) for name, value in request.items()) > _LONGEST:
        # It is kept, and travels through the browser's address bar sealed.
        raise OAuthError("invalid_request", f"the request has more than {_LONGEST} characters")
    return request | {"client_id": client_id}


async def push(connection: Connection, client_id: str, parameters: dict[str, str], now: datetime) -> str:
    """Keep a checked request for 60 seconds; returns its request_uri."""
    reference = new_secret()
    expires_at = now + timedelta(seconds=REQUEST_URI_SECONDS)
    await queries.push_request(connection, hash_secret(reference), client_id, parameters, expires_at)
    return f"{_PREFIX}{reference}"


async def take(connection: Connection, parameters: Mapping[str, str], now: datetime) -> dict[str, str] | None:
    """The pushed request that a browser brings the name of, once (section 4); None when there is none."""
    reference = parameters["request_uri"].removeprefix(_PREFIX)
    client_id = parameters.get("client_id", "")
    return await queries.take_pushed_request(connection, hash_secret(reference), client_id, now)
