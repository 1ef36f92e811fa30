"""What the tests of orders stand on."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool, create_pool
from tests.ordering import Ordering
from tests.playground import Playground


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    """Registers orders."""
    return Ordering(playground.connection, clock)


@pytest.fixture
async def partner(playground: Playground) -> PartnerCatalogue:
    """What partner 1 sells."""
    return (await read_catalogue(playground.connection)).partner(1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections for many at once."""
    pool = await create_pool(database_url, 10)
    yield pool
    await pool.close()


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator[Connection]:
    """A second connection, to hold or to see something meanwhile."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
