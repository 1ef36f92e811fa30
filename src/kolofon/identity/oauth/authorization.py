"""The authorization endpoint (RFC 6749, section 4.1): from a signed-in user to a code."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.identity.consent.rules import asked_scopes
from kolofon.identity.oauth import queries
from kolofon.identity.oauth.rfc6749 import (
    CODE_SECONDS,
    OPENID,
    OAuthError,
    SignIn,
    holds_scope,
    is_safe_redirect_uri,
    read_scope,
)
from kolofon.identity.oauth.rfc7636 import challenge_problem
from kolofon.identity.oauth.rfc9207 import same_but_for_query
from kolofon.identity.openid.core import ANY_SIGN_IN, WantedSignIn, read_wanted_sign_in, refuse_unsupported
from kolofon.identity.openid.id_token import Hint
from kolofon.identity.openid.userinfo import read_wanted_claims
from kolofon.identity.queries import Session
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import hash_secret, new_secret, new_uuid


class Destination(msgspec.Struct, frozen=True):
    """Where the browser may be sent back to: a client and one of its registered redirect URIs."""

    client: Client
    redirect_uri: str


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A request in which everything is right."""

    destination: Destination
    scope: str
    code_challenge: str | None
    nonce: str | None
    wanted: WantedSignIn
    userinfo_claims: tuple[str, ...] = ()

    @property
    def asked_scopes(self) -> frozenset[str]:
        """What the client would be given, in scopes: what a consent is about."""
        return asked_scopes(self.scope, self.userinfo_claims)


def read_destination(catalogue: Catalogue, parameters: dict[str, str]) -> Destination:
    """The client and redirect URI of a request; raises InvalidRequest.

    As long as these are in doubt, nothing may be redirected anywhere.
    """
    client = catalogue.clients.get(parameters.get("client_id", ""))
    if client is None or client.disabled:
        raise InvalidRequest("client_id: there is no such client")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None:
        raise InvalidRequest("redirect_uri: missing")
    if not _is_registered(client, redirect_uri):
        raise InvalidRequest("redirect_uri: not registered for this client")
    return Destination(client, redirect_uri)


def read_request(
    destination: Destination, parameters: dict[str, str], read_hint: Callable[[str], Hint | None]
) -> AuthorizationRequest:
    """The rest of a request; raises OAuthError, which goes to the client by redirect. Unknown members are ignored.

    What OpenID Connect adds counts with the scope openid only: older clients send what means nothing to them.
    """
    client = destination.client
    response_type = parameters.get("response_type")
    if response_type is None:
        raise OAuthError("invalid_request", "response_type: missing")
    if response_type != "code":
        raise OAuthError("unsupported_response_type", "response_type: expected code")
    if "authorization_code" not in client.grant_types:
        raise OAuthError("unauthorized_client", "this client may not use authorization_code")
    challenge = parameters.get("code_challenge")
    is_required = client.public or client.require_pkce
    problem = challenge_problem(challenge, parameters.get("code_challenge_method"), is_required)
    if problem is not None:
        raise OAuthError("invalid_request", problem)
    refuse_unsupported(parameters)
    scope = read_scope(parameters.get("scope"))
    if not holds_scope(scope, OPENID):
        return AuthorizationRequest(destination, scope, challenge, None, ANY_SIGN_IN)
    wanted = read_wanted_sign_in(parameters, _read_hint(client, parameters.get("id_token_hint"), read_hint))
    claims = read_wanted_claims(parameters.get("claims"))
    return AuthorizationRequest(destination, scope, challenge, parameters.get("nonce"), wanted, claims)


def _read_hint(client: Client, text: str | None, read_hint: Callable[[str], Hint | None]) -> Hint | None:
    if text is None:
        return None
    hint = read_hint(text)
    if hint is None or hint.client_id != client.client_id:
        raise OAuthError("invalid_request", "id_token_hint: not an id_token that this server gave to this client")
    return hint


async def issue_code(connection: Connection, request: AuthorizationRequest, session: Session, now: datetime) -> str:
    """A new code for the signed-in user, good once and for 60 seconds."""
    client = request.destination.client
    grant = queries.Grant(
        grant_id=new_uuid(),
        client_id=client.client_id,
        unique_id=session.unique_id,
        credential=session.credential,
        created_at=now,
        expires_at=now + timedelta(seconds=client.refresh_token_seconds),
        scope=request.scope,
        sign_in=SignIn(session.authenticated_at, session.session_id, session.authentication_methods),
        userinfo_claims=request.userinfo_claims,
    )
    code = new_secret()
    await queries.add_grant(connection, grant)
    await queries.add_code(
        connection,
        code_hash=hash_secret(code),
        grant_id=grant.grant_id,
        redirect_uri=request.destination.redirect_uri,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        expires_at=now + timedelta(seconds=CODE_SECONDS),
    )
    return code


def _is_registered(client: Client, redirect_uri: str) -> bool:
    """Compared character by character (RFC 9700, section 2.1); the query may be registered as free."""
    if not is_safe_redirect_uri(redirect_uri):
        return False
    if redirect_uri in client.redirect_uris:
        return True
    return client.redirect_query_free and any(
        same_but_for_query(registered, redirect_uri) for registered in client.redirect_uris
    )
