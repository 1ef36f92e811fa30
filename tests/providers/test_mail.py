import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID

import msgspec
import pytest

from kolofon.providers.mail import SmtpMailSender
from kolofon.providers.mail import smtp_server as meaning_of
from kolofon.providers.sending import Mail, Never, NotNow
from tests.processes import free_port
from tests.providers.smtp_server import SmtpServer, smtp_server

FROM = "Fjordposten på nett <no-reply@fjordposten.example>"
MAIL = Mail(
    message_id=UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
    recipient="kari@example.no",
    subject="Blåbærsyltetøy på tilbud, 50 %",
    text="Hei Kåre!\n.\nEt punktum alene.\n" + "x" * 1200,
    html="<p>Hei Kåre!</p>",
    written_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
)


def part(content: EmailMessage, kind: str) -> str:
    [found] = [each for each in content.walk() if each.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


async def test_a_mail_arrives_with_both_parts_and_the_headers_it_should_have() -> None:
    async with smtp_server() as server:
        await SmtpMailSender(server.url, FROM).send(MAIL)
        [taken] = server.taken
    assert (taken.sender, taken.recipient) == ("no-reply@fjordposten.example", "kari@example.no")
    content = taken.content
    assert content.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in content.iter_parts()] == ["text/plain", "text/html"]
    assert part(content, "text/plain").replace("\r\n", "\n").strip() == MAIL.text
    assert part(content, "text/html").strip() == MAIL.html
    assert content["Subject"] == MAIL.subject
    assert content["From"] == FROM
    assert content["To"] == "kari@example.no"
    assert content["Message-ID"] == f"<{MAIL.message_id}@fjordposten.example>"
    assert content["Date"].datetime == MAIL.written_at
    assert content["Auto-Submitted"] == "auto-generated"
    assert taken.raw.isascii()
    assert max(len(line) for line in taken.raw.split(b"\r\n")) <= 998


async def test_a_mail_without_html_is_text_alone_and_comes_the_same_the_second_time() -> None:
    async with smtp_server() as server:
        sender = SmtpMailSender(server.url, FROM)
        for _ in range(2):
            await sender.send(msgspec.structs.replace(MAIL, html=None))
        first, second = server.taken
    assert first.content.get_content_type() == "text/plain"
    assert first.raw == second.raw


@pytest.mark.parametrize(
    ("where", "answer", "expected", "problem"),
    [
        ("CONNECT", "554 no", NotNow, "SMTPConnectResponseError 554"),
        ("MAIL", "550 not this sender", NotNow, "SMTPSenderRefused 550"),
        ("RCPT", "450 later", NotNow, "SMTPRecipientRefused 450"),
        ("RCPT", "550 unknown", Never, "SMTPRecipientRefused 550"),
        ("DATA", "451 later", NotNow, "SMTPDataError 451"),
        ("TAKEN", "452 full", NotNow, "SMTPDataError 452"),
        ("TAKEN", "554 spam", Never, "SMTPDataError 554"),
        ("EHLO", SmtpServer.DROP, NotNow, "SMTPServerDisconnected"),
        ("TAKEN", SmtpServer.DROP, NotNow, "SMTPServerDisconnected"),
    ],
)
async def test_only_what_the_server_refuses_of_this_mail_for_good_is_never_tried_again(
    where: str, answer: str, expected: type[Exception], problem: str
) -> None:
    async with smtp_server() as server:
        server.answers[where] = answer
        with pytest.raises(expected, match=f"^{problem}$"):
            await SmtpMailSender(server.url, FROM).send(MAIL)
        assert server.taken == []


@pytest.mark.parametrize("where", ["CONNECT", "EHLO", "RCPT", "TAKEN"])
async def test_a_server_that_says_nothing_is_waited_for_only_so_long(where: str) -> None:
    async with smtp_server() as server:
        server.answers[where] = SmtpServer.HANG
        with pytest.raises(NotNow):
            await SmtpMailSender(server.url, FROM, seconds=0.2).send(MAIL)
        assert server.taken == []


@pytest.mark.parametrize("answer", ["421 tired", SmtpServer.DROP])
async def test_what_goes_wrong_after_the_mail_was_taken_is_no_failure(answer: str) -> None:
    async with smtp_server() as server:
        server.answers["QUIT"] = answer
        await SmtpMailSender(server.url, FROM).send(MAIL)
        assert len(server.taken) == 1


async def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(NotNow):
        await SmtpMailSender(f"smtp://127.0.0.1:{free_port()}", FROM).send(MAIL)


@pytest.mark.parametrize("recipient", ["kari", "kari@example.no\r\nBcc: ola@example.no", "a@b.no, c@d.no", "<>"])
async def test_what_is_no_address_never_reaches_the_server(recipient: str) -> None:
    async with smtp_server() as server:
        with pytest.raises(Never):
            await SmtpMailSender(server.url, FROM).send(msgspec.structs.replace(MAIL, recipient=recipient))
        assert server.connections == 0


async def test_a_line_break_in_a_subject_is_refused() -> None:
    async with smtp_server() as server:
        with pytest.raises(Never):
            await SmtpMailSender(server.url, FROM).send(msgspec.structs.replace(MAIL, subject="Hei\nBcc: a@b.no"))
        assert server.connections == 0


async def test_a_domain_with_such_letters_is_written_in_ascii_and_a_name_with_them_needs_a_server_for_it() -> None:
    async with smtp_server() as server:
        sender = SmtpMailSender(server.url, FROM)
        await sender.send(msgspec.structs.replace(MAIL, recipient="kari@blåbær.no"))
        assert server.taken[0].recipient == "kari@xn--blbr-roah.no"
        with pytest.raises(Never):
            await sender.send(msgspec.structs.replace(MAIL, recipient="kåre@example.no"))


async def test_it_logs_in_and_a_refused_login_is_ours_to_put_right() -> None:
    async with smtp_server(login=("news", "s3cret-word")) as server:
        await SmtpMailSender(server.url, FROM).send(MAIL)
        assert len(server.taken) == 1
        with pytest.raises(NotNow, match=r"^SMTPAuthenticationError 535$"):
            await SmtpMailSender(server.url.replace("s3cret-word", "wrong"), FROM).send(MAIL)


async def test_a_password_goes_to_another_machine_only_encrypted() -> None:
    assert meaning_of("smtp://u:p@mail.example.no").start_tls is True
    assert meaning_of("smtp://mail.example.no").start_tls is None
    assert meaning_of("smtp://u:p@localhost").start_tls is False
    assert meaning_of("smtp://u:p@[::1]").start_tls is False
    assert meaning_of("smtp://u:p@127.0.0.1.example.no").start_tls is True
    assert meaning_of("smtps://u:p@mail.example.no").use_tls
    ports = [meaning_of(url).port for url in ("smtp://u:p@m", "smtp://m", "smtps://m", "smtp://m:2525")]
    assert ports == [587, 25, 465, 2525]
    assert meaning_of("smtp://a%40b:p%2Fw@m").user == "a@b"
    assert meaning_of("smtp://a%40b:p%2Fw@m").password == "p/w"


async def test_a_server_that_cannot_encrypt_gets_no_password() -> None:
    async with smtp_server(login=("news", "s3cret-word")) as server:
        sender = SmtpMailSender(server.url, FROM)
        # As if it were another machine.
        sender._server = msgspec.structs.replace(sender._server, start_tls=True)
        with pytest.raises(NotNow):
            await sender.send(MAIL)
        assert "AUTH" not in server.commands


async def test_checking_says_what_is_wrong_and_sends_nothing() -> None:
    async with smtp_server() as server:
        assert await SmtpMailSender(server.url, FROM).problem() is None
        server.answers["EHLO"] = SmtpServer.DROP
        assert str(await SmtpMailSender(server.url, FROM).problem()).startswith("SMTPServerDisconnected: ")
        assert "MAIL" not in server.commands


async def test_many_mails_at_once_do_not_mix() -> None:
    async with smtp_server() as server:
        sender = SmtpMailSender(server.url, FROM)
        await asyncio.gather(*(sender.send(MAIL) for _ in range(5)))
        assert len(server.taken) == 5
