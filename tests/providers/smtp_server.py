"""A small SMTP server on loopback that keeps what it gets and can be told to misbehave."""

import asyncio
import email
import email.policy
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

import msgspec


class Delivered(msgspec.Struct, frozen=True):
    """A mail that was taken."""

    sender: str
    recipient: str
    content: EmailMessage
    raw: bytes


class SmtpServer:
    """Answers by the book, but for the commands that it is told to answer otherwise.

    `answers` holds lines for command words, or for `CONNECT` and `TAKEN` (the end of the data); with `HANG` nothing is
    said, with `DROP` the connection is ended. `login` makes it want that user and password.
    """

    HANG = "hang"
    DROP = "drop"

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.answers: dict[str, str] = {}
        self.taken: list[Delivered] = []
        self.commands: list[str] = []
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        self.go_on = asyncio.Event()
        self.port = 0
        self._login = login

    @property
    def url(self) -> str:
        user = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        return f"smtp://{user}127.0.0.1:{self.port}"

    async def until(self, condition: Callable[["SmtpServer"], bool]) -> None:
        """Wait until something is true of it; the time-out only ends a hopeless wait."""
        async with asyncio.timeout(60):
            while not condition(self):
                await asyncio.sleep(0.01)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""
        await self._say(writer, "CONNECT", "220 here")
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ")[0].upper()
            address = line.partition("<")[2].partition(">")[0]
            sender = address if word == "MAIL" else sender
            recipient = address if word == "RCPT" else recipient
            self.commands.append(word)
            await self._say(writer, word, self._usual(word, line))
            if word == "QUIT":
                return
            if word == "DATA" and "DATA" not in self.answers:
                raw = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                self.commands.append("TAKEN")
                if await self._say(writer, "TAKEN", "250 taken"):
                    self._keep(sender, recipient, raw)

    def _usual(self, word: str, line: str) -> str:
        match word:
            case "EHLO":
                return "250-here\r\n250 AUTH PLAIN" if self._login else "250 here"
            case "AUTH":
                return "235 welcome" if self._lets_in(line) else "535 no"
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
            case _:
                return "250 fine"

    def _lets_in(self, line: str) -> bool:
        _, user, password = b64decode(line.split(" ")[2]).decode().split("\0")
        return (user, password) == self._login

    def _keep(self, sender: str, recipient: str, raw: bytes) -> None:
        content = email.message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=email.policy.SMTP)
        assert isinstance(content, EmailMessage)
        self.taken.append(Delivered(sender, recipient, content, raw))

    async def _say(self, writer: asyncio.StreamWriter, word: str, usual: str) -> bool:
        """Answer; whether it was by the book, whoever hears it."""
        answer = self.answers.get(word, usual)
        if answer == self.HANG:
            await self.go_on.wait()
            answer = usual
        if answer == self.DROP:
            raise ConnectionError
        writer.write(f"{answer}\r\n".encode())
        with suppress(ConnectionError):
            await writer.drain()
        return answer == usual


@asynccontextmanager
async def smtp_server(login: tuple[str, str] | None = None) -> AsyncIterator[SmtpServer]:
    """A running one on a free port."""
    server = SmtpServer(login)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.go_on.set()
        listener.close()
