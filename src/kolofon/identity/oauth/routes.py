"""The OAuth endpoints of the login server."""

from typing import Any

import msgspec
from litestar import Response, get, post

from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth import rfc7009, rfc7662, rfc8414, rfc9126
from kolofon.identity.oauth.authorization import read_destination, read_request
from kolofon.identity.oauth.requests import HttpRequest, authenticated_client, form_parameters
from kolofon.identity.oauth.rfc6749 import DEVICE_CODE, EXTID_CODE, OAuthError
from kolofon.identity.oauth.tokens import FamilyRevoked, TokenAnswer
from kolofon.identity.openid import discovery
from kolofon.identity.openid.id_token import read_hint
from kolofon.identity.origins import address_of
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.errors import InvalidRequest

_PUSHES_PER_ADDRESS = Limits(per_second=10, per_minute=60)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@post("/oauth/token", operation_id="token", include_in_schema=False, status_code=200)
async def token(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Tokens for a grant: authorization_code, refresh_token, client_credentials, extid_code or device_code."""
    parameters = await form_parameters(request)
    client = await authenticated_client(request, login_server, parameters)
    grant_type = parameters.get("grant_type")
    login_server.tokens.check_grant_type(client, grant_type)
    if grant_type == "client_credentials":
        return _json(login_server.tokens.for_client(client, parameters))
    async with login_server.pool().acquire() as connection, connection.transaction():
        give = {
            "authorization_code": login_server.tokens.for_code,
            "refresh_token": login_server.tokens.for_refresh_token,
            EXTID_CODE: login_server.tokens.for_extid_code,
            DEVICE_CODE: login_server.devices.for_device_code,
        }[str(grant_type)]
        answer = await give(connection, client, parameters)
    if isinstance(answer, FamilyRevoked):
        login_server.revocations.add(answer.revocation)
    return _json(answer) if isinstance(answer, TokenAnswer) else oauth_error_response(answer)


@post("/oauth/revoke", operation_id="revoke", include_in_schema=False, status_code=200)
async def revoke(request: HttpRequest, login_server: UsesLoginServer) -> Response[bytes]:
    """Revoke a token (RFC 7009)."""
    parameters = await form_parameters(request)
    client = await authenticated_client(request, login_server, parameters)
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
    parameters = await form_parameters(request)
    client = await authenticated_client(request, login_server, parameters)
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


@post("/oauth/par", operation_id="pushRequest", include_in_schema=False, status_code=201)
async def push_request(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Keep an authorization request until the browser brings its name (RFC 9126)."""
    parameters = await form_parameters(request)
    client = await authenticated_client(request, login_server, parameters)
    if client.public:
        # Anybody can push in its name; others have shown who they are, and push for all of their readers.
        await Throttle(login_server.limiter).by_address("pushed requests", address_of(request), _PUSHES_PER_ADDRESS)
    pushed = rfc9126.request_parameters(client.client_id, parameters)
    now = login_server.clock.now()
    try:
        destination = read_destination(login_server.catalogue.current, pushed)
    except InvalidRequest as error:
        raise OAuthError("invalid_request", error.message) from None
    read_request(
        destination, pushed, lambda text: read_hint(text, login_server.keys, login_server.settings.issuer, now)
    )
    async with login_server.pool().acquire() as connection:
        request_uri = await rfc9126.push(connection, client.client_id, pushed, now)
    return Response(
        {"request_uri": request_uri, "expires_in": rfc9126.REQUEST_URI_SECONDS},
        status_code=201,
        headers=_NO_STORE,
        media_type="application/json",
    )


@get("/oauth/jwks", operation_id="jwks", include_in_schema=False)
async def jwks(login_server: UsesLoginServer) -> Response[Any]:
    """The public keys that access tokens are signed with (RFC 7517)."""
    keys = login_server.keys.key_set(login_server.clock.now().timestamp())
    return Response(keys, media_type="application/json", headers={"Cache-Control": "public, max-age=600"})


@get([rfc8414.WELL_KNOWN, discovery.WELL_KNOWN], operation_id="serverMetadata", include_in_schema=False)
async def server_metadata(login_server: UsesLoginServer) -> dict[str, Any]:
    """What this server can do (RFC 8414, OpenID Connect Discovery)."""
    return discovery.metadata(login_server.settings.issuer, login_server.keys, login_server.clock.now())


def oauth_error_response(error: OAuthError) -> Response[dict[str, str]]:
    """An error in the token endpoint's shape (RFC 6749, section 5.2)."""
    headers = dict(_NO_STORE)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="kolofon"'
    body = {"error": error.code, "error_description": error.description}
    return Response(body, status_code=error.status, headers=headers, media_type="application/json")


def _required(parameters: dict[str, str], name: str) -> str:
    if name not in parameters:
        raise OAuthError("invalid_request", f"{name}: missing")
    return parameters[name]


def _json(answer: msgspec.Struct) -> Response[Any]:
    return Response(answer, media_type="application/json", headers=_NO_STORE)


PROTOCOL = [token, revoke, introspect, push_request, jwks, server_metadata]
