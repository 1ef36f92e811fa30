"""Counts the statements that reach PostgreSQL, by reading along on the way there.

asyncpg tells its query loggers nothing of prepared statements, which most of the program's are.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_EXECUTE, _QUERY = b"E", b"Q"


class StatementCount:
    """How many statements have been sent so far."""

    def __init__(self, database_url: str) -> None:
        self.sent = 0
        self._parts = urlsplit(database_url)
        self._pumps: set[asyncio.Task[None]] = set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await self._connect()
        back = asyncio.create_task(_pass_on(upstream_reader, writer))
        self._pumps.add(back)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            # The first message has no type.
            (length,) = struct.unpack("!I", head := await reader.readexactly(4))
            upstream.write(head + await reader.readexactly(length - 4))
            while True:
                kind, length = struct.unpack("!cI", head := await reader.readexactly(5))
                self.sent += kind in {_EXECUTE, _QUERY}
                upstream.write(head + await reader.readexactly(length - 4))
        upstream.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        sockets = parse_qs(self._parts.query).get("host")
        if sockets:
            return await asyncio.open_unix_connection(f"{sockets[0]}/.s.PGSQL.5432")
        return await asyncio.open_connection(self._parts.hostname, self._parts.port or 5432)

    def _end(self) -> None:
        for pump in self._pumps:
            pump.cancel()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def counted(database_url: str, folder: Path) -> AsyncIterator[tuple[str, StatementCount]]:
    """A URL of the database that is counted at, and the count."""
    count = StatementCount(database_url)
    server = await asyncio.start_unix_server(count._answer, folder / ".s.PGSQL.5432")
    parts = urlsplit(database_url)
    user, _, _ = parts.netloc.rpartition("@")
    try:
        yield f"postgresql://{user}@{parts.path}?host={folder}&sslmode=disable", count
    finally:
        server.close()
        count._end()
