"""How a sign-in is called."""

import pytest

from kolofon.identity.wording import browser_words, method_words


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (["pwd"], "Password"),
        (["otp"], "One-time code"),
        (["pwd", "otp", "mfa"], "Password and a second step"),
        (["pwd", "pop", "user", "mfa"], "Password and a second step"),
        (["otp", "mfa"], "Code and a second step"),
        (["pop", "user", "mfa"], "Passkey"),
        (["fed"], "Another sign-in service"),
        (["fed", "otp", "mfa"], "Another sign-in service"),
    ],
)
def test_a_way_of_signing_in_has_a_name(methods: list[str], words: str) -> None:
    assert method_words(methods, remembered=False, language="en") == words
    assert method_words(methods, remembered=True, language="en") == "Remembered by the browser"


@pytest.mark.parametrize(
    ("browser", "system", "words"),
    [
        ("Firefox", "Windows", "Firefox on Windows"),
        (None, "iPhone", "iPhone"),
        ("Firefox", None, "Firefox"),
        (None, None, "Unknown browser"),
    ],
)
def test_what_is_not_known_of_a_browser_is_left_out(browser: str | None, system: str | None, words: str) -> None:
    assert browser_words(browser, system, "en") == words
