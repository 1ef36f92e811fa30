"""A browser that comes back from a provider which is to be linked: the account page goes on from there."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import structlog
from litestar import Response

from kolofon.identity.external_sign_in.outgoing import GivenUp, ProviderDown, ProviderRefused
from kolofon.identity.external_sign_in.queries import Waiting
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.visits import HttpRequest
from kolofon.identity.redirects import redirect

_log = structlog.get_logger()
# The page that was left, and the one below it that asks whether to link what the provider told.
ASKING = "/link"
HANDOVER = "handover"
PROBLEM = "problem"
Problem = Literal["ended", "given up", "not told", "down"]


async def come_back_to_account(
    request: HttpRequest, login_server: LoginServer, code: str, waiting: Waiting, answer: Mapping[str, str]
) -> Response[Any]:
    """Take a provider's answer to the account page. Nothing is linked here: the reader is asked first, by a form.

    A browser that was signed in at the provider as somebody else, without the reader knowing, would otherwise open
    the account to that one.
    """
    external = login_server.external
    provider = external.providers.get(code)
    secret = request.cookies.get(login_server.sessions.cookie_name)
    session = await login_server.sessions.visit(login_server.pool(), secret)
    if provider is None or session is None or session.session_id != waiting.session_id:
        return _back(waiting, provider=code, problem="ended")
    try:
        told = await external.told(provider, answer)
    except GivenUp:
        return _back(waiting, provider=code, problem="given up")
    except ProviderDown as problem:
        _log.warning("a provider cannot be used", provider=code, problem=str(problem))
        return _back(waiting, provider=code, problem="down")
    except ProviderRefused as problem:
        _log.warning("a provider's answer was not taken", provider=code, problem=str(problem))
        return _back(waiting, provider=code, problem="not told")
    browser = browser_of(request, login_server)
    handover = await external.hand_over(login_server.pool(), provider, browser, waiting, told)
    return _to(waiting, ASKING, {HANDOVER: handover})


def _back(waiting: Waiting, provider: str, problem: Problem) -> Response[Any]:
    return _to(waiting, "", {"provider": provider, PROBLEM: problem})


def _to(waiting: Waiting, path: str, parameters: dict[str, str]) -> Response[Any]:
    kept = f"{waiting.query}&" if waiting.query else ""
    return redirect(f"{waiting.prefix}/{waiting.page}{path}?{kept}{urlencode(parameters)}", 303)
