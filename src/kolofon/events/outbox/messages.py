"""What a message is."""

import unicodedata
from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["mail", "sms"]
LONGEST_RECIPIENT = 320
# Controls, what breaks a line, and halves of characters, which cannot be encoded.
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp", "Cs"})


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told. Subjects are kept for support: no code or link belongs there."""

    kind: Kind
    recipient: str  # an e-mail address, or a phone number in E.164
    subject: str | None = None  # of a mail
    text: str
    html: str | None = None  # of a mail, besides the text
    expires_at: datetime  # not sent after this

    def __post_init__(self) -> None:
        """Raise ValueError for what could never be sent, where whoever made it still sees it."""
        if (self.kind == "mail") != (self.subject is not None):
            raise ValueError("a mail has a subject, and an SMS has none")
        if self.kind == "sms" and self.html is not None:
            raise ValueError("an SMS is text only")
        if not 1 <= len(self.recipient) <= LONGEST_RECIPIENT:
            raise ValueError(f"expected a recipient of 1 to {LONGEST_RECIPIENT} characters")
        # A line break would let whoever chose the text write headers of the mail.
        if any(
            unicodedata.category(character) in _NOT_IN_A_LINE for character in self.recipient + (self.subject or "")
        ):
            raise ValueError("recipient and subject are one line each, without control characters")
