"""The account pages' addresses: each page is shown by GET, and takes its forms by POST."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from kolofon.identity import sentences
from kolofon.identity.account import credentials, devices, overview, password, providers, security, sign_ins, sites
from kolofon.identity.account.gate import AccountVisit, open_page
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.pages.visits import HttpRequest
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.errors import TooManyRequests

_PER_READER = Limits(per_second=20, per_minute=60)
_Step = Callable[[AccountVisit], Awaitable[Response[Any]]]
_Show = Callable[..., Awaitable[Response[Any]]]


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    name: str
    show: _Show
    actions: Mapping[str, _Step] = {}
    fresh: bool = False  # only for who has signed in just now


_PAGES = (
    _Page(path="", name="account", show=overview.show),
    _Page(path="/name", name="accountName", show=overview.show_name, actions=overview.NAME_ACTIONS),
    _Page(
        path=credentials.PATH,
        name="accountCredentials",
        show=credentials.show,
        actions=credentials.ACTIONS,
        fresh=True,
    ),
    _Page(path=password.PATH, name="accountPassword", show=password.show, actions=password.ACTIONS),
    _Page(path=security.PATH, name="accountSecurity", show=security.show, actions=security.ACTIONS, fresh=True),
    _Page(
        path=security.APP_PATH,
        name="accountApp",
        show=security.show_app,
        actions=security.APP_ACTIONS,
        fresh=True,
    ),
    _Page(
        path=security.PASSKEY_PATH,
        name="accountPasskey",
        show=security.show_passkey,
        actions=security.PASSKEY_ACTIONS,
        fresh=True,
    ),
    _Page(path=providers.PATH, name="accountProviders", show=providers.show, actions=providers.ACTIONS, fresh=True),
    _Page(path=providers.LEAVE_PATH, name="accountProviderLeave", show=providers.leave),
    _Page(
        path=providers.LINK_PATH,
        name="accountProviderLink",
        show=providers.show_link,
        actions=providers.LINK_ACTIONS,
    ),
    _Page(path=devices.PATH, name="accountSessions", show=devices.show, actions=devices.ACTIONS),
    _Page(path=sites.PATH, name="accountSites", show=sites.show, actions=sites.ACTIONS),
    _Page(path=sign_ins.PATH, name="accountSignIns", show=sign_ins.show),
)


def _handlers_of(page: _Page) -> list[HTTPRouteHandler]:
    @get(f"/account{page.path}", operation_id=f"{page.name}Page", include_in_schema=False)
    async def show(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        visit = await open_page(request, login_server, page.fresh)
        return await page.show(visit) if isinstance(visit, AccountVisit) else visit

    @post(f"/account{page.path}", operation_id=f"{page.name}Form", include_in_schema=False, status_code=200)
    async def take(request: HttpRequest, login_server: UsesLoginServer) -> Response[Any]:
        visit = await open_page(request, login_server, page.fresh)
        if not isinstance(visit, AccountVisit):
            return visit
        return await _take(page, visit)

    return [show, take]


async def _take(page: _Page, visit: AccountVisit) -> Response[Any]:
    step = page.actions.get(visit.form.get("action", ""))
    if step is None:
        return await page.show(visit)
    try:
        # Most forms write into the audit log, which nobody sweeps.
        await Throttle(visit.server.limiter).take(f"account forms {visit.session.unique_id.hex}", _PER_READER)
        return await step(visit)
    except TooManyRequests as refused:
        text = visit.text(sentences.too_often(refused))
        if page.path == credentials.PATH:
            return await credentials.too_often(visit, text)
        return await page.show(visit, {"": text}, 429)


HANDLERS = [handler for page in _PAGES for handler in _handlers_of(page)]
