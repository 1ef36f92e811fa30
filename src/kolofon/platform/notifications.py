"""Hearing within a moment what other processes changed: one listening connection a process.

PostgreSQL delivers a notification to every listener when the announcing transaction commits. What was announced
while nobody listened is fetched anew at each (re)connection, and `fresh` says whether hearing can be relied on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from kolofon.platform.database import Connection, prepare_connection

_log = structlog.get_logger()

HEARTBEAT_SECONDS = 0.4
STALE_SECONDS = 0.9


class Subscription:
    """What a part of the program wants to hear: a channel, what to fetch at first, what to do with a message."""

    def __init__(
        self,
        channel: str,
        fetch: Callable[[Connection], Awaitable[None]],
        heard: Callable[[str, Connection], Awaitable[None]],
    ) -> None:
        self.channel = channel
        self.fetch = fetch
        self.heard = heard


class Notifications:
    """Keeps one connection listening for all subscriptions, and reconnects for ever."""

    def __init__(self, database_url: str, subscriptions: list[Subscription]) -> None:
        self._database_url = database_url
        self._subscriptions = subscriptions
        self._task: asyncio.Task[None] | None = None
        self._alive_at = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether everything announced until a moment ago has been heard."""
        return time.monotonic() - self._alive_at < STALE_SECONDS

    async def start(self) -> None:
        """Fetch everything once and go on listening in the background; raises when the first fetch fails."""
        connection = await self._connect()
        self._task = asyncio.create_task(self._listen_for_ever(connection), name="notifications")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            self._database_url,
            timeout=5,
            command_timeout=5,
            server_settings={"application_name": "kolofon listener"},
        )
        try:
            await self._prepare(connection)
        except BaseException:
            connection.terminate()
            raise
        self._alive_at = time.monotonic()
        return connection

    async def _prepare(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await prepare_connection(connection)
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        for subscription in self._subscriptions:
            # Listening starts before fetching: nothing falls between the two.
            await connection.add_listener(subscription.channel, self._note)
        for subscription in self._subscriptions:
            await subscription.fetch(connection)

    def _note(self, _connection: object, _process: int, channel: str, message: object) -> None:
        self._queue.put_nowait((channel, str(message)))

    async def _listen_for_ever(self, connection: "asyncpg.Connection[asyncpg.Record] | None") -> None:
        while True:
            try:
                if connection is None:
                    connection = await self._connect()
                await self._listen(connection)
            except Exception as error:
                # Whatever it was, even a message that no one understands: a new connection fetches everything anew,
                # while a process that no longer listens would go on with what it knew for ever.
                _log.warning("the database's notifications are interrupted", error=type(error).__name__)
            finally:
                if connection is not None:
                    connection.terminate()
                    connection = None
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _listen(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        by_channel = {subscription.channel: subscription for subscription in self._subscriptions}
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    channel, message = await self._queue.get()
            except TimeoutError:
                # A half-open connection is silent too: only an answer proves that nothing was missed.
                await connection.fetchval("select 1", timeout=STALE_SECONDS - HEARTBEAT_SECONDS)
                # Notifications that were under way have arrived before that answer.
                if self._queue.empty():
                    self._alive_at = time.monotonic()
                continue
            await by_channel[channel].heard(message, connection)
            self._alive_at = time.monotonic()
