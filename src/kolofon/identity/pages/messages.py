"""A page that says one thing and asks for nothing."""

from typing import Any

from litestar import Response

from kolofon.identity.pages.forms import language_links
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.rendering import page
from kolofon.identity.pages.visits import HttpRequest
from kolofon.identity.prefixes import prefix_of


def message_page(
    request: HttpRequest, heading: str, text: str, status: int = 200, detail: str = "", query: str | None = None
) -> Response[Any]:
    """The page. With a `query` it can be had in other languages, at the same address with that query.

    `heading` and `text` are in the language that `chosen_language` tells; `detail` is for who made the link.
    """
    language = chosen_language(request)
    return page(
        "message.html",
        language,
        status=status,
        base=prefix_of(request),
        languages=language_links(query, language) if query is not None else [],
        flow="",
        heading=heading,
        text=text,
        detail=detail,
    )
