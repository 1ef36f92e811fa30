"""Pages and messages from templates, in the language of whom they are for."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from kolofon.platform.i18n import translations


@cache
def environment(package: str, language: str) -> Environment:
    """The templates of a package, whose texts are in a language. What is not there is an error and no empty place."""
    found = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    found.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return found


def one_line(text: str) -> str:
    """A text that others have written, fit to stand in a line: in a subject, an SMS, a log."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
