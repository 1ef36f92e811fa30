from collections.abc import AsyncIterator

import asyncpg
import pytest

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.platform.database import Connection, prepare_connection
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
