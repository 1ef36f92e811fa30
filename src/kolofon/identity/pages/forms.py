"""A page with a form: proof of where it came from, the client's name and pictures, the languages it can be had in."""

from typing import Any

import msgspec
from litestar import Response

from kolofon.catalogue.memory import Client
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.entries import with_parameter
from kolofon.identity.pages.form_tokens import browser_cookie, form_token, is_secure
from kolofon.identity.pages.language import NAMES, language_cookie
from kolofon.identity.pages.rendering import page
from kolofon.platform.i18n import LANGUAGES


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who sees a page: the browser, the language, whether that was chosen just now, and where the pages begin."""

    server: LoginServer
    browser: str
    language: str
    chose_language: bool
    base: str


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """Where a form is sent (`path` below the base, and `query`), what it carries, and what is wrong with it.

    `address` is the query of the page itself, to have it in another language by. `target` is where the answer to the
    form may redirect to besides this server. Errors are by field; '' is one of the whole form.
    """

    path: str
    query: str = ""
    address: str = ""
    flow: str = ""
    target: str | None = None
    cancel_url: str | None = None
    errors: dict[str, str] = {}


def form_page(
    template: str, viewer: Viewer, client: Client | None, form: Form, status: int = 200, **values: Any
) -> Response[Any]:
    """The page, with the cookies that its form needs. `client_name` may stand for a client that is not known."""
    names = {"client_name": client.name if client is not None else ""}
    answer = page(
        template,
        viewer.language,
        status=status,
        form_target=form.target,
        base=viewer.base,
        languages=language_links(form.address, viewer.language),
        page=form.path,
        query=form.query,
        flow=form.flow,
        cancel_url=form.cancel_url,
        errors=form.errors,
        logo_url=client.logo_url if client is not None else None,
        background_url=client.background_url if client is not None else None,
        form_token=form_token(viewer.server, viewer.browser),
        **(names | values),
    )
    answer.set_cookie(browser_cookie(viewer.server, viewer.browser))
    if viewer.chose_language:
        answer.set_cookie(language_cookie(viewer.language, is_secure(viewer.server)))
    return answer


def language_links(query: str, current: str) -> list[dict[str, Any]]:
    """The languages that a page can be had in, each with the query that chooses it."""
    return [
        {"code": code, "name": NAMES[code], "query": with_parameter(query, "lang", code), "current": code == current}
        for code in LANGUAGES
    ]
