"""OpenID Connect's own endpoints: userinfo, and signing out on a client's behalf."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post

from kolofon.identity.login_server import LoginServer, UsesLoginServer
from kolofon.identity.oauth.requests import HttpRequest, form_parameters
from kolofon.identity.oauth.rfc6749 import OPENID, holds_scope, read_parameters
from kolofon.identity.openid import queries
from kolofon.identity.openid.id_token import read_hint
from kolofon.identity.openid.rp_initiated_logout import LogoutRequest, needs_asking, read_logout
from kolofon.identity.openid.userinfo import userinfo_claims
from kolofon.identity.pages.form_tokens import browser_of, form_token_fits
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.messages import message_page
from kolofon.identity.pages.signing_out import sign_out
from kolofon.identity.pages.visits import query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.redirects import redirect
from kolofon.platform.errors import InsufficientScope, InvalidRequest, InvalidToken
from kolofon.platform.i18n import translations


@get("/oauth/userinfo", operation_id="userinfo", include_in_schema=False)
async def userinfo(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """What the client may know of the reader (OpenID Connect Core, section 5.3)."""
    return await _userinfo(login_server, _bearer_token(request, {}))


@post("/oauth/userinfo", operation_id="userinfoByForm", include_in_schema=False, status_code=200)
async def userinfo_by_form(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """The same by POST; the token may stand in the form (RFC 6750, section 2.2)."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    return await _userinfo(login_server, _bearer_token(request, form))


@get("/oauth/logout", operation_id="endSession", include_in_schema=False)
async def end_session(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Sign the reader out and go back to the client; ask first when it cannot be known who wants it."""
    logout = _read_logout(request, login_server)
    session_id = request.cookies.get(login_server.sessions.cookie_name)
    session = await login_server.sessions.visit(login_server.pool(), session_id)
    is_remembered = bool(login_server.remember_me.names_in(request.cookies))
    if needs_asking(logout, session, is_remembered):
        return _asking_page(request, login_server, logout)
    return await _end(request, login_server, logout)


@post("/oauth/logout", operation_id="endSessionByForm", include_in_schema=False, status_code=200)
async def end_session_by_form(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """The reader's yes; or a client's form, which comes without our cookies: the redirect comes with them."""
    parameters = await form_parameters(request)
    if "form_token" not in parameters:
        url = f"{login_server.settings.public_url}{prefix_of(request)}/oauth/logout?{urlencode(parameters)}"
        return redirect(url, status=303)
    logout = _read_logout(request, login_server)
    if not form_token_fits(request, login_server, parameters["form_token"]):
        return _asking_page(request, login_server, logout, status=400)
    return await _end(request, login_server, logout)


async def _userinfo(login_server: LoginServer, token: str) -> Response[Any]:
    access, _ = await login_server.authenticate.read(token)
    if access.unique_id is None or access.grant_id is None or not holds_scope(access.scope, OPENID):
        raise InsufficientScope(f"the access token's scope lacks {OPENID}")
    async with login_server.pool().acquire() as connection:
        reader = await queries.find_reader(connection, access.unique_id, access.grant_id)
    if reader is None:
        raise InvalidToken("the account is closed")
    return Response(
        userinfo_claims(reader, access.scope), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _bearer_token(request: HttpRequest, form: dict[str, str]) -> str:
    scheme, _, in_header = request.headers.get("authorization", "").partition(" ")
    in_header = in_header.strip() if scheme.lower() == "bearer" else ""
    in_form = form.get("access_token", "")
    if in_header and in_form:
        raise InvalidRequest("access_token: in the header and in the form; expected one of them (RFC 6750)")
    if not in_header and not in_form:
        raise InvalidToken("no access token: expected the header Authorization: Bearer <access token>")
    return in_header or in_form


def _read_logout(request: HttpRequest, login_server: LoginServer) -> LogoutRequest:
    now = login_server.clock.now()
    return read_logout(
        login_server.catalogue.current,
        read_parameters(query_of(request), ""),
        lambda text: read_hint(text, login_server.keys, login_server.settings.issuer, now),
    )


async def _end(request: HttpRequest, login_server: LoginServer, logout: LogoutRequest) -> Response[Any]:
    cookies = await sign_out(request, login_server)
    if logout.done_url is not None:
        # 303: after the reader's yes the browser shall not send the form on to the client.
        return redirect(logout.done_url, status=303, cookies=cookies)
    gettext = translations(chosen_language(request)).gettext
    answer = message_page(
        request, gettext("You are signed out"), gettext("You can close this page."), query=query_of(request)
    )
    for cookie in cookies:
        answer.set_cookie(cookie)
    return answer


def _asking_page(
    request: HttpRequest, login_server: LoginServer, logout: LogoutRequest, status: int = 200
) -> Response[Any]:
    language = chosen_language(request)
    viewer = Viewer(
        server=login_server,
        browser=browser_of(request, login_server),
        language=language,
        chose_language=request.query_params.get("lang") == language,
        base=prefix_of(request),
    )
    query = query_of(request)
    form = Form(path="oauth/logout", query=query, address=query, target=logout.done_url)
    return form_page("sign_out.html", viewer, logout.client, form, status)


PROTOCOL = [userinfo, userinfo_by_form]
FOR_BROWSERS = [end_session, end_session_by_form]
