"""Texts for people, in Norwegian (nb), Swedish (sv) and English (en), by gettext."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("nb", "sv", "en")
DEFAULT = "nb"
# What browsers send for the languages of these two.
_ALIASES = {"no": "nb", "nn": "nb"}


def preferred_language(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.replace("-", "_")))
        except ValueError:
            continue
    tags = [tag for _, tag in sorted(wanted, key=lambda entry: entry[0])]
    return negotiate_locale(tags, LANGUAGES, aliases=_ALIASES) or _by_alias(tags) or DEFAULT


def _by_alias(tags: list[str]) -> str | None:
    return next((_ALIASES[t.split("_")[0].lower()] for t in tags if t.split("_")[0].lower() in _ALIASES), None)


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language; English stands in the source itself."""
    if language == "en":
        return NullTranslations()
    source = files("kolofon") / "locales" / f"{language}.po"
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
