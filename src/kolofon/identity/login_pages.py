"""Where the login server's endpoints are mounted."""

from litestar import Request, Response, Router, get
from litestar.datastructures import State

from kolofon.identity.account import routes as account
from kolofon.identity.device import routes as device
from kolofon.identity.external_sign_in import routes as external
from kolofon.identity.fulfillment import routes as fulfillment
from kolofon.identity.login_links import routes as login_links
from kolofon.identity.login_server import UsesLoginServer
from kolofon.identity.oauth import authorize_routes as authorize
from kolofon.identity.oauth import rfc8414
from kolofon.identity.oauth import routes as oauth
from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.identity.openid import discovery
from kolofon.identity.openid import routes as openid
from kolofon.identity.pages import routes as pages
from kolofon.identity.prefixes import PREFIXES
from kolofon.platform.errors import ApiError, InvalidRequest


def routers() -> list[Router]:
    """The login server under each of its prefixes, and its metadata where RFC 8414 looks for it."""
    return [
        *(router for prefix in PREFIXES for router in _routers_at(prefix)),
        Router("/", route_handlers=[well_known_metadata]),
    ]


def _routers_at(prefix: str) -> list[Router]:
    protocol = Router(
        prefix,
        route_handlers=[*oauth.PROTOCOL, *openid.PROTOCOL, *device.PROTOCOL],
        exception_handlers={OAuthError: _answer_oauth_error},
    )
    for_people = Router(
        prefix,
        route_handlers=[
            *authorize.HANDLERS,
            *openid.FOR_BROWSERS,
            *device.FOR_BROWSERS,
            *external.HANDLERS,
            *pages.HANDLERS,
            *account.HANDLERS,
            *fulfillment.HANDLERS,
            *login_links.HANDLERS,
        ],
        exception_handlers={OAuthError: _show_oauth_error, ApiError: _show_error},
    )
    return [protocol, for_people]


@get([rfc8414.WELL_KNOWN, f"{rfc8414.WELL_KNOWN}/user"], include_in_schema=False)
async def well_known_metadata(login_server: UsesLoginServer) -> dict[str, object]:
    """What this server can do (RFC 8414, section 3: the issuer's path comes after the well-known one)."""
    return discovery.metadata(login_server.settings.issuer, login_server.keys, login_server.clock.now())


def _answer_oauth_error(_request: Request[None, None, State], error: OAuthError) -> Response[dict[str, str]]:
    return oauth.oauth_error_response(error)


def _show_oauth_error(request: Request[None, None, State], error: OAuthError) -> Response[str]:
    return pages.refused_page(request, InvalidRequest(error.description))


def _show_error(request: Request[None, None, State], error: ApiError) -> Response[str]:
    return pages.refused_page(request, error)
