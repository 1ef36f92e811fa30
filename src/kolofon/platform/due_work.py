"""What waits in a table until it is due: taken and done piece by piece, several at once, for ever.

Taking is one committed statement that gives a piece to one worker for a while. Whoever dies with it gives it to the
next that way (docs/decisions/0013).
"""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

from kolofon.platform.database import Connection
from kolofon.platform.notifications import Subscription

_log = structlog.get_logger()
_AT_ONCE = 4
_POLL_SECONDS = 2.0
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)

Piece = TypeVar("Piece")


def pause_after(attempt: int) -> timedelta:
    """How long a piece rests after an attempt that failed: 5, 15, 45 seconds and so on, up to an hour."""
    factor: int = 3 ** min(attempt - 1, 10)
    return min(_FIRST_PAUSE * factor, _LONGEST_PAUSE)


class DueWork(ABC, Generic[Piece]):
    """Does what is due as it is committed, and again what failed when it is due again."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._heard_of_some = asyncio.Event()

    @abstractmethod
    async def take(self) -> Piece | None:
        """Take what has been due longest, for oneself alone and for longer than doing it can last."""

    @abstractmethod
    async def do(self, due: Piece) -> None:
        """Do it, with no transaction open meanwhile, and note what came of it."""

    @abstractmethod
    def name(self, due: Piece) -> dict[str, object]:
        """What a log line calls it, without whom it is about."""

    @property
    def subscription(self) -> Subscription:
        """What tells of work the moment it is committed. The poll finds what is due again, or was missed."""

        async def fetch(_connection: Connection) -> None:
            self._heard_of_some.set()

        async def heard(_message: str, _connection: Connection) -> None:
            self._heard_of_some.set()

        return Subscription(self._channel, fetch, heard)

    async def run(self, poll_seconds: float = _POLL_SECONDS) -> None:
        """Work until cancelled; what is being done then is due again when its time is up."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def do(due: Piece) -> None:
            try:
                await self.do(due)
            except Exception as error:  # e.g. the database is away: it is due again when its time is up
                _log.warning("the outcome could not be noted", **self.name(due), exc_info=error)
            finally:
                free.release()

        async with asyncio.TaskGroup() as under_way:
            while True:
                await free.acquire()
                self._heard_of_some.clear()
                due = await self._take_or_none()
                if due is not None:
                    under_way.create_task(do(due))
                    continue
                free.release()
                with suppress(TimeoutError):
                    async with asyncio.timeout(poll_seconds):
                        await self._heard_of_some.wait()

    async def do_next(self) -> bool:
        """Do one piece that is due; False when none is."""
        due = await self.take()
        if due is not None:
            await self.do(due)
        return due is not None

    async def _take_or_none(self) -> Piece | None:
        try:
            return await self.take()
        except Exception as error:  # whatever it was: nobody would miss a worker that ended
            _log.warning("no work could be taken, which will be tried again", channel=self._channel, exc_info=error)
            return None
