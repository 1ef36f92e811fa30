"""The run that lets time pass for subscriptions: what begins and ends, the next periods, reminders and stops."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
import structlog

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.billing.dunning import remind
from kolofon.engine.billing.renewal import renew_batch
from kolofon.engine.calls import partner_clock
from kolofon.engine.subscriptions.running import change_states
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Lock, Pool, try_partner_lock, wait_for_partner_lock

_log = structlog.get_logger()
_ROUND_SECONDS = 60


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened: states that changed, periods that were renewed, invoices that were looked at again."""

    changed: int = 0
    renewed: int = 0
    reminded: int = 0

    def __add__(self, other: "Lived") -> "Lived":
        return Lived(
            changed=self.changed + other.changed,
            renewed=self.renewed + other.renewed,
            reminded=self.reminded + other.reminded,
        )

    @property
    def anything(self) -> bool:
        """Whether anything has happened."""
        return bool(self.changed or self.renewed or self.reminded)


async def live_through(
    connection: Connection, partner: PartnerCatalogue, now: datetime, *, wait: bool = False
) -> Lived:
    """Do all that is due for a partner by now, portion by portion, each in a transaction of its own.

    Dying in between loses nothing: the next run goes on. While another process is at it, this one leaves it to that,
    unless it is to wait for its turn.
    """
    lived = Lived()
    while True:
        done = await _portion(connection, partner, now, wait=wait)
        if done is None or not done.anything:
            return lived
        lived += done


async def _portion(connection: Connection, partner: PartnerCatalogue, now: datetime, *, wait: bool) -> Lived | None:
    """The first thing of which there is something to do; None: another process is at it.

    In this order: what has ended is not renewed, and what is renewed is not stopped in the same moment.
    """
    async with connection.transaction():
        # Two at once would only wait for each other: all they do is safe against each other without this.
        if wait:
            await wait_for_partner_lock(connection, Lock.SUBSCRIPTIONS, partner.partner_id)
        elif not await try_partner_lock(connection, Lock.SUBSCRIPTIONS, partner.partner_id):
            return None
        changed = await change_states(connection, partner, now)
        if changed:
            return Lived(changed=changed)
        batch = await renew_batch(connection, partner, now)
        if batch.taken:
            return Lived(renewed=batch.taken)
        return Lived(reminded=await remind(connection, partner, now))


class LifeRun:
    """Keeps every partner's subscriptions up to the time of that partner."""

    def __init__(self, pool: Callable[[], Pool], clock: Clock, catalogue: LiveCatalogue) -> None:
        self._pool = pool
        self._clock = clock
        self._catalogue = catalogue

    async def run(self, round_seconds: float = _ROUND_SECONDS) -> None:
        """Do rounds until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(round_seconds)

    async def once(self) -> Lived:
        """One round. What fails for a partner is logged and tried again in the next, and holds up no other partner."""
        lived = Lived()
        for partner in self._catalogue.current.partners:
            try:
                async with self._pool().acquire() as connection:
                    lived += await live_through(connection, partner, partner_clock(partner, self._clock).now())
            except Exception as error:  # whatever it was: nobody would miss a worker that ended
                _log.error("subscriptions could not be kept up to date", partner=partner.code, exc_info=error)
        if lived.anything:
            _log.info("time has passed for subscriptions", **msgspec.structs.asdict(lived))
        return lived
