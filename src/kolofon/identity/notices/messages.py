"""What a notice says: a mail with text and HTML, or one line by SMS, in the reader's language."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from kolofon.events.outbox.service import Message
from kolofon.identity.origins import Origin
from kolofon.identity.wording import browser_words, time_words
from kolofon.platform.credentials import EMAIL, normalised_credential
from kolofon.platform.templating import environment, one_line

Kind = Literal[
    "credentialAdded",
    "credentialRemoved",
    "credentialChanged",
    "passwordChanged",
    "secondFactorAdded",
    "secondFactorRemoved",
    "recoveryCodeUsed",
    "providerLinked",
    "providerRemoved",
]
# Who cannot be reached for longer sees it on the account page.
_SENT_WITHIN = timedelta(days=4)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened. `detail` names the thing: an e-mail address, a number, a passkey's name."""

    kind: Kind
    detail: str = ""
    language: str
    client_name: str
    origin: Origin


def notice_message(recipient: str, notice: Notice, now: datetime, time_zone: str | None) -> Message:
    """The message that brings a notice to a credential, which is an e-mail address or a phone number."""
    values = {
        "kind": notice.kind,
        "detail": one_line(notice.detail),
        "client_name": one_line(notice.client_name),
        "when": time_words(now, time_zone, notice.language),
        "where": browser_words(notice.origin.browser, notice.origin.system, notice.language),
        "language": notice.language,
    }
    templates = environment("kolofon.identity.notices", notice.language)
    expires_at = now + _SENT_WITHIN
    if normalised_credential(recipient)[1] != EMAIL:
        text = one_line(templates.get_template("sms.txt").render(values))
        return Message(kind="sms", recipient=recipient, text=text, expires_at=expires_at)
    return Message(
        kind="mail",
        recipient=recipient,
        subject=one_line(templates.get_template("subject.txt").render(values)),
        text=templates.get_template("mail.txt").render(values),
        html=templates.get_template("mail.html").render(values),
        expires_at=expires_at,
    )
