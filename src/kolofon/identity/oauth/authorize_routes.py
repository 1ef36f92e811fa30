"""The authorization endpoint: from a browser to its client with a code, by way of the sign-in page if need be."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post

from kolofon.identity.consent.forms import Answer, Decision, read_answer
from kolofon.identity.consent.pages import consent_page, too_late_page
from kolofon.identity.consent.service import has_consent
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
from kolofon.identity.pages.entries import DECLINED, SECOND_FACTOR
from kolofon.identity.pages.form_tokens import browser_of, form_token_fits
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session, hold_session
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
    lang: str | None = None
    status: int = 302

    @property
    def is_second_factor_declined(self) -> bool:
        """Whether the reader was asked for a second factor, and will not show one."""
        return self.parameters.get(SECOND_FACTOR) == DECLINED

    def is_chosen(self, login_server: LoginServer, session: Session | None) -> bool:
        """Whether the reader was asked whose session it shall be, and has said: this one."""
        if self.asked is None or session is None:
            return False
        return asking.is_chosen(login_server.asking_key, self.parameters, session.session_id)


@get("/oauth/authorize", operation_id="authorize", include_in_schema=False)
async def authorize(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Send a signed-in browser back to its client with a code, any other to the sign-in page first."""
    return await _answer(request, login_server, await _read_coming(request, login_server), None)


@post("/oauth/consent", operation_id="consentForm", include_in_schema=False, status_code=200)
async def take_consent(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """The reader's answer to the consent page, whose request is sealed into it; everything is looked at anew."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    now, browser = login_server.clock.now(), browser_of(request, login_server)
    answer = read_answer(login_server.consent_key, form.get("flow", ""), form.get("action", ""), browser, now)
    if answer is None or not form_token_fits(request, login_server, form.get("form_token", "")):
        return too_late_page(request)
    parameters = answer.form.parameters
    coming = _Coming(
        parameters=parameters,
        is_pushed=answer.form.is_pushed,
        asked=asking.read_mark(login_server.asking_key, parameters, now),
        session_id=request.cookies.get(login_server.sessions.cookie_name),
        query=urlencode(parameters),
        prefix=prefix_of(request),
        lang=form.get("lang"),
        # The browser shall not send the form on.
        status=303,
    )
    return await _answer(request, login_server, coming, answer)


async def _answer(
    request: HttpRequest, login_server: LoginServer, coming: _Coming, consent: Answer | None
) -> Response[Any]:
    destination = read_destination(login_server.catalogue.current, coming.parameters)
    now = login_server.clock.now()
    try:
        _refuse_unpushed(destination, coming)
        authorization = read_request(
            destination,
            coming.parameters,
            lambda text: read_hint(text, login_server.keys, login_server.settings.issuer, now),
        )
        session = await login_server.sessions.visit(login_server.pool(), coming.session_id)
        step = await _next_step(login_server, authorization, coming, session)
        pressed = consent.decision_of(session, authorization.asked_scopes) if consent is not None else None
        if pressed is Decision.DENY:
            raise OAuthError("access_denied", "the reader does not allow it")
        if pressed is Decision.OTHER_ACCOUNT:
            return _ask(login_server, authorization, coming, session, Step.ASK, anew=True)
        if step is Step.SECOND_FACTOR:
            return _ask_for_second_factor(login_server, authorization, coming)
        if step is not Step.ANSWER or session is None:
            return _ask(login_server, authorization, coming, session, step)
        given = await _issue_code(login_server, authorization, session, coming, consent)
        if given is Step.CONSENT:
            asked = coming.parameters, coming.is_pushed, authorization.asked_scopes
            return consent_page(request, login_server, destination.client, session, asked, coming.lang)
        if isinstance(given, Step):
            return _ask(login_server, authorization, coming, session, given)
        answer: dict[str, str | None] = {"code": given}
    except OAuthError as error:
        answer = {"error": error.code, "error_description": error.description}
    url = response_url(
        destination.redirect_uri, login_server.settings.issuer, answer | {"state": coming.parameters.get("state")}
    )
    return redirect(url, coming.status)


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
        names = (asking.PARAMETER, asking.CHOICE, SECOND_FACTOR)
        marks = {name: parameters[name] for name in names if name in parameters}
        parameters, is_pushed = asked.pushed | marks, True
    elif rfc9126.is_pushed(parameters):
        async with login_server.pool().acquire() as connection:
            pushed = await rfc9126.take(connection, parameters, now)
        if pushed is None:
            # Nothing else of the request is to be trusted, so it is not known where to send the browser.
            raise InvalidRequest("request_uri: unknown, used, expired or another client's")
        # A mark beside it is that of another request.
        parameters, is_pushed, asked = pushed, True, None
    return _Coming(
        parameters=parameters,
        is_pushed=is_pushed,
        asked=asked,
        session_id=request.cookies.get(login_server.sessions.cookie_name),
        query=query,
        prefix=prefix_of(request),
    )


async def _next_step(
    login_server: LoginServer, authorization: AuthorizationRequest, coming: _Coming, session: Session | None
) -> Step:
    """What OpenID Connect says comes next, and after that what the partner wants of its staff."""
    wanted, is_declined = authorization.wanted, coming.is_second_factor_declined
    is_chosen = coming.is_chosen(login_server, session)
    step = next_step(wanted, session, coming.asked, login_server.clock.now(), is_chosen, is_declined)
    if session is None and is_declined:
        raise OAuthError("access_denied", "the reader did not show a second factor")
    if step is not Step.ANSWER or session is None:
        return step
    if not await login_server.lacks_second_factor(authorization.destination.client, session):
        return step
    if wanted.quiet:
        raise OAuthError("login_required", "the reader would have to show a second factor")
    if is_declined:
        raise OAuthError("access_denied", "the reader did not show a second factor")
    return Step.SECOND_FACTOR


def _refuse_unpushed(destination: Destination, coming: _Coming) -> None:
    if destination.client.require_pushed_requests and not coming.is_pushed:
        raise OAuthError("invalid_request", "this client has to push its requests (RFC 9126)")


async def _issue_code(
    login_server: LoginServer,
    authorization: AuthorizationRequest,
    session: Session,
    coming: _Coming,
    consent: Answer | None,
) -> str | Step:
    """A code, or the step that is missing.

    The sign-in that was asked for may have led to a code before: what is asked for again is new.
    """
    now = login_server.clock.now()
    async with login_server.pool().acquire() as connection, connection.transaction():
        # Who ends the session at this moment waits for the grant, to revoke it as well.
        if not await hold_session(connection, hash_secret(coming.session_id or ""), now):
            if authorization.wanted.quiet:
                raise OAuthError("login_required", "the reader would have to sign in")
            return Step.ASK
        if not await has_consent(connection, authorization, session, consent, now):
            if authorization.wanted.quiet:
                raise OAuthError("consent_required", "the reader would have to be asked")
            return Step.CONSENT
        if coming.asked is not None:
            used_hash = asking.mark_hash(coming.parameters[asking.PARAMETER])
            if not await queries.use_once(connection, used_hash, coming.asked.at + asking.KEPT):
                if authorization.wanted.quiet:
                    raise OAuthError("login_required", "the reader would have to sign in")
                if coming.is_pushed:
                    raise OAuthError("invalid_request_uri", "the pushed request has been used")
                return Step.ASK
        return await issue_code(connection, authorization, session, now)


def _ask(
    login_server: LoginServer,
    authorization: AuthorizationRequest,
    coming: _Coming,
    session: Session | None,
    step: Step,
    anew: bool = False,
) -> Response[None]:
    page = f"{login_server.settings.public_url}{coming.prefix}/oauthLogin"
    wanted, asked = authorization.wanted, coming.asked
    if not (coming.is_pushed or asked is not None or wanted.is_particular or anew):
        return redirect(f"{page}?{coming.query}", coming.status)
    parameters = {
        name: value
        for name, value in coming.parameters.items()
        if name not in {asking.PARAMETER, asking.CHOICE, SECOND_FACTOR}
    }
    must_choose = wanted.choose or (asked is not None and asked.choose)
    must_be_new = wanted.again or (asked is not None and asked.anew) or (session is not None and step is Step.ASK)
    mark = asking.new_mark(
        login_server.asking_key, parameters, must_be_new, coming.is_pushed, login_server.clock.now(), must_choose
    )
    if coming.is_pushed:
        parameters = {name: parameters[name] for name in _SHOWN_OF_PUSHED if name in parameters}
    if session is not None:
        # The page shall not offer to go on with a session that will not do.
        prompt = "select_account" if step is Step.CHOOSE else "login"
        parameters["prompt"] = f"{prompt} consent" if wanted.consent else prompt
    return redirect(f"{page}?{urlencode(parameters | {asking.PARAMETER: mark})}", coming.status)


def _ask_for_second_factor(
    login_server: LoginServer, authorization: AuthorizationRequest, coming: _Coming
) -> Response[None]:
    """To the page that asks for it of who is signed in. What the mark asked for has been answered, so it stays."""
    parameters = {name: value for name, value in coming.parameters.items() if name not in {SECOND_FACTOR, "prompt"}}
    if coming.is_pushed:
        names = (*_SHOWN_OF_PUSHED, asking.PARAMETER, asking.CHOICE)
        shown = {name: parameters[name] for name in names if name in parameters}
        if coming.asked is None:
            key, now = login_server.asking_key, login_server.clock.now()
            shown[asking.PARAMETER] = asking.new_mark(key, coming.parameters, False, True, now)
        parameters = shown
    if authorization.wanted.consent:
        parameters["prompt"] = "consent"
    is_wish = authorization.wanted.acr_values is None and bool(authorization.wanted.wished_acr_values)
    parameters[SECOND_FACTOR] = "wished" if is_wish else "required"
    page = f"{login_server.settings.public_url}{coming.prefix}/oauthLogin"
    return redirect(f"{page}?{urlencode(parameters)}", coming.status)


HANDLERS = [authorize, authorize_by_form, take_consent]
