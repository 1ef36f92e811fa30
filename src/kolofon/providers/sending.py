"""What all ways of sending have in common: what is sent, and how it can fail."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class Mail(msgspec.Struct, frozen=True):
    """A mail to one person."""

    message_id: UUID
    recipient: str
    subject: str
    text: str
    html: str | None
    written_at: datetime


class Sms(msgspec.Struct, frozen=True):
    """A short message to one number in E.164."""

    message_id: UUID
    recipient: str
    text: str


class SendingFailed(Exception):
    """A message was not sent. `problem` is without names and addresses; what the other side said may have them."""

    def __init__(self, problem: str, said: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.said = said

    @property
    def in_full(self) -> str:
        """The problem with what the other side said of it, on one line."""
        said = " ".join(self.said.split())
        return f"{self.problem}: {said}" if said else self.problem


class NotNow(SendingFailed):
    """It may work later: nobody answers, or the other side asks to try again, or we are set up wrongly."""


class Never(SendingFailed):
    """It will not work however often it is tried: the other side does not want this message."""


class MailSender(Protocol):
    """A way for mails to leave."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Returns when the other side has taken it; raises SendingFailed, and nothing else."""
        ...


class SmsSender(Protocol):
    """A way for SMS to leave."""

    async def send(self, sms: Sms) -> None:
        """Hand an SMS over. Returns when the other side has taken it; raises SendingFailed, and nothing else."""
        ...
