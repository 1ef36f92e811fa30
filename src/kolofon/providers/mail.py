"""Mail by SMTP."""

import asyncio
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import parseaddr
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec
from email_validator import EmailNotValidError, validate_email

from kolofon.providers.sending import Mail, Never, NotNow, SendingFailed

# One command's answer, and the whole: a server that drips its answers ends too.
_ANSWER_SECONDS = 15
SECONDS = 40
_QUIT_SECONDS = 2


class SmtpServer(msgspec.Struct, frozen=True):
    """Where mail is handed over; `start_tls` None: encrypted when the server can."""

    host: str
    port: int
    user: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None


def smtp_server(url: str) -> SmtpServer:
    """What a KOLOFON_SMTP_URL means: who logs in does so encrypted, unless it is to this very machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if parts.scheme == "smtps":
        return SmtpServer(host, parts.port or 465, user, password, use_tls=True, start_tls=False)
    port = parts.port or (587 if user else 25)
    if _is_loopback(host):
        # Nobody listens on the way, and hardly anybody has a certificate for localhost.
        return SmtpServer(host, port, user, password, use_tls=False, start_tls=False)
    return SmtpServer(host, port, user, password, use_tls=False, start_tls=True if user else None)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SmtpMailSender:
    """Hands mails to one SMTP server, each over a connection of its own."""

    def __init__(self, url: str, mail_from: str, seconds: float = SECONDS) -> None:
        self._server = smtp_server(url)
        name, address = parseaddr(mail_from)
        self._from = Address(name, addr_spec=address)
        self._seconds = seconds

    async def send(self, mail: Mail) -> None:
        """Hand a mail over; raises Never for what the server refuses for good, NotNow for everything else."""
        content = self._written(mail)
        client = self._client()
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.send_message(content)
            await _take_leave(client)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _understood(error) from None
        except ValueError:
            raise Never("an address or header that cannot be sent") from None
        finally:
            client.close()

    async def problem(self) -> str | None:
        """Why mail cannot be handed over, in one line; None when the server answers and lets us in."""
        client = self._client()
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.noop()
            await _take_leave(client)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _understood(error).in_full
        finally:
            client.close()
        return None

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            tls_context=_tls(),
            timeout=min(_ANSWER_SECONDS, self._seconds),
            # The machine's own name takes the DNS to find out, and often is none.
            local_hostname=self._from.domain,
        )

    def _written(self, mail: Mail) -> EmailMessage:
        try:
            recipient = validate_email(mail.recipient, check_deliverability=False, test_environment=True)
            content = EmailMessage(policy=MAIL_POLICY)
            content["From"] = self._from
            content["To"] = Address(username=recipient.local_part, domain=recipient.ascii_domain)
            content["Subject"] = mail.subject
            content["Date"] = mail.written_at
            # The same each time it is sent: that is how receivers recognise a repeat.
            content["Message-ID"] = f"<{mail.message_id}@{self._from.domain}>"
            content["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from people on holiday
            content.set_content(mail.text)
            if mail.html is not None:
                content.add_alternative(mail.html, subtype="html")
        except (EmailNotValidError, ValueError):
            raise Never("an address or header that cannot be sent") from None
        return content


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """Say good-bye. The mail has been taken by then, so a server that does not answer has failed in nothing."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=_QUIT_SECONDS)


def _understood(error: Exception) -> SendingFailed:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _understood(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPResponseException):
        problem = f"{type(error).__name__} {error.code}"
        # Only these are about this message. A refused login or sender is our own setting, which can be put right.
        about_it = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
        return (Never if about_it and error.code >= 500 else NotNow)(problem, error.message)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Never("the server does not take addresses with such letters")
    return NotNow(type(error).__name__, str(error))
