"""A reader at home, at noon of a day, so that no test meets midnight."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.customer_data.address.mover import OSLO, Mover, mover
from tests.playground import Playground, Reader


@pytest.fixture
def today(clock: Clock) -> date:
    """The day in Oslo; it is noon there."""
    now = clock.now().astimezone(ZoneInfo(OSLO))
    day = now.date() + timedelta(days=1)
    clock.move(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(OSLO)) - now)
    return day


@pytest.fixture
async def kari(server: Server, reader: Reader, today: date) -> Mover:
    """Customer 1001 of partner 1, without an address."""
    return await mover(server, reader.credential, today)


@pytest.fixture
async def at_home(kari: Mover) -> Mover:
    """The same in Storgata 1."""
    await kari("update", kari.storgata)
    return kari


@pytest.fixture
async def neighbour(server: Server, playground: Playground, today: date) -> Mover:
    """Customer 1002 of partner 1, in Storgata 3."""
    await playground.add_reader("ola@example.no", 1002)
    neighbour = await mover(server, "ola@example.no", today)
    await neighbour("update", neighbour.storgata | {"streetNumber": 3})
    return neighbour
