"""Which way a message leaves: by a provider, or into the mailbox of a development installation."""

from kolofon.events.outbox.queries import DueMessage
from kolofon.providers.mail import SmtpMailSender
from kolofon.providers.sending import Mail, MailSender, Never, Sms, SmsSender
from kolofon.settings import Settings


def has_mailbox(settings: Settings) -> bool:
    """Whether messages are shown at /dev/mailbox instead of being sent. Never in production."""
    return settings.mode == "development" and settings.smtp_url is None


class Ways:
    """The ways there are; into the mailbox where no other is."""

    def __init__(self, mail: MailSender | None, sms: SmsSender | None, mailbox: bool) -> None:
        self._mail = mail
        self._sms = sms
        self.mailbox = mailbox

    async def send(self, due: DueMessage) -> bool:
        """Hand a message over; says whether it left, rather than being put into the mailbox. Raises SendingFailed."""
        message = due.message
        if message.kind == "mail" and self._mail is not None:
            mail = Mail(
                due.message_id, message.recipient, message.subject or "", message.text, message.html, due.created_at
            )
            await self._mail.send(mail)
            return True
        if message.kind == "sms" and self._sms is not None:
            await self._sms.send(Sms(due.message_id, message.recipient, message.text))
            return True
        if not self.mailbox:
            raise Never("KOLOFON_SMTP_URL is not set" if message.kind == "mail" else "there is no provider for SMS")
        return False


def ways(settings: Settings) -> Ways:
    """The ways of this installation. There is no provider for SMS yet."""
    mail = None
    if settings.smtp_url is not None and settings.mail_from is not None:
        mail = SmtpMailSender(settings.smtp_url, settings.mail_from)
    return Ways(mail, None, has_mailbox(settings))
