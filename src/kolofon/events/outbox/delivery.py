"""Sending what is due: at least once, each message by one worker at a time, and no transaction open meanwhile.

A worker takes a message for longer than sending can last. If it dies, the message is due again after that; if it died
between sending and noting so, the message is sent twice, with the same id (docs/decisions/0013).
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from prometheus_client import Counter

from kolofon.events.outbox import queries
from kolofon.events.outbox.queries import DueMessage
from kolofon.events.outbox.ways import Ways
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.due_work import DueWork, pause_after
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
_LONGEST_PROBLEM = 500

MESSAGES = Counter("kolofon_messages_total", "Attempts to send a message", ["kind", "outcome"])


class Delivery(DueWork[DueMessage]):
    """Sends messages as they are committed, and again those that failed when they are due."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock, ways: Ways) -> None:
        super().__init__(CHANNEL)
        self._pool = pool
        self._clock = clock
        self._ways = ways

    async def take(self) -> DueMessage | None:
        """Take the message that has been due longest."""
        now = self._clock.now()
        async with self._pool().acquire() as connection:
            return await queries.take_due_message(connection, now, now + TAKEN_FOR, MOST_ATTEMPTS)

    def name(self, due: DueMessage) -> dict[str, object]:
        """The message's id, and neither recipient nor text."""
        return {"message_id": due.message_id}

    async def do(self, due: DueMessage) -> None:
        """Hand a message over, and note whether it left."""
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
