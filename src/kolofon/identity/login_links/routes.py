"""The address of a link: opening it changes nothing, since mail programs open links before people do."""

from typing import Any

from litestar import Response, get, post

from kolofon.identity.login_links.pages import LinkPage
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages.form_tokens import form_token_fits
from kolofon.identity.pages.visits import HttpRequest, query_of


@get("/loginLink", operation_id="loginLinkPage", include_in_schema=False)
async def show_link(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Say whom the link signs in, and where."""
    page = LinkPage(request, login_server, read_parameters(query_of(request), "").get("token", ""))
    return await page.show()


@post("/loginLink", operation_id="loginLinkForm", include_in_schema=False, status_code=200)
async def take_link(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Sign in by the link."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    page = LinkPage(request, login_server, read_parameters(query_of(request), "").get("token", ""))
    if not form_token_fits(request, login_server, form.get("form_token", "")):
        return await page.show()
    return await page.use(form)


HANDLERS = [show_link, take_link]
