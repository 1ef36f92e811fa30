from collections.abc import AsyncIterator

import asyncpg
import pytest

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from tests.engine.customers.belongings import Belongings, Merger
from tests.playground import Playground


@pytest.fixture
async def partner(playground: Playground) -> PartnerCatalogue:
    """Partner 1."""
    return (await read_catalogue(playground.connection)).partner(1)


@pytest.fixture
async def other_partner(playground: Playground) -> PartnerCatalogue:
    """Partner 2."""
    return (await read_catalogue(playground.connection)).partner(2)


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Connection]:
    """A second connection to the test's database."""
    connection = await asyncpg.connect(database_url)
    await prepare_connection(connection)
    yield connection
    await connection.close()


@pytest.fixture
def merge(connection: Connection, partner: PartnerCatalogue, clock: Clock) -> Merger:
    """Merges customers of partner 1."""
    return Merger(connection, partner, clock)


@pytest.fixture
async def belongings(playground: Playground) -> Belongings:
    """A friend is there; nobody else."""
    belongings = Belongings(playground)
    await belongings.friend()
    return belongings
