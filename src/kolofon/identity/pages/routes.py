"""The sign-in page that an authorization request leads to."""

import hmac
from hashlib import sha256
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State

from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth.authorization import Destination, read_destination
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages.rendering import page
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import ApiError, TooManyRequests
from kolofon.platform.i18n import preferred_language, translations
from kolofon.platform.ids import new_secret

HttpRequest = Request[None, None, State]
_STYLE = (files("kolofon.identity.pages") / "static" / "pages.css").read_bytes()


@get("/oauthLogin", operation_id="signInPage", include_in_schema=False)
async def show_sign_in(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Ask for credential and password; the query is that of the authorization request."""
    return _sign_in_page(request, login_server)


@post("/oauthLogin", operation_id="signIn", include_in_schema=False, status_code=200)
async def sign_in(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Sign in and go back to the authorization request, or show the page again with what was wrong."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    username = form.get("j_username", "")
    if not _form_token_fits(request, login_server, form.get("form_token", "")):
        return _sign_in_page(request, login_server, "The page was open for too long. Please try again.", username, 400)
    address = request.client.host if request.client is not None else "unknown"
    try:
        session_id = await login_server.sessions.sign_in(
            login_server.pool(), username, form.get("j_password", ""), address
        )
    except TooManyRequests:
        text = "Too many attempts. Please wait a minute and try again."
        return _sign_in_page(request, login_server, text, username, 429)
    if session_id is None:
        text = "The e-mail or number and the password do not match. Please try again."
        return _sign_in_page(request, login_server, text, username, 400)
    url = f"{login_server.settings.public_url}{prefix_of(request)}/oauth/authorize?{_query(request)}"
    return redirect(url, status=303, cookie=login_server.sessions.cookie(session_id))


@get("/static/pages.css", operation_id="pageStyle", include_in_schema=False)
async def style() -> Response[bytes]:
    """The pages' style sheet."""
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def refused_page(request: HttpRequest, error: ApiError) -> Response[Any]:
    """What a person sees when the page that sent them here asked for something impossible."""
    language = preferred_language(request.headers.get("accept-language", ""))
    gettext = translations(language).gettext
    return page(
        "message.html",
        language,
        status=error.status,
        base=prefix_of(request),
        heading=gettext("This link does not work"),
        text=gettext(
            "The page that sent you here asked for something that cannot be done. "
            "Please go back and try again, or tell the newspaper's customer service."
        ),
        detail=error.message,
    )


def _sign_in_page(
    request: HttpRequest, login_server: LoginServer, error: str | None = None, username: str = "", status: int = 200
) -> Response[Any]:
    destination = _destination(request, login_server)
    language = preferred_language(request.headers.get("accept-language", ""))
    cookie_name = _form_cookie_name(login_server)
    browser = request.cookies.get(cookie_name) or new_secret()
    answer = page(
        "sign_in.html",
        language,
        status=status,
        form_target=destination.redirect_uri,
        base=prefix_of(request),
        query=_query(request),
        client_name=destination.client.name,
        logo_url=destination.client.logo_url,
        form_token=_form_token(login_server, browser),
        error=translations(language).gettext(error) if error else None,
        username=username,
    )
    secure = _is_secure(login_server)
    answer.set_cookie(Cookie(cookie_name, value=browser, path="/", httponly=True, samesite="lax", secure=secure))
    return answer


def _destination(request: HttpRequest, login_server: LoginServer) -> Destination:
    return read_destination(login_server.catalogue.current, read_parameters(_query(request), ""))


def _query(request: HttpRequest) -> str:
    return request.scope["query_string"].decode("latin-1")


def _form_token(login_server: LoginServer, browser: str) -> str:
    """Proves that a form came from our page in this browser: another site can neither read nor make it."""
    return hmac.new(login_server.form_key, browser.encode(), sha256).hexdigest()


def _form_token_fits(request: HttpRequest, login_server: LoginServer, presented: str) -> bool:
    browser = request.cookies.get(_form_cookie_name(login_server))
    # As bytes: compare_digest refuses text that is not ASCII, and anything may be presented.
    return browser is not None and hmac.compare_digest(_form_token(login_server, browser).encode(), presented.encode())


def _is_secure(login_server: LoginServer) -> bool:
    return login_server.settings.public_url.startswith("https://")


def _form_cookie_name(login_server: LoginServer) -> str:
    # Without __Host- a neighbouring subdomain could plant a cookie whose form token it knows.
    return "__Host-kolofon_form" if _is_secure(login_server) else "kolofon_form"


HANDLERS = [show_sign_in, sign_in, style]
