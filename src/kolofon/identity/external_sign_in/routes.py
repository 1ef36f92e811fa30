"""Leaving for a provider, and coming back from it."""

from typing import Any
from urllib.parse import urlencode

import structlog
from litestar import Response, get, post
from litestar.params import FromPath

from kolofon.identity import sentences
from kolofon.identity.external_sign_in import steps
from kolofon.identity.external_sign_in.account_links import come_back_to_account
from kolofon.identity.external_sign_in.buttons import REMEMBER
from kolofon.identity.external_sign_in.outgoing import GivenUp, ProviderDown, ProviderRefused
from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.external_sign_in.queries import Waiting
from kolofon.identity.external_sign_in.steps import Trouble
from kolofon.identity.external_sign_in.visits import ProviderVisit
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth.requests import form_parameters
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages.entries import without_parameter
from kolofon.identity.pages.form_tokens import browser_cookie, browser_of, form_token_fits
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.messages import message_page
from kolofon.identity.pages.steps import not_ours, start_page
from kolofon.identity.pages.visits import HttpRequest, query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import NotFound, TooManyRequests
from kolofon.platform.i18n import translations

_log = structlog.get_logger()
# What an answer may hold; Apple sends `user` with the first one.
_ANSWER = ("state", "code", "iss", "error", "user")
_LONGEST_ANSWER = 8000


@get("/external/{code:str}", operation_id="externalSignIn", include_in_schema=False)
async def leave(request: HttpRequest, login_server: UsesLoginServer, code: FromPath[str]) -> Response[Any]:
    """Send the browser to a provider, to come back to the page whose query this is."""
    visit = ProviderVisit(request, login_server, _waiting(request))
    if "login" in visit.entry.prompt:
        # The provider may let its own session do, which is no new sign-in.
        return redirect(f"{visit.waiting.prefix}/{visit.entry.page}?{visit.waiting.query}")
    provider = login_server.external.providers.find(code, visit.partner_code)
    if provider is None:
        raise NotFound(f"there is no provider {code} here")
    try:
        url = await login_server.external.begin(
            login_server.pool(), provider, visit.browser, visit.address, visit.waiting
        )
    except ProviderDown as problem:
        return _down(visit, provider, problem)
    except TooManyRequests:
        text = visit.text(sentences.TOO_OFTEN)
        return start_page(visit, {"": text}, 429)
    return redirect(url, cookies=[browser_cookie(login_server, visit.browser)])


@get("/external/{code:str}/callback", operation_id="externalSignInCallback", include_in_schema=False)
async def come_back(request: HttpRequest, login_server: UsesLoginServer, code: FromPath[str]) -> Response[Any]:
    """Take a provider's answer and sign the reader in."""
    answer = read_parameters(query_of(request), "")
    external = login_server.external
    browser = browser_of(request, login_server)
    waiting = await external.take_back(login_server.pool(), code, answer.get("state", ""), browser)
    if waiting is None:
        return _ended(request)
    if waiting.session_id is not None:
        return await come_back_to_account(request, login_server, code, waiting, answer)
    visit = ProviderVisit(request, login_server, waiting)
    provider = external.providers.find(code, visit.partner_code)
    if provider is None:
        raise NotFound(f"there is no provider {code} here")
    try:
        told = await external.told(provider, answer)
    except GivenUp:
        return steps.trouble_page(visit, provider, Trouble.GIVEN_UP)
    except ProviderDown as problem:
        return _down(visit, provider, problem)
    except ProviderRefused as problem:
        _log.warning("a provider's answer was not taken", provider=provider.code, problem=str(problem))
        return steps.trouble_page(visit, provider, Trouble.NOT_TOLD)
    return await steps.sign_in(visit, provider, told)


@post("/external/{code:str}/callback", operation_id="externalSignInCallbackByForm", include_in_schema=False)
async def come_back_by_form(request: HttpRequest, login_server: UsesLoginServer, code: FromPath[str]) -> Response[Any]:
    """The same from a form on the provider's site, as Apple has it.

    It comes without our cookie, which is SameSite=Lax; the redirect comes with it.
    """
    form = await form_parameters(request)
    members = {name: form[name] for name in _ANSWER if name in form}
    if "user" in members:
        members["user"] = login_server.external.hidden(members["user"])
    answer = urlencode(members)
    if len(answer) > _LONGEST_ANSWER:
        return _ended(request)
    path = f"{prefix_of(request)}/external/{urlencode({'': code})[1:]}/callback"
    return redirect(f"{login_server.settings.public_url}{path}?{answer}", status=303)


@get("/externalConfirm", operation_id="externalConfirmPage", include_in_schema=False)
async def start_again(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Where a page of the proof is opened anew, the sign-in begins anew."""
    visit = ProviderVisit(request, login_server, _waiting(request))
    return redirect(f"{visit.waiting.prefix}/{visit.entry.page}?{visit.waiting.query}")


@post("/externalConfirm", operation_id="externalConfirmForm", include_in_schema=False, status_code=200)
async def confirm(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Take a form of the proof."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    visit = ProviderVisit(request, login_server, _waiting(request), form)
    if not form_token_fits(request, login_server, form.get("form_token", "")):
        return not_ours(visit)
    return await steps.take_form(visit)


def _waiting(request: HttpRequest) -> Waiting:
    """What a request says itself of the page that it came from."""
    query = query_of(request)
    parameters = read_parameters(query, "")
    return Waiting(
        page="oauthLogin" if "client_id" in parameters else "login",
        prefix=prefix_of(request),
        query=without_parameter(query, REMEMBER),
        language=chosen_language(request),
        remember=parameters.get(REMEMBER) == "true",
    )


def _down(visit: ProviderVisit, provider: Provider, problem: ProviderDown) -> Response[Any]:
    _log.warning("a provider cannot be used", provider=provider.code, problem=str(problem))
    return steps.trouble_page(visit, provider, Trouble.DOWN, 502)


def _ended(request: HttpRequest) -> Response[Any]:
    gettext = translations(chosen_language(request)).gettext
    text = gettext(
        "It took more than ten minutes, was begun in another browser, or is done already. "
        "Please go back to the newspaper and sign in again."
    )
    return message_page(request, gettext("This sign-in has ended"), text, 400, query="")


HANDLERS = [leave, come_back, come_back_by_form, start_again, confirm]
