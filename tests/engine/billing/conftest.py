from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest

from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.dates import start_of_day
from tests.engine.billing.counter import Counter
from tests.engine.subscriptions.desk import ZONE, open_desk
from tests.playground import Playground


@pytest.fixture
async def counter(playground: Playground) -> Counter:
    """On a quarter past nine of 15 January 2027; customer 1001 is there."""
    playground.clock.move(
        start_of_day(date(2027, 1, 15), ZONE) + timedelta(hours=9, minutes=15) - playground.clock.now()
    )
    counter = Counter(await open_desk(playground))
    await counter.desk.customer(1001)
    return counter


@pytest.fixture
async def other_connection(database_url: str) -> AsyncIterator[Connection]:
    """A connection of somebody else's."""
    connection = await asyncpg.connect(database_url)
    await prepare_connection(connection)
    yield connection
    await connection.close()
