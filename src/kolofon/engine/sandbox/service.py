"""Moving a sandbox's clock ahead, and living through the time in between."""

from collections.abc import Callable
from datetime import timedelta

from kolofon.catalogue.memory import read_catalogue
from kolofon.catalogue.queries import announce
from kolofon.engine.calls import partner_clock
from kolofon.engine.sandbox.queries import move_clock
from kolofon.engine.subscriptions.life_run import Lived, live_through
from kolofon.failures import Failure
from kolofon.platform import audit
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection

_A_DAY = timedelta(days=1)


class NotASandbox(Failure):
    """The clock of a real partner is nobody's to move."""


async def move(
    connection: Connection, clock: Clock, partner_id: int, days: int, progress: Callable[[int], None], actor: str
) -> Lived:
    """Live through so many days, one at a time: each is committed, with all that happens on it. Never goes back.

    `progress` hears how many days have passed. Raises NotASandbox.
    """
    lived = Lived()
    for day in range(1, days + 1):
        async with connection.transaction():
            ahead = await move_clock(connection, partner_id, _A_DAY)
            if ahead is None:
                raise NotASandbox("only the clock of a sandbox can be moved: its publisher file says sandbox: true")
            change = audit.Change(
                action="sandboxMove", subject=f"partner:{partner_id}", after={"aheadDays": ahead / _A_DAY}
            )
            await audit.record_command(connection, clock, partner_id, actor, change)
            await announce(connection)
        partner = (await read_catalogue(connection)).partner(partner_id)
        lived += await live_through(connection, partner, partner_clock(partner, clock).now(), wait=True)
        progress(day)
    return lived
