"""Texts for people in their language."""

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from kolofon.platform.i18n import LANGUAGES, preferred_language, translations
from tests.browser_session import Server, authorization

SOURCE = Path(str(files("kolofon")))
TRANSLATED = sorted(set(LANGUAGES) - {"en"})


def catalogue(language: str) -> Catalog:
    with (SOURCE / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def used_texts() -> set[str]:
    """What templates and code give to gettext, and the sentences that the pages' code hands on to them."""
    templates = ("**/templates/**.html", "**/templates/**.txt")
    methods = [("**.py", "python"), *((pattern, "jinja2.ext.babel_extract") for pattern in templates)]
    options = {pattern: {"trimmed": "true"} for pattern in templates}
    found = {message[2] for message in extract_from_dir(SOURCE, methods, options)}
    return {text for text in found if isinstance(text, str)} | sentences(SOURCE / "identity")


def sentences(folder: Path) -> set[str]:
    found = set()
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text())
        docstrings = {
            ast.get_docstring(n, clean=False)
            for n in ast.walk(tree)
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module | ast.ClassDef)
        }
        texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        found |= {text for text in texts - docstrings if re.fullmatch(r"[A-Z].* .*[.!?]", text)}
    return found


def test_there_are_texts_to_translate() -> None:
    assert {"Sign in", "Password", "Too many attempts. Please wait a minute and try again."} <= used_texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_that_is_used_is_translated_and_nothing_else(language: str) -> None:
    assert {message.id for message in catalogue(language) if message.id} == used_texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_translation_is_whole_and_has_the_places_of_its_text(language: str) -> None:
    for message in catalogue(language):
        text, translation = str(message.id), str(message.string)
        if text:
            assert translation, text
            assert not message.fuzzy, text
            assert re.findall(r"%\(\w+\)s", translation) == re.findall(r"%\(\w+\)s", text)
            assert translations(language).gettext(text) == translation


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        ("", "nb"),
        ("nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en-US;q=0.6,en;q=0.5", "nb"),
        ("no", "nb"),
        ("no-NO,en;q=0.5", "nb"),
        ("nn-NO, en;q=0.9", "nn"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("SV", "sv"),
        ("en-GB", "en"),
        ("en;q=0.5,sv;q=0.8", "sv"),
        ("en; q=0.5, sv ;q=0.8", "sv"),
        ("de-DE,de;q=0.9", "nb"),
        ("de,en;q=0.3", "en"),
        ("sv;q=0,en;q=0.1", "en"),
        ("sv;q=much,en", "en"),
        ("sv;q=nan,en;q=0.2", "en"),
        ("*", "nb"),
        (",;=,;;q", "nb"),
        ("x" * 100_000, "nb"),
    ],
)
def test_the_best_of_our_languages_is_taken(accept_language: str, expected: str) -> None:
    assert preferred_language(accept_language) == expected


@pytest.mark.parametrize(
    ("language", "word"), [("nb", "Passord"), ("nn", "Passord"), ("sv", "Lösenord"), ("en", "Password")]
)
async def test_the_sign_in_page_speaks_the_browsers_language(server: Server, language: str, word: str) -> None:
    async with server.browser() as browser:
        headers = {"Accept-Language": language}
        page = await browser.get("/user/oauth/authorize", params=authorization(), headers=headers)
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}">' in page.text
    assert f">{word}<" in page.text
