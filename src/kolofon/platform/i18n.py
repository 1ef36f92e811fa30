"""Texts for people, in Norwegian (nb, nn), Swedish (sv) and English (en), by gettext."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("nb", "nn", "sv", "en")
DEFAULT = "nb"
# The other word for Norwegian that browsers send.
_ALIASES = {"no": "nb"}
_OF_COUNTRIES = {"NO": "nb", "SE": "sv"}


def preferred_language(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language.lower().split(",")[:20]:
        tag, *parameters = (p.strip() for p in part.split(";"))
        # Ours have no regions, so only the first subtag counts.
        language = tag.partition("-")[0]
        language = _ALIASES.get(language, language)
        quality = _quality(parameters)
        if language in LANGUAGES and quality > 0:
            wanted.append((quality, language))
    return max(wanted, key=lambda entry: entry[0])[1] if wanted else DEFAULT


def language_of(country_code: str) -> str:
    """The language in which a partner of a country writes to whoever has not said another."""
    return _OF_COUNTRIES.get(country_code, "en")


def first_known(tags: str) -> str | None:
    """The first of our languages among tags that are separated by spaces, best first; None when there is none."""
    for tag in tags.lower().split()[:20]:
        language = tag.partition("-")[0]
        language = _ALIASES.get(language, language)
        if language in LANGUAGES:
            return language
    return None


def _quality(parameters: list[str]) -> float:
    try:
        return next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    except ValueError:
        return 0.0


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
