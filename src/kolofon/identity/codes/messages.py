"""What a code is sent in: a mail with text and HTML, or one line by SMS, in the reader's language."""

from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from kolofon.events.outbox.service import Message
from kolofon.platform.credentials import EMAIL, normalised_credential
from kolofon.platform.i18n import translations


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("kolofon.identity.codes"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


def code_message(credential: str, code: str, expires_at: datetime, language: str, client_name: str) -> Message:
    """The message that brings a code to a credential, which is an e-mail address or a phone number."""
    values = {"code": code, "client_name": _one_line(client_name), "language": language}
    environment = _environment(language)
    if normalised_credential(credential)[1] != EMAIL:
        text = environment.get_template("sms.txt").render(values).strip()
        return Message(kind="sms", recipient=credential, text=text, expires_at=expires_at)
    return Message(
        kind="mail",
        recipient=credential,
        # Without the code: subjects are shown on locked screens and kept for support.
        subject=environment.get_template("subject.txt").render(values).strip(),
        text=environment.get_template("mail.txt").render(values),
        html=environment.get_template("mail.html").render(values),
        expires_at=expires_at,
    )


def _one_line(name: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
