"""Sending what is due: at least once, each message by one worker at a time, and no transaction open meanwhile.

A worker takes a message for longer than sending can last. If it dies, the message is due again after that; if it died
between sending and noting so, the message is sent twice, with the same id (docs/decisions/0013).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from prometheus_client import Counter

from kolofon.events.outbox import queries
from kolofon.events.outbox.queries import DueMessage
from kolofon.events.outbox.ways import Ways
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.notifications import Subscription
from kolofon.providers.sending import Never, SendingFailed

_log = structlog.get_logger()
CHANNEL = "kolofon_message"
# Longer than the longest sending, by what two machines' clocks may differ.
TAKEN_FOR = timedelta(seconds=60)
LONGEST_SENDING = 45.0
KEPT = timedelta(days=30)
# RFC 5321, section 4.5.4.1: half an hour or more between attempts in the long run, and four days until giving up.
# The first pauses are shorter: somebody is waiting for a code that lasts ten minutes.
MOST_ATTEMPTS = 100
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_PROBLEM = 500
_AT_ONCE = 4
_POLL_SECONDS = 2.0

MESSAGES = Counter("kolofon_messages_total", "Attempts to send a message", ["kind", "outcome"])


def pause_after(attempt: int) -> timedelta:
    """How long a message rests after an attempt that failed: 5, 15, 45 seconds and so on, up to an hour."""
    factor: int = 3 ** min(attempt - 1, 10)
    return min(_FIRST_PAUSE * factor, _LONGEST_PAUSE)


class Delivery:
    """Sends messages as they are committed, and again those that failed when they are due."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock, ways: Ways) -> None:
        self._pool = pool
        self._clock = clock
        self._ways = ways
        self._heard_of_some = asyncio.Event()

    @property
    def subscription(self) -> Subscription:
        """What tells of messages the moment they are committed. The poll finds what is due again, or was missed."""

        async def fetch(_connection: Connection) -> None:
            self._heard_of_some.set()

        async def heard(_message: str, _connection: Connection) -> None:
            self._heard_of_some.set()

        return Subscription(CHANNEL, fetch, heard)

    async def run(self, poll_seconds: float = _POLL_SECONDS) -> None:
        """Send until cancelled; what is being sent then is due again after a minute."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def deliver(due: DueMessage) -> None:
            try:
                await self._deliver(due)
            except Exception as error:  # e.g. the database is away: the message is due again when its time is up
                _log.warning("the outcome of a message could not be noted", message_id=due.message_id, exc_info=error)
            finally:
                free.release()

        async with asyncio.TaskGroup() as under_way:
            while True:
                await free.acquire()
                self._heard_of_some.clear()
                due = await self._take_or_none()
                if due is not None:
                    under_way.create_task(deliver(due))
                    continue
                free.release()
                with suppress(TimeoutError):
                    async with asyncio.timeout(poll_seconds):
                        await self._heard_of_some.wait()

    async def deliver_next(self) -> bool:
        """Send one message that is due; False when none is."""
        due = await self._take()
        if due is not None:
            await self._deliver(due)
        return due is not None

    async def _take_or_none(self) -> DueMessage | None:
        try:
            return await self._take()
        except Exception as error:  # whatever it was: nobody would miss a worker that ended
            _log.warning("no messages could be taken, which will be tried again", exc_info=error)
            return None

    async def _take(self) -> DueMessage | None:
        now = self._clock.now()
        async with self._pool().acquire() as connection:
            return await queries.take_due_message(connection, now, now + TAKEN_FOR, MOST_ATTEMPTS)

    async def _deliver(self, due: DueMessage) -> None:
        try:
            async with asyncio.timeout(LONGEST_SENDING):
                left = await self._ways.send(due)
        except SendingFailed as failure:
            await self._note_failure(due, failure)
        except TimeoutError:
            await self._note_failure(due, SendingFailed("TimeoutError"))
        else:
            async with self._pool().acquire() as connection:
                # What was sent may hold a code, and need not be known any longer. What was not is read in the mailbox.
                await queries.note_sent(connection, due.message_id, self._clock.now(), keep_text=not left)
            self._account(due, "sent" if left else "mailbox")

    async def _note_failure(self, due: DueMessage, failure: SendingFailed) -> None:
        now = self._clock.now()
        again_at = now + pause_after(due.attempt)
        problem = failure.in_full[:_LONGEST_PROBLEM]
        hopeless = isinstance(failure, Never) or due.attempt >= MOST_ATTEMPTS or again_at >= due.message.expires_at
        async with self._pool().acquire() as connection:
            if hopeless:
                await queries.note_given_up(connection, due, problem, now)
            else:
                await queries.note_failed(connection, due, problem, again_at)
        self._account(due, "given_up" if hopeless else "failed", failure.problem)

    def _account(self, due: DueMessage, outcome: str, problem: str | None = None) -> None:
        """Count and log, without whom it was for and what it said."""
        kind = due.message.kind
        MESSAGES.labels(kind, outcome).inc()
        about = {"kind": kind, "message_id": due.message_id, "attempt": due.attempt}
        if problem is None:
            _log.info("a message was handed over", outcome=outcome, **about)
        elif outcome == "failed":
            _log.warning("a message was not sent and will be tried again", problem=problem, **about)
        else:
            _log.error("a message was given up", problem=problem, **about)


async def keep_messages_in_order(connection: Connection, clock: Clock) -> int:
    """Housekeeping: give up what may not be sent any more, forget what is done and old; returns how many went."""
    now = clock.now()
    for kind in await queries.give_up_overdue(connection, now, MOST_ATTEMPTS):
        MESSAGES.labels(kind, "given_up").inc()
        _log.error("a message was given up", kind=kind, problem="expired, or tried too often")
    return await queries.sweep_messages(connection, now - KEPT)
