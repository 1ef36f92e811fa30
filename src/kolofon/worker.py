"""What happens later. Any number of workers may run: each piece of work is taken by one of them at a time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from kolofon.engine.accounts.link_queries import sweep_links
from kolofon.engine.accounts.links import KEPT as LINKS_KEPT
from kolofon.events.outbox.delivery import Delivery, keep_messages_in_order
from kolofon.identity.back_channel_logout.telling import Telling, keep_logouts_in_order
from kolofon.identity.codes.queries import sweep_codes
from kolofon.identity.codes.service import KEPT as CODES_KEPT
from kolofon.identity.device.queries import sweep_devices
from kolofon.identity.device.service import KEPT as DEVICES_KEPT
from kolofon.identity.external_sign_in.queries import sweep_requests
from kolofon.identity.oauth.housekeeping_queries import sweep as sweep_oauth
from kolofon.identity.oauth.key_store import KeyStore
from kolofon.identity.queries import sweep_sessions
from kolofon.identity.remember_me.queries import sweep_logins
from kolofon.identity.sessions import SIGN_INS_KEPT, WRONG_PASSWORDS_KEPT
from kolofon.identity.sign_in_queries import sweep_sign_ins
from kolofon.order_management.order.expiring import expire_orders
from kolofon.platform.clock import Clock
from kolofon.platform.database import Lock, Pool, try_lock
from kolofon.platform.idempotency import KEPT, sweep_idempotency_keys

_log = structlog.get_logger()
_ROUND_SECONDS = 60


class _Work(Protocol):
    async def run(self) -> None:
        """Work until cancelled; what fails is logged and tried again."""


class Worker:
    """Sends messages, hands orders over, lets time pass for subscriptions, tells clients of ended sessions and orders,
    removes what has expired and rotates keys when they are due.
    """

    def __init__(
        self,
        pool: Callable[[], Pool],
        clock: Clock,
        key_store: KeyStore,
        delivery: Delivery,
        telling: Telling,
        *others: _Work,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._key_store = key_store
        self._delivery = delivery
        self._telling = telling
        self._others = others

    async def run(self, round_seconds: float = _ROUND_SECONDS) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as work:
            work.create_task(self._delivery.run())
            work.create_task(self._telling.run())
            for other in self._others:
                work.create_task(other.run())
            work.create_task(self._keep_house_for_ever(round_seconds))

    async def _keep_house_for_ever(self, round_seconds: float) -> None:
        """A round that fails is logged and tried again: nothing is lost by its absence."""
        while True:
            try:
                await self.keep_house()
            except Exception as error:  # whatever it was: nobody would miss a worker that ended
                _log.warning("housekeeping failed and will be tried again", exc_info=error)
            await asyncio.sleep(round_seconds)

    async def keep_house(self) -> int:
        """One round; returns how many rows were removed. Does nothing while another worker is at it."""
        async with self._pool().acquire() as connection, connection.transaction():
            if not await try_lock(connection, Lock.HOUSEKEEPING):
                return 0
            now = self._clock.now()
            removed = await sweep_oauth(connection, now)
            removed += await sweep_sessions(connection, now)
            removed += await sweep_codes(connection, now - CODES_KEPT)
            removed += await sweep_logins(connection, now)
            removed += await sweep_requests(connection, now)
            removed += await sweep_sign_ins(connection, now - SIGN_INS_KEPT, now - WRONG_PASSWORDS_KEPT)
            removed += await sweep_links(connection, now - LINKS_KEPT)
            removed += await sweep_devices(connection, now - DEVICES_KEPT)
            removed += await sweep_idempotency_keys(connection, now - KEPT)
            removed += await keep_messages_in_order(connection, self._clock)
            removed += await keep_logouts_in_order(connection, self._clock)
            await expire_orders(connection, now)
            await self._key_store.rotate_when_due(connection)
        if removed:
            _log.info("removed what had expired", rows=removed)
        return removed
