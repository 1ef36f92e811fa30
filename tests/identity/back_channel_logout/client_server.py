"""A client's server as our worker meets it: takes logout tokens, and answers as a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs

import msgspec

from tests.waiting import WAIT

HANG = "hang"  # answers when it is told to go on
TRICKLE = "trickle"  # a byte of an answer now and then, for ever
HANG_UP = "hang up"
FLOOD = "flood"  # a refusal whose body does not end


class Request(msgspec.Struct, frozen=True):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def logout_token(self) -> str:
        """The one member of its form."""
        members = parse_qs(self.body, strict_parsing=True)
        assert list(members) == ["logout_token"]
        [token] = members["logout_token"]
        return token


class ClientServer:
    """Takes requests one after the other on each connection. `answer` is a status line's end, or one of the above."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer = "200 OK"
        self.headers: list[str] = []
        self.body = b""
        self.at_once = 0
        self.go_on = asyncio.Event()
        self.later = "200 OK"  # the answer to what hung
        self.port = 0
        self._changed = asyncio.Condition()

    def url(self, path: str = "/backchannel_logout") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def until(self, holds: Callable[["ClientServer"], bool]) -> None:
        """Wait until it holds of the requests that have come."""
        async with asyncio.timeout(WAIT), self._changed:
            await self._changed.wait_for(lambda: holds(self))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await self._read(reader)
                self.at_once += 1
                async with self._changed:
                    self.requests.append(request)
                    self._changed.notify_all()
                try:
                    await self._answer(writer)
                finally:
                    self.at_once -= 1
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, path, headers, body.decode())

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        answer = self.answer
        if answer == HANG_UP:
            raise ConnectionError
        if answer == HANG:
            await self.go_on.wait()
            answer = self.later
        if answer == TRICKLE:
            writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                writer.write(b"z")
                await writer.drain()
                await asyncio.sleep(0.05)
        if answer == FLOOD:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"1000\r\n" + b"z" * 0x1000 + b"\r\n")
                await writer.drain()
        lines = [f"HTTP/1.1 {answer}", *self.headers, f"Content-Length: {len(self.body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + self.body)
        await writer.drain()


@asynccontextmanager
async def client_server() -> AsyncIterator[ClientServer]:
    """A running one on a free port."""
    served = ClientServer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await served.serve(reader, writer)
        finally:
            writer.close()
            tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    served.port = listener.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
