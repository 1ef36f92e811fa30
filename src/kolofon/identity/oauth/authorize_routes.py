"""The authorization endpoint: from a browser to its client with a code, by way of the sign-in page if need be."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post

from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth import queries, rfc9126
from kolofon.identity.oauth.authorization import (
    AuthorizationRequest,
    Destination,
    issue_code,
    read_destination,
    read_request,
)
from kolofon.identity.oauth.requests import HttpRequest, form_parameters
from kolofon.identity.oauth.rfc6749 import OAuthError, read_parameters
from kolofon.identity.oauth.rfc9207 import response_url
from kolofon.identity.openid import asking
from kolofon.identity.openid.asking import Asked
from kolofon.identity.openid.core import Step, next_step
from kolofon.identity.openid.id_token import read_hint
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import hash_secret

# What the sign-in page needs to see of a pushed request; the rest is sealed into the mark.
_SHOWN_OF_PUSHED = ("client_id", "redirect_uri", "login_hint", "ui_locales", "prompt")


class _Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A browser at the endpoint: its request's parameters, its cookie, and the mark that it brought back."""

    parameters: dict[str, str]
    is_pushed: bool
    asked: Asked | None
    session_id: str | None
    query: str
    prefix: str


@get("/oauth/authorize", operation_id="authorize", include_in_schema=False)
async def authorize(request: HttpRequest, login_server: UsesLoginServer) -> Response[None]:
    """Send a signed-in browser back to its client with a code, any other to the sign-in page first."""
    coming = await _read_coming(request, login_server)
    destination = read_destination(login_server.catalogue.current, coming.parameters)
    now = login_server.clock.now()
    try:
        authorization = read_request(
            destination,
            coming.parameters,
            lambda text: read_hint(text, login_server.keys, login_server.settings.issuer, now),
        )
        session = await login_server.sessions.visit(login_server.pool(), coming.session_id)
        step = next_step(authorization.wanted, session, coming.asked, now)
        code = None
        if step is Step.ANSWER and session is not None:
            code = await _issue_code(login_server, authorization, session, coming)
        if code is None:
            return _ask(login_server, authorization, coming, session)
        answer = {"code": code}
    except OAuthError as error:
        answer = {"error": error.code, "error_description": error.description}
    return _back(destination, login_server, answer | {"state": coming.parameters.get("state")})


@post("/oauth/authorize", operation_id="authorizeByForm", include_in_schema=False)
async def authorize_by_form(request: HttpRequest, login_server: UsesLoginServer) -> Response[None]:
    """The same for a form (OpenID Connect Core, section 3.1.2.1).

    A form on the client's site comes without our cookie, which is SameSite=Lax; the redirect comes with it.
    """
    query = urlencode(await form_parameters(request))
    return redirect(f"{login_server.settings.public_url}{prefix_of(request)}/oauth/authorize?{query}", status=303)


async def _read_coming(request: HttpRequest, login_server: LoginServer) -> _Coming:
    query = request.scope["query_string"].decode("latin-1")
    parameters = read_parameters(query, "")
    now = login_server.clock.now()
    asked = asking.read_mark(login_server.asking_key, parameters, now)
    is_pushed = False
    if asked is not None and asked.pushed is not None:
        parameters = asked.pushed | {asking.PARAMETER: parameters[asking.PARAMETER]}
        is_pushed = True
    elif rfc9126.is_pushed(parameters):
        async with login_server.pool().acquire() as connection:
            pushed = await rfc9126.take(connection, parameters, now)
        if pushed is None:
            # Nothing else of the request is to be trusted, so it is not known where to send the browser.
            raise InvalidRequest("request_uri: unknown, used, expired or another client's")
        parameters, is_pushed = pushed, True
    return _Coming(
        parameters=parameters,
        is_pushed=is_pushed,
        asked=asked,
        session_id=request.cookies.get(login_server.sessions.cookie_name),
        query=query,
        prefix=prefix_of(request),
    )


async def _issue_code(
    login_server: LoginServer, authorization: AuthorizationRequest, session: Session, coming: _Coming
) -> str | None:
    """A code; None when the sign-in that was asked for has led to one before: what is asked for again is new."""
    now = login_server.clock.now()
    async with login_server.pool().acquire() as connection, connection.transaction():
        if coming.asked is not None:
            used_hash = asking.mark_hash(coming.parameters[asking.PARAMETER])
            if not await queries.use_once(connection, used_hash, coming.asked.at + asking.KEPT):
                if authorization.wanted.quiet:
                    raise OAuthError("login_required", "the reader would have to sign in")
                if coming.is_pushed:
                    raise OAuthError("invalid_request_uri", "the pushed request has been used")
                return None
        session_hash = hash_secret(coming.session_id or "")
        return await issue_code(connection, authorization, session, session_hash, now)


def _ask(
    login_server: LoginServer, authorization: AuthorizationRequest, coming: _Coming, session: Session | None
) -> Response[None]:
    page = f"{login_server.settings.public_url}{coming.prefix}/oauthLogin"
    needs_mark = coming.is_pushed or coming.asked is not None or authorization.wanted.is_particular
    if not needs_mark:
        return redirect(f"{page}?{coming.query}")
    parameters = {name: value for name, value in coming.parameters.items() if name != asking.PARAMETER}
    anew = session is not None or authorization.wanted.again or (coming.asked is not None and coming.asked.anew)
    mark = asking.new_mark(login_server.asking_key, parameters, anew, coming.is_pushed, login_server.clock.now())
    if coming.is_pushed:
        parameters = {name: parameters[name] for name in _SHOWN_OF_PUSHED if name in parameters}
    if session is not None:
        # The page shall not offer to go on with the session that will not do.
        parameters["prompt"] = "login"
    return redirect(f"{page}?{urlencode(parameters | {asking.PARAMETER: mark})}")


def _back(destination: Destination, login_server: LoginServer, answer: dict[str, Any]) -> Response[None]:
    url = response_url(destination.redirect_uri, login_server.settings.issuer, answer)
    return redirect(url)


HANDLERS = [authorize, authorize_by_form]
