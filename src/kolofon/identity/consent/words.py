"""Scopes in words that readers understand."""

from collections.abc import Collection

from kolofon.identity.oauth.rfc6749 import SCOPES
from kolofon.platform.i18n import translations


def scope_words(scopes: Collection[str], partner_name: str, language: str) -> list[str]:
    """What somebody with these scopes can do, one phrase each; `partner_name` is whose client it is."""
    gettext = translations(language).gettext
    words = {
        "openid": gettext("Recognise you when you come back"),
        "profile": gettext("See your name"),
        "email": gettext("See your e-mail address"),
        "phone": gettext("See your phone number"),
        "read": gettext("See and change your details, subscriptions and permissions at %(name)s")
        % {"name": partner_name},
    }
    # What is most comes last, so that it is not overlooked.
    ordered = [*(name for name in SCOPES if name != "read"), "read"]
    return [words[name] for name in ordered if name in scopes]
