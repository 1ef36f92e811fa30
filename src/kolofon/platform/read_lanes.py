"""Connections kept at hand for reading.

A pool lends a connection anew for every statement, and looks after it before and after; that takes about as long as
sending the statement (docs/decisions/0008). A lane keeps its connection until something is wrong with it.
"""

import asyncio
from collections import deque
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from asyncpg.prepared_stmt import PreparedStatement

from kolofon.platform.database import Pool

# After a migration: what was prepared before it no longer fits.
_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.exceptions.OutdatedSchemaCacheError)


class _Prepared:
    """A connection and the statements that it has been sent, of which a program has few."""

    __slots__ = ("connection", "statements")

    def __init__(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        self.connection = connection
        self.statements: dict[str, PreparedStatement[asyncpg.Record]] = {}

    async def fetch(self, query: str, arguments: tuple[object, ...]) -> "list[asyncpg.Record]":
        statement = self.statements.get(query)
        if statement is None:
            statement = self.statements[query] = await self.connection.prepare(query)
        try:
            return await statement.fetch(*arguments)
        except _OUTDATED:
            self.statements.clear()
            return await self.connection.fetch(query, *arguments)


# None: a lane without a connection.
_Lane: TypeAlias = "_Prepared | None"


class ReadLanes:
    """Runs single reading statements, each in a lane of its own; who finds none free waits in line."""

    def __init__(self, pool: Pool, lanes: int) -> None:
        self._pool = pool
        # The lane used last is used next, so that a quiet process holds few connections.
        self._free: list[_Lane] = [None] * lanes
        self._waiting: deque[asyncio.Future[_Lane]] = deque()
        self._closed = False

    async def fetch(self, query: str, *arguments: object) -> "list[asyncpg.Record]":
        """All rows; as a connection's own fetch."""
        lane = await self._take()
        try:
            rows = await lane.fetch(query, arguments)
        except BaseException:
            # The pool sees to what is wrong; the lane goes on with another connection.
            self._hand_on(None)
            await self._pool.release(lane.connection)
            raise
        if self._closed:
            await self._pool.release(lane.connection)
        else:
            self._hand_on(lane)
        return rows

    async def fetchrow(self, query: str, *arguments: object) -> "asyncpg.Record | None":
        """The first row; as a connection's own fetchrow."""
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first column of the first row; as a connection's own fetchval."""
        rows = await self.fetch(query, *arguments)
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """Give all connections back to the pool; one that is in use follows when it is done."""
        self._closed = True
        while self._free:
            lane = self._free.pop()
            if lane is not None:
                await self._pool.release(lane.connection)

    async def _take(self) -> _Prepared:
        lane = self._free.pop() if self._free else await self._wait()
        if lane is not None and not lane.connection.is_closed():
            return lane
        try:
            if lane is not None:
                await self._pool.release(lane.connection)
            return _Prepared(await self._pool.acquire())
        except BaseException:
            self._hand_on(None)
            raise

    async def _wait(self) -> _Lane:
        place: asyncio.Future[_Lane] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._hand_on(place.result())
            raise

    def _hand_on(self, lane: _Lane) -> None:
        """Give a lane to who has waited longest. It is never free meanwhile: nobody can jump the line."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(lane)
                return
        self._free.append(lane)
