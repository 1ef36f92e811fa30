"""What happens to subscriptions by itself when its time has come: they begin, end, rest and go on."""

from collections.abc import Iterator
from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.subscriptions import queries
from kolofon.engine.subscriptions.queries import Held, Move
from kolofon.engine.subscriptions.rules import Cause, due_step
from kolofon.engine.subscriptions.writing import Change, change_of, write
from kolofon.platform.database import Connection

ACTOR = "worker"
# Access ends with a pause and opens after it, so it is told of like a stop.
_TOLD: dict[Cause, str] = {"begun": "start", "ended": "stop", "paused": "stop", "resumed": "stop_reset"}


async def change_states(connection: Connection, partner: PartnerCatalogue, now: datetime, most: int = 1000) -> int:
    """Change up to `most` subscriptions whose time has come, in one transaction; returns how many were changed.

    Of each one change: what is due after it, as after a long sleep, is found by the next call. 0: nothing is due.
    """
    async with connection.transaction():
        held = await queries.take_due(connection, partner.partner_id, now, most)
        if not held:
            return 0
        changes: list[Change] = []
        moves: list[Move] = []
        for change, move in _steps(held, partner, now):
            changes.append(change)
            if move is not None:
                moves.append(move)
        if moves:
            await queries.move_periods(connection, partner.partner_id, moves, partner.offers.time_zone)
        await write(connection, partner.partner_id, now, changes, ACTOR)
        return len(changes)


def _steps(held: list[Held], partner: PartnerCatalogue, now: datetime) -> Iterator[tuple[Change, Move | None]]:
    for one in held:
        step = due_step(one.standing, now, partner.offers.time_zone, partner.offers.renewal_days, one.last_start)
        if step is None:
            continue
        first = one.standing.pause_from
        move = None
        if step.days and first is not None:
            move = Move(
                customer_number=one.customer_number, subscription_id=one.subscription_id, after=first, days=step.days
            )
        yield change_of(one, step.standing, step.cause, step.at, _TOLD[step.cause]), move
