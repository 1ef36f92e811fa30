"""Times, browsers and ways of signing in, in the words of a reader's language."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from kolofon.platform.i18n import translations

_LOCALES = {"nb": "nb_NO", "nn": "nn_NO", "sv": "sv_SE", "en": "en_GB"}


def time_words(at: datetime, time_zone: str | None, language: str) -> str:
    """A time such as '24 November 2026, 09:45'; one in no newspaper's zone says that it is in UTC."""
    local = at.astimezone(ZoneInfo(time_zone or "UTC"))
    locale = _LOCALES[language]
    words = f"{format_date(local, 'long', locale=locale)}, {format_time(local, 'HH:mm', locale=locale)}"
    return words if time_zone is not None else f"{words} UTC"


def day_words(at: datetime, time_zone: str | None, language: str) -> str:
    """A day such as '24 November 2026'."""
    return format_date(at.astimezone(ZoneInfo(time_zone or "UTC")), "long", locale=_LOCALES[language])


def browser_words(browser: str | None, system: str | None, language: str) -> str:
    """A browser such as 'Firefox on Windows'."""
    gettext = translations(language).gettext
    if browser is not None and system is not None:
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or gettext("Unknown browser")


def method_words(methods: Sequence[str], remembered: bool, language: str) -> str:
    """How somebody signed in; `methods` as in RFC 8176."""
    gettext = translations(language).gettext
    if remembered:
        return gettext("Remembered by the browser")
    is_twofold = "mfa" in methods
    if "fed" in methods:
        return gettext("Another sign-in service")
    if "pwd" in methods:
        return gettext("Password and a second step") if is_twofold else gettext("Password")
    if "otp" in methods:
        return gettext("Code and a second step") if is_twofold else gettext("One-time code")
    return gettext("Passkey")
