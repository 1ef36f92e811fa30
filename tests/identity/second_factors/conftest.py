from collections.abc import AsyncIterator

import pytest

from kolofon.platform.clock import Clock
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.second_factors.authenticator import ORIGIN
from tests.playground import Playground


@pytest.fixture
async def named_server(playground: Playground, database_url: str, clock: Clock) -> AsyncIterator[Server]:
    """The whole program under a name: browsers know no passkeys of addresses."""
    async with running_server(database_url, clock, Settings(log_level="error", public_url=ORIGIN)) as server:
        yield server
