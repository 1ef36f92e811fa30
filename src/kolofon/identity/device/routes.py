"""Where a device asks for its codes, and where a reader types one of them in a browser."""

from typing import Any

from litestar import Response, get, post

from kolofon.identity.device.pages import DevicePage
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth.requests import HttpRequest, authenticated_client, form_parameters
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.origins import address_of
from kolofon.identity.pages.form_tokens import form_token_fits
from kolofon.identity.pages.visits import query_of


@post("/oauth/device_authorization", operation_id="deviceAuthorization", include_in_schema=False, status_code=200)
async def device_authorization(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """The codes for a device that wants to sign somebody in (RFC 8628, section 3.1)."""
    parameters = await form_parameters(request)
    client = await authenticated_client(request, login_server, parameters)
    await login_server.devices.throttle_requests(address_of(request))
    async with login_server.pool().acquire() as connection, connection.transaction():
        answer = await login_server.devices.begin(connection, client, parameters.get("scope"))
    return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@get("/device", operation_id="devicePage", include_in_schema=False)
async def device_page(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Ask for the code, or, when this browser has typed it, whether the device may sign in."""
    parameters = read_parameters(query_of(request), "")
    page = DevicePage(request, login_server)
    if "ask" in parameters:
        return await page.ask(parameters["ask"])
    return page.start(parameters.get("user_code", ""))


@post("/device", operation_id="deviceForm", include_in_schema=False, status_code=200)
async def device_form(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """The code, or the reader's word."""
    form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
    page = DevicePage(request, login_server)
    if not form_token_fits(request, login_server, form.get("form_token", "")):
        return page.too_late(form.get("user_code", ""))
    if form.get("action") in {"yes", "no"}:
        return await page.answer(form.get("ask", ""), permitted=form["action"] == "yes")
    return await page.enter(form.get("user_code", ""))


PROTOCOL = [device_authorization]
FOR_BROWSERS = [device_page, device_form]
