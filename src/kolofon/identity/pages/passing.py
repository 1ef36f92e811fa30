"""The addresses that a browser only passes through: is somebody signed in, and signing out. They never ask anything."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get

from kolofon.engine.return_urls import checked_return_url
from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth.rfc6749 import OAuthError, read_parameters
from kolofon.identity.pages.entries import Site, read_credential, read_site
from kolofon.identity.pages.recalling import recall
from kolofon.identity.pages.signing_out import sign_out
from kolofon.identity.pages.visits import HttpRequest, query_of
from kolofon.identity.redirects import redirect
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.errors import InvalidRequest


@get("/loginCheck", operation_id="loginCheck", include_in_schema=False)
async def login_check(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Send a signed-in or remembered browser to returnUrl, any other to errorUrl."""
    try:
        parameters = read_parameters(query_of(request), "")
        site = read_site(login_server.catalogue.current, parameters, login_server.settings.public_url)
    except (OAuthError, InvalidRequest) as error:
        # Scripts come here too, so what is wrong is told in plain text and never in a page.
        return Response(str(error), status_code=400, media_type="text/plain", headers={"Cache-Control": "no-store"})
    wanted = _normalised(read_credential(parameters))
    answer = await _checked(request, login_server, site, wanted)
    for name, value in _for_scripts(request, site).items():
        answer.headers[name] = value
    return answer


async def _checked(request: HttpRequest, login_server: LoginServer, site: Site, wanted: str | None) -> Response[None]:
    def is_wanted(credential: str) -> bool:
        return wanted is None or credential == wanted

    session_id = request.cookies.get(login_server.sessions.cookie_name)
    session = await login_server.sessions.visit(login_server.pool(), session_id)
    if session is not None:
        will_do = is_wanted(session.credential) and not await login_server.lacks_second_factor(site.client, session)
        return redirect(site.return_url if will_do else site.error_url)
    cookies = await recall(request, login_server, site.client.client_id, is_wanted)
    return redirect(site.error_url) if cookies is None else redirect(site.return_url, cookies=cookies)


@get("/logout", operation_id="logout", include_in_schema=False)
async def logout(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """End the session and every remember-me login of this browser, and go back.

    Another site can send a browser here, as it could in the original: that annoys, and gives nothing away.
    """
    parameters = read_parameters(query_of(request), "")
    site = read_site(login_server.catalogue.current, parameters, login_server.settings.public_url)
    return redirect(site.return_url, cookies=await sign_out(request, login_server))


def _normalised(credential: str) -> str | None:
    """The credential that is asked for; one that nobody can have stays as it is and fits nobody."""
    try:
        return normalised_credential(credential)[0] if credential else None
    except InvalidRequest:
        return credential


def _for_scripts(request: HttpRequest, site: Site) -> dict[str, str]:
    """Lets a script of the client's own hosts see where the redirect leads (CORS)."""
    origin = request.headers.get("origin")
    headers = {"Vary": "Origin"}
    if origin is None or not _is_bare_origin(origin):
        return headers
    try:
        checked_return_url(site.client, "Origin", origin)
    except InvalidRequest:
        return headers
    return headers | {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


def _is_bare_origin(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return not (parts.path or parts.query or parts.fragment)
