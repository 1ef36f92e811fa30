"""The address that completes an order, its older name, and where the browser comes back to after a payment."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from kolofon.identity.fulfillment.pages import COME_BACK, FulfillmentPage
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth.rfc6749 import read_parameters
from kolofon.identity.pages.form_tokens import form_token_fits
from kolofon.identity.pages.visits import HttpRequest

_PATHS = ("fulfillment", "order")


def _handlers_of(path: str) -> list[HTTPRouteHandler]:
    @get(f"/{path}", operation_id=f"{path}Page", include_in_schema=False)
    async def show(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        return await FulfillmentPage(request, login_server, path, {}).open()

    @post(f"/{path}", operation_id=f"{path}Form", include_in_schema=False, status_code=200)
    async def take(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        form = read_parameters("", (await request.body()).decode("utf-8", "replace"))
        if not form_token_fits(request, login_server, form.get("form_token", "")):
            # The question is asked again: the answer did not come from our page in this browser.
            form = {}
        return await FulfillmentPage(request, login_server, path, form).open()

    return [show, take]


@get(f"/{COME_BACK}", operation_id="fulfillmentPaid", include_in_schema=False)
async def paid(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
    """Where a payment provider sends the browser back to."""
    return await FulfillmentPage(request, login_server, _PATHS[0], {}).come_back()


HANDLERS = [*(handler for path in _PATHS for handler in _handlers_of(path)), paid]
