"""Telling clients how an order ended: a GET to the address they gave, at least once, for about half a day.

The address is a row, written in the transaction that completes the order; the worker calls it (docs/decisions/0020).
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property

import httpx
import structlog
from prometheus_client import Counter

from kolofon.engine.orders import callback_queries as queries
from kolofon.engine.orders.callback_queries import DueCallback
from kolofon.engine.return_urls import with_fulfillment_status
from kolofon.platform.clock import Clock
from kolofon.platform.database import Pool
from kolofon.platform.due_work import DueWork, pause_after

_log = structlog.get_logger()
CHANNEL = "kolofon_order_callback"
LONGEST_ATTEMPT = 10.0
# Longer than the longest attempt, by what two machines' clocks may differ.
TAKEN_FOR = timedelta(seconds=60)
# Attempts come ever more slowly, at last once an hour: these are about half a day.
MOST_ATTEMPTS = 16

CALLBACKS = Counter("kolofon_order_callbacks_total", "Attempts to call a client back about an order", ["outcome"])


class Callbacks(DueWork[DueCallback]):
    """Calls as orders end, and again where nobody answered well. What is answered is not read."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock, longest_attempt: float = LONGEST_ATTEMPT) -> None:
        super().__init__(CHANNEL)
        self._pool = pool
        self._clock = clock
        self._longest_attempt = longest_attempt

    async def take(self) -> DueCallback | None:
        """Take what has been due longest."""
        now = self._clock.now()
        async with self._pool().acquire() as connection:
            return await queries.take_due(connection, now, now + TAKEN_FOR)

    def name(self, due: DueCallback) -> dict[str, object]:
        """The order, and not the address: it may hold what is the client's own."""
        return {"order_id": due.order_id, "attempt": due.attempt}

    async def do(self, due: DueCallback) -> None:
        """Call, and note whether that was heard."""
        problem = await self._call(with_fulfillment_status(due.url, due.fulfillment_status))
        now = self._clock.now()
        async with self._pool().acquire() as connection:
            if problem is None:
                await queries.note_done(connection, due, now)
            elif due.attempt >= MOST_ATTEMPTS:
                await queries.note_given_up(connection, due, problem, now)
            else:
                await queries.note_failed(connection, due, problem, now + pause_after(due.attempt))
        self._account(due, problem)

    async def close(self) -> None:
        """Hang up."""
        if "_http" in self.__dict__:
            await self._http.aclose()

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        # Made when it is needed first: most processes never call anybody.
        headers = {"User-Agent": "Kolofon", "Accept": "*/*"}
        # A redirect could lead to where no client may have us call.
        return httpx.AsyncClient(follow_redirects=False, timeout=self._longest_attempt, headers=headers)

    async def _call(self, url: str) -> str | None:
        """What went wrong, in a word; None when the client has heard."""
        try:
            async with (
                # httpx bounds each step; a client that sends a byte now and then would never end.
                asyncio.timeout(self._longest_attempt),
                self._http.stream("GET", url) as answer,
            ):
                return None if answer.is_success else str(answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return type(error).__name__

    def _account(self, due: DueCallback, problem: str | None) -> None:
        if problem is None:
            CALLBACKS.labels("called").inc()
            _log.info("a client was called back about an order", **self.name(due))
        elif due.attempt < MOST_ATTEMPTS:
            CALLBACKS.labels("failed").inc()
            _log.warning("a client was not called back about an order and will be", problem=problem, **self.name(due))
        else:
            CALLBACKS.labels("given_up").inc()
            _log.error("calling a client back about an order was given up", problem=problem, **self.name(due))
