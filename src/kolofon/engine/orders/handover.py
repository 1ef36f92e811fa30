"""The hand-over of fulfilled orders by the worker.

Several orders of a partner are handed over in one transaction: they share its commit and the lock of the invoice
numbers, which is what limits their number. When one of them fails, each is done alone (docs/decisions/0020).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import asyncpg
import structlog
from prometheus_client import Counter

from kolofon.catalogue.live import LiveCatalogue
from kolofon.engine.calls import partner_clock
from kolofon.engine.orders import handover_queries as queries
from kolofon.engine.orders.handover_queries import DueOrders
from kolofon.engine.orders.transfer import hand_over
from kolofon.platform.clock import Clock
from kolofon.platform.database import Pool
from kolofon.platform.due_work import DueWork, pause_after
from kolofon.platform.errors import ApiError
from kolofon.platform.templating import one_line

_log = structlog.get_logger()
CHANNEL = "kolofon_order"
AT_ONCE = 25
# Longer than handing all of them over can last, one by one.
TAKEN_FOR = timedelta(minutes=5)
_LONGEST_PROBLEM = 300

HAND_OVERS = Counter("kolofon_order_hand_overs_total", "Orders handed over, or not", ["outcome"])


class HandOver(DueWork[DueOrders]):
    """Hands orders over as they are completed, and again those that failed: never given up, never twice."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock, catalogue: LiveCatalogue) -> None:
        super().__init__(CHANNEL)
        self._pool = pool
        self._clock = clock
        self._catalogue = catalogue

    async def take(self) -> DueOrders | None:
        """Take what has been due longest, and more of that partner."""
        now = self._clock.now()
        async with self._pool().acquire() as connection:
            return await queries.take_due(connection, now, now + TAKEN_FOR, AT_ONCE)

    def name(self, due: DueOrders) -> dict[str, object]:
        """How many, and of whom."""
        return {"partner_id": due.partner_id, "orders": len(due.attempts)}

    async def do(self, due: DueOrders) -> None:
        """Hand them over, and note the problem of each that could not be."""
        try:
            await self._hand_over(due.partner_id, list(due.attempts))
        except Exception as error:  # whatever it was: only one of them may have it
            if len(due.attempts) == 1:
                await self._note_problem(due, error)
                return
            for order_id, attempt in due.attempts.items():
                await self.do(DueOrders(partner_id=due.partner_id, attempts={order_id: attempt}))

    async def _hand_over(self, partner_id: int, order_ids: Sequence[int]) -> None:
        partner = self._catalogue.current.partner(partner_id)
        async with self._pool().acquire() as connection, connection.transaction():
            done = await hand_over(connection, partner, partner_clock(partner, self._clock).now(), order_ids)
        HAND_OVERS.labels("handed_over").inc(len(done))

    async def _note_problem(self, due: DueOrders, error: Exception) -> None:
        ((order_id, attempt),) = due.attempts.items()
        again_at = self._clock.now() + pause_after(attempt)
        async with self._pool().acquire() as connection:
            await queries.note_problem(connection, order_id, attempt, _words(error), again_at)
        HAND_OVERS.labels("failed").inc()
        _log.error("an order could not be handed over and will be tried again", order_id=order_id, exc_info=error)


def _words(error: Exception) -> str:
    """What is kept of an error: a refusal of ours in its words, anything else by its kind, since it may name people."""
    if isinstance(error, ApiError):
        return one_line(f"{type(error).__name__}: {error.message}")[:_LONGEST_PROBLEM]
    if isinstance(error, asyncpg.PostgresError):
        return f"{type(error).__name__} {error.sqlstate}"
    return type(error).__name__
