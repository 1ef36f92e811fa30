"""The mailbox page. Whoever reaches it reads everybody's codes, so production has no such route."""

from collections.abc import Callable
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from kolofon.events.outbox.queries import list_newest
from kolofon.platform.database import Pool
from kolofon.platform.errors import NotFound

PATH = "/dev/mailbox"
_SHOWN = 50
_HEADERS = {
    # A mail's own styles are the only thing that it may bring along, and they may fetch nothing. Its frame has these
    # rules too, and is sandboxed: no script, no form, no way out of it.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def handlers(pool: Callable[[], Pool], public_url: str) -> list[HTTPRouteHandler]:
    """The page, for installations whose messages go nowhere else. It answers to this installation's names only: else
    any site could point a name of its own here, and have its script read the codes.
    """
    names = {"localhost", "127.0.0.1", "::1", urlsplit(public_url).hostname}
    templates = Environment(
        loader=PackageLoader("kolofon.events.mailbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    @get(PATH, include_in_schema=False)
    async def mailbox(request: Request[None, None, State], refresh: FromQuery[bool] = True) -> Response[str]:
        """The newest messages; `refresh=false`: the page stays as it is, for reading in peace."""
        if urlsplit(f"//{request.headers.get('host', '')}").hostname not in names:
            raise NotFound("there is no such page under this name")
        async with pool().acquire() as connection:
            messages = await list_newest(connection, _SHOWN)
        html = templates.get_template("mailbox.html").render(messages=messages, path=PATH, refresh=refresh)
        return Response(html, headers=_HEADERS, media_type="text/html")

    return [mailbox]
