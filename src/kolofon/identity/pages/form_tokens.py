"""Proof that a form came from our page in this browser: another site can neither read nor make it."""

import hmac
from hashlib import sha256

from litestar import Request
from litestar.datastructures import Cookie, State

from kolofon.identity.login_server import LoginServer
from kolofon.platform.ids import new_secret


def is_secure(login_server: LoginServer) -> bool:
    """Whether browsers reach this server by https."""
    return login_server.settings.public_url.startswith("https://")


def browser_of(request: Request[None, None, State], login_server: LoginServer) -> str:
    """What this browser's own cookie holds; a new value when it has none."""
    return request.cookies.get(_cookie_name(login_server)) or new_secret()


def form_token(login_server: LoginServer, browser: str) -> str:
    """The token of this browser's forms."""
    return hmac.new(login_server.form_key, browser.encode(), sha256).hexdigest()


def form_token_fits(request: Request[None, None, State], login_server: LoginServer, presented: str) -> bool:
    """Whether a form is this browser's."""
    browser = request.cookies.get(_cookie_name(login_server))
    # As bytes: compare_digest refuses text that is not ASCII, and anything may be presented.
    return browser is not None and hmac.compare_digest(form_token(login_server, browser).encode(), presented.encode())


def browser_cookie(login_server: LoginServer, browser: str) -> Cookie:
    """The cookie that tells browsers apart."""
    secure = is_secure(login_server)
    return Cookie(_cookie_name(login_server), value=browser, path="/", httponly=True, samesite="lax", secure=secure)


def _cookie_name(login_server: LoginServer) -> str:
    # Without __Host- a neighbouring subdomain could plant a cookie whose form token it knows.
    return "__Host-kolofon_form" if is_secure(login_server) else "kolofon_form"
