"""The language of a page: what the reader chose, else what the client or the browser asks for."""

from litestar import Request
from litestar.datastructures import Cookie, State

from kolofon.platform.i18n import LANGUAGES, first_known, preferred_language

COOKIE = "kolofon_lang"
NAMES = {"nb": "Norsk bokmål", "nn": "Norsk nynorsk", "sv": "Svenska", "en": "English"}
_YEAR = 365 * 24 * 3600


def chosen_language(
    request: Request[None, None, State], chosen: str | None = None, ui_locales: str | None = None
) -> str:
    """One of our languages: the one just chosen, that of the URL, of the cookie, of the client, or the browser's.

    `ui_locales` are the languages that the client asks for, when they are not in the URL.
    """
    for language in (chosen, request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if language in LANGUAGES:
            return language
    wished = first_known(ui_locales or request.query_params.get("ui_locales") or "")
    return wished or preferred_language(request.headers.get("accept-language", ""))


def language_cookie(language: str, secure: bool) -> Cookie:
    """What remembers a choice."""
    return Cookie(COOKIE, value=language, max_age=_YEAR, path="/", httponly=True, samesite="lax", secure=secure)
