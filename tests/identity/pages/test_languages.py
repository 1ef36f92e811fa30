"""The languages of the pages: the browser's, or the one that was chosen at the foot."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import Form, reading

HEADINGS = {"nb": "Logg inn på", "nn": "Logg inn på", "sv": "Logga in på", "en": "Sign in to"}
LINKS = {"nb": "Glemt passordet?", "nn": "Gløymt passordet?", "sv": "Glömt lösenordet?", "en": "Forgotten your"}


@pytest.mark.parametrize("language", list(HEADINGS))
async def test_a_chosen_language_is_remembered_against_the_browsers(
    server: Server, connection: Connection, language: str
) -> None:
    async with reading(server, connection) as browser:
        browser.http.headers["Accept-Language"] = "sv" if language != "sv" else "en"
        page = await browser.open("login")
        assert f'hreflang="{language}"' in page.text
        page = await browser.open("login", lang=language)
        assert page.headers["content-language"] == language
        page = await browser.open("login")
        assert f'<html lang="{language}">' in page.text
        assert HEADINGS[language] in page.text
        assert LINKS[language] in page.text
        # The choice of the URL does not come back with the form, where it would win over a later one.
        assert "lang=" not in Form(page.text).action


async def test_a_language_that_is_not_ours_changes_nothing(server: Server, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.open("login", lang="de")
        assert page.headers["content-language"] == "nb"
        assert "kolofon_lang" not in browser.http.cookies
        page = await browser.open("login", lang='"><script>')
        assert "<script" not in page.text


@pytest.mark.parametrize(
    ("ui_locales", "language"),
    [
        ("sv", "sv"),
        ("fi en-GB nb", "en"),
        ("NO", "nb"),
        ("nn-NO", "nn"),
        ("fi de", "sv"),
        ("", "sv"),
        ("x" * 3000, "sv"),
        ('"><script>', "sv"),
        ("de " * 30 + "en", "sv"),
    ],
)
async def test_the_client_may_ask_for_a_language_which_comes_before_the_browsers(
    server: Server, connection: Connection, ui_locales: str, language: str
) -> None:
    async with reading(server, connection) as browser:
        browser.http.headers["Accept-Language"] = "sv"
        page = await browser.open("login", ui_locales=ui_locales)
        assert page.headers["content-language"] == language
        # It is a wish, not the reader's choice: nothing remembers it.
        assert "kolofon_lang" not in browser.http.cookies


async def test_what_the_reader_has_chosen_comes_before_what_the_client_asks_for(
    server: Server, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        assert (await browser.open("login", lang="nn", ui_locales="sv")).headers["content-language"] == "nn"
        assert (await browser.open("login", ui_locales="sv")).headers["content-language"] == "nn"
