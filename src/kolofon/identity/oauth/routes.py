"""The OAuth endpoints of the login server."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State

from kolofon.catalogue.memory import Client
from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth import rfc7009, rfc7662, rfc8414
from kolofon.identity.oauth.authorization import Destination, issue_code, read_destination, read_request
from kolofon.identity.oauth.clients import authenticate_client
from kolofon.identity.oauth.rfc6749 import EXTID_CODE, OAuthError, read_client_credentials, read_parameters
from kolofon.identity.oauth.rfc9207 import response_url
from kolofon.identity.oauth.tokens import FamilyRevoked, TokenAnswer
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests, UnsupportedMediaType

HttpRequest = Request[None, None, State]
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FAILURES = Limits(per_second=10, per_minute=60)


@get("/oauth/authorize", operation_id="authorize", include_in_schema=False)
async def authorize(request: HttpRequest, login_server: UsesLoginServer) -> Response[None]:
    """Send a signed-in browser back to its client with a code, any other to the sign-in page first."""
    query = request.scope["query_string"].decode("latin-1")
    parameters = read_parameters(query, "")
    destination = read_destination(login_server.catalogue.current, parameters)
    try:
        authorization = read_request(destination, parameters)
        session_id = request.cookies.get(login_server.sessions.cookie_name)
        session = await login_server.sessions.visit(login_server.pool(), session_id)
        if session is None:
            return redirect(f"{login_server.settings.public_url}{prefix_of(request)}/oauthLogin?{query}")
        async with login_server.pool().acquire() as connection, connection.transaction():
            code = await issue_code(connection, authorization, session, login_server.clock.now())
        answer = {"code": code, "state": parameters.get("state")}
    except OAuthError as error:
        answer = {"error": error.code, "error_description": error.description, "state": parameters.get("state")}
    return _back(destination, login_server, answer)


def _back(destination: Destination, login_server: LoginServer, answer: dict[str, str | None]) -> Response[None]:
    url = response_url(destination.redirect_uri, login_server.settings.issuer, answer)
    return redirect(url)


@post("/oauth/token", operation_id="token", include_in_schema=False, status_code=200)
async def token(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Tokens for a grant: authorization_code, refresh_token, client_credentials or extid_code."""
    parameters = await _parameters(request)
    client = await _client(request, login_server, parameters)
    grant_type = parameters.get("grant_type")
    login_server.tokens.check_grant_type(client, grant_type)
    if grant_type == "client_credentials":
        return _json(login_server.tokens.for_client(client, parameters))
    async with login_server.pool().acquire() as connection, connection.transaction():
        give = {
            "authorization_code": login_server.tokens.for_code,
            "refresh_token": login_server.tokens.for_refresh_token,
            EXTID_CODE: login_server.tokens.for_extid_code,
        }[str(grant_type)]
        answer = await give(connection, client, parameters)
    if isinstance(answer, FamilyRevoked):
        login_server.revocations.add(answer.revocation)
    return _json(answer) if isinstance(answer, TokenAnswer) else oauth_error_response(answer)


@post("/oauth/revoke", operation_id="revoke", include_in_schema=False, status_code=200)
async def revoke(request: HttpRequest, login_server: UsesLoginServer) -> Response[bytes]:
    """Revoke a token (RFC 7009)."""
    parameters = await _parameters(request)
    client = await _client(request, login_server, parameters)
    text = _required(parameters, "token")
    async with login_server.pool().acquire() as connection, connection.transaction():
        revocation = await rfc7009.revoke(
            connection, login_server.tokens, login_server.reader, client, text, login_server.clock.now()
        )
    if revocation is not None:
        login_server.revocations.add(revocation)
    return Response(b"", media_type="text/plain", headers=_NO_STORE)


@post("/oauth/introspect", operation_id="introspect", include_in_schema=False, status_code=200)
async def introspect(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Tell what a token is worth (RFC 7662). Only clients with a secret may ask."""
    parameters = await _parameters(request)
    client = await _client(request, login_server, parameters)
    if client.public:
        raise OAuthError("invalid_client", "introspection needs a client secret")
    text = _required(parameters, "token")
    async with login_server.pool().acquire() as connection:
        answer = await rfc7662.introspect(
            connection,
            login_server.reader,
            login_server.catalogue.current,
            client,
            text,
            login_server.clock.now(),
            (login_server.settings.issuer, login_server.settings.api_audience),
        )
    return _json(answer)


@get("/oauth/jwks", operation_id="jwks", include_in_schema=False)
async def jwks(login_server: UsesLoginServer) -> Response[Any]:
    """The public keys that access tokens are signed with (RFC 7517)."""
    keys = login_server.keys.key_set(login_server.clock.now().timestamp())
    return Response(keys, media_type="application/json", headers={"Cache-Control": "public, max-age=600"})


@get(rfc8414.WELL_KNOWN, operation_id="serverMetadata", include_in_schema=False)
async def server_metadata(login_server: UsesLoginServer) -> dict[str, Any]:
    """What this server can do (RFC 8414)."""
    return rfc8414.metadata(login_server.settings.issuer)


def oauth_error_response(error: OAuthError) -> Response[dict[str, str]]:
    """An error in the token endpoint's shape (RFC 6749, section 5.2)."""
    headers = dict(_NO_STORE)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="kolofon"'
    body = {"error": error.code, "error_description": error.description}
    return Response(body, status_code=error.status, headers=headers, media_type="application/json")


async def _parameters(request: HttpRequest) -> dict[str, str]:
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type not in {"application/x-www-form-urlencoded", ""}:
        raise UnsupportedMediaType("Content-Type: expected application/x-www-form-urlencoded")
    try:
        form = body.decode("ascii")
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "the body is not form-urlencoded") from None
    return read_parameters(request.scope["query_string"].decode("latin-1"), form)


async def _client(request: HttpRequest, login_server: LoginServer, parameters: dict[str, str]) -> Client:
    """The authenticated client. Failures are counted by address: secrets are not to be guessed at speed."""
    readings = read_client_credentials(request.headers.get("authorization"), parameters)
    try:
        return authenticate_client(login_server.catalogue.current, readings, login_server.clock.now())
    except OAuthError:
        address = request.client.host if request.client is not None else "unknown"
        allowance = await login_server.limiter.take(f"client authentication {address}", _FAILURES)
        if not allowance.allowed:
            raise TooManyRequests("too many failed attempts", allowance.retry_after) from None
        raise


def _required(parameters: dict[str, str], name: str) -> str:
    if name not in parameters:
        raise OAuthError("invalid_request", f"{name}: missing")
    return parameters[name]


def _json(answer: msgspec.Struct) -> Response[Any]:
    return Response(answer, media_type="application/json", headers=_NO_STORE)


FOR_BROWSERS = [authorize]
PROTOCOL = [token, revoke, introspect, jwks, server_metadata]
