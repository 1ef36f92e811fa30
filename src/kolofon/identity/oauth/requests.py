"""What requests to the protocol's endpoints have in common: form parameters, and a client that shows who it is."""

from typing import Any

from litestar import Request
from litestar.datastructures import State

from kolofon.catalogue.memory import Client
from kolofon.identity.login_server import LoginServer
from kolofon.identity.oauth import queries, rfc7523
from kolofon.identity.oauth.clients import authenticate_client
from kolofon.identity.oauth.rfc6749 import OAuthError, read_client_credentials, read_parameters
from kolofon.identity.origins import address_of
from kolofon.identity.prefixes import PREFIXES
from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests, UnsupportedMediaType

HttpRequest = Request[None, None, State]
_FAILURES = Limits(per_second=10, per_minute=60)


async def form_parameters(request: Request[Any, Any, State]) -> dict[str, str]:
    """The parameters of a POST, from its query and its form; raises OAuthError, UnsupportedMediaType."""
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type not in {"application/x-www-form-urlencoded", ""}:
        raise UnsupportedMediaType("Content-Type: expected application/x-www-form-urlencoded")
    try:
        form = body.decode("ascii")
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "the body is not form-urlencoded") from None
    return read_parameters(request.scope["query_string"].decode("latin-1"), form)


async def authenticated_client(request: HttpRequest, login_server: LoginServer, parameters: dict[str, str]) -> Client:
    """The client, by secret, assertion or, if public, name. Raises OAuthError.

    Failures are counted by address: secrets are not to be guessed at speed.
    """
    try:
        if rfc7523.is_assertion(parameters):
            return await _by_assertion(request, login_server, parameters)
        readings = read_client_credentials(request.headers.get("authorization"), parameters)
        return authenticate_client(login_server.catalogue.current, readings, login_server.clock.now())
    except OAuthError as error:
        if error.code != "invalid_client":
            raise
        address = address_of(request)
        allowance = await login_server.limiter.take(f"client authentication {address}", _FAILURES)
        if not allowance.allowed:
            raise TooManyRequests("too many failed attempts", allowance.retry_after) from None
        raise


async def _by_assertion(request: HttpRequest, login_server: LoginServer, parameters: dict[str, str]) -> Client:
    if "client_secret" in parameters or "authorization" in request.headers:
        raise OAuthError("invalid_request", "client_assertion: beside another way to authenticate (RFC 6749, 2.3)")
    base = login_server.settings.public_url
    audiences = {login_server.settings.issuer, f"{base}{request.scope['path']}"}
    audiences |= {f"{base}{prefix}/oauth/token" for prefix in PREFIXES}
    now = login_server.clock.now()
    assertion = rfc7523.read_assertion(login_server.catalogue.current.clients, parameters, audiences, now)
    async with login_server.pool().acquire() as connection:
        # Committed at once: whatever becomes of this request, the assertion has been used.
        if not await queries.use_once(connection, assertion.used_hash, assertion.expires_at):
            raise OAuthError("invalid_client", "client_assertion: its jti has been used before")
    return assertion.client
