"""Redirects whose URL goes out to the letter: clients compare what they get back."""

from collections.abc import Sequence

from litestar import Response
from litestar.datastructures import Cookie


def redirect(url: str, status: int = 302, cookies: Sequence[Cookie] = ()) -> Response[None]:
    """Send the browser to a URL that has been checked before; nothing of it is cached or told on."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(None, status_code=status, headers=headers, cookies=list(cookies), media_type="text/plain")
