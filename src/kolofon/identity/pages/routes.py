"""The pages that a browser sees and the two addresses that it only passes through."""

from importlib.resources import files
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages import signing_in
from kolofon.identity.pages.entries import Entry, Page, read_entry
from kolofon.identity.pages.form_tokens import form_token_fits
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.messages import message_page
from kolofon.identity.pages.passing import login_check, logout
from kolofon.identity.pages.recalling import recall
from kolofon.identity.pages.steps import not_ours, start_page, take_form
from kolofon.identity.pages.visits import HttpRequest, Visit, query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import ApiError
from kolofon.platform.i18n import translations

_STYLE = (files("kolofon.identity.pages") / "static" / "pages.css").read_bytes()
_SCRIPT = (files("kolofon.identity.pages") / "static" / "passkeys.js").read_bytes()
_PAGES: tuple[Page, ...] = ("oauthLogin", "login", "createUser", "register", "forgottenPassword")


def _handlers_of(name: Page) -> list[HTTPRouteHandler]:
    """A page shown by GET, which changes nothing but who is remembered, and its forms taken by POST."""

    @get(f"/{name}", operation_id=f"{name}Page", include_in_schema=False)
    async def show(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        return await _open(request, login_server, name)

    @post(f"/{name}", operation_id=f"{name}Form", include_in_schema=False, status_code=200)
    async def take(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        entry = _entry(request, login_server, name)
        form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
        visit = Visit(request, login_server, entry, form)
        if not form_token_fits(request, login_server, form.get("form_token", "")):
            return not_ours(visit)
        return await take_form(visit)

    return [show, take]


async def _open(request: HttpRequest, login_server: LoginServer, name: Page) -> Response[Any]:
    """Go on with who is signed in or remembered, unless the page was opened for somebody else or a new sign-in."""
    entry = _entry(request, login_server, name)
    visit = Visit(request, login_server, entry)
    if name == "forgottenPassword":
        return start_page(visit)
    session = await login_server.sessions.visit(login_server.pool(), visit.session_id)
    if session is None and not entry.prompt:
        cookies = await recall(request, login_server, entry.client.client_id, entry.is_for)
        if cookies is not None:
            return redirect(entry.done_url, cookies=cookies)
    if session is not None and signing_in.may_step_up(visit, session):
        asking = await signing_in.step_up(visit, session)
        if asking is not None:
            return asking
    if session is not None and entry.is_for(session.credential):
        if not entry.is_authorization and not entry.prompt:
            return redirect(entry.done_url)
        if "login" in entry.prompt:
            return start_page(visit, username=session.credential)
        if "select_account" in entry.prompt:
            return visit.show("signed_in.html", credential=session.credential)
    return start_page(visit, signed_in_as=session.credential if session is not None else "")


@get("/static/pages.css", operation_id="pageStyle", include_in_schema=False)
async def style() -> Response[bytes]:
    """The pages' style sheet."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@get("/static/passkeys.js", operation_id="passkeyScript", include_in_schema=False)
async def script() -> Response[bytes]:
    """The one script of the pages."""
    return Response(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def refused_page(request: HttpRequest, error: ApiError) -> Response[Any]:
    """What a person sees when the page that sent them here asked for something impossible."""
    gettext = translations(chosen_language(request)).gettext
    text = gettext(
        "The page that sent you here asked for something that cannot be done. "
        "Please go back and try again, or tell the newspaper's customer service."
    )
    heading = gettext("This link does not work")
    return message_page(request, heading, text, error.status, detail=error.message, query=query_of(request))


def _entry(request: HttpRequest, login_server: LoginServer, name: Page) -> Entry:
    catalogue, public_url = login_server.catalogue.current, login_server.settings.public_url
    return read_entry(catalogue, name, query_of(request), public_url, prefix_of(request))


HANDLERS = [*(handler for name in _PAGES for handler in _handlers_of(name)), login_check, logout, style, script]
