"""The language of a page: what the reader chose, else what the browser asks for."""

from litestar import Request
from litestar.datastructures import Cookie, State

from kolofon.platform.i18n import LANGUAGES, preferred_language

COOKIE = "kolofon_lang"
NAMES = {"nb": "Norsk bokmål", "nn": "Norsk nynorsk", "sv": "Svenska", "en": "English"}
_YEAR = 365 * 24 * 3600


def chosen_language(request: Request[None, None, State], chosen: str | None = None) -> str:
    """One of our languages: the one just chosen, that of the URL, of the cookie, or the browser's."""
    for language in (chosen, request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if language in LANGUAGES:
            return language
    return preferred_language(request.headers.get("accept-language", ""))


def language_cookie(language: str, secure: bool) -> Cookie:
    """What remembers a choice."""
    return Cookie(COOKIE, value=language, max_age=_YEAR, path="/", httponly=True, samesite="lax", secure=secure)
