"""What a code is sent in: a mail with text and HTML, or one line by SMS, in the reader's language."""

from datetime import datetime

from kolofon.events.outbox.service import Message
from kolofon.platform.credentials import EMAIL, normalised_credential
from kolofon.platform.templating import environment, one_line


def code_message(credential: str, code: str, expires_at: datetime, language: str, client_name: str) -> Message:
    """The message that brings a code to a credential, which is an e-mail address or a phone number."""
    values = {"code": code, "client_name": one_line(client_name), "language": language}
    templates = environment("kolofon.identity.codes", language)
    if normalised_credential(credential)[1] != EMAIL:
        text = templates.get_template("sms.txt").render(values).strip()
        return Message(kind="sms", recipient=credential, text=text, expires_at=expires_at)
    return Message(
        kind="mail",
        recipient=credential,
        # Without the code: subjects are shown on locked screens and kept for support.
        subject=templates.get_template("subject.txt").render(values).strip(),
        text=templates.get_template("mail.txt").render(values),
        html=templates.get_template("mail.html").render(values),
        expires_at=expires_at,
    )
