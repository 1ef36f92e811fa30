from collections.abc import AsyncIterator

import pytest

from kolofon.platform.database import Pool, create_pool
from tests.providers.smtp_server import SmtpServer, smtp_server


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, 8)
    yield pool
    await pool.close()


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    async with smtp_server() as server:
        yield server
