"""The pages here that another page may lead to, as a registered host of a client may be led to."""

import re

from kolofon.engine.return_urls import plain_parts
from kolofon.identity.prefixes import PREFIXES

# Without dots, so that no browser reads another path into it.
_OWN_PAGE = re.compile(r"account(/[a-z]+(-[a-z]+)*){0,3}|device|fulfillment|order")


def is_own_page(public_url: str, url: str) -> bool:
    """Whether a URL is that of one of the pages here that readers sign in for, in the one spelling we give it."""
    start = next((f"{public_url}{prefix}/" for prefix in PREFIXES if url.startswith(f"{public_url}{prefix}/")), None)
    if start is None or plain_parts(url) is None or "#" in url:
        return False
    return _OWN_PAGE.fullmatch(url.removeprefix(start).partition("?")[0]) is not None
