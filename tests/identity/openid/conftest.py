from collections.abc import AsyncIterator

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.openid.steps import AFTER_LOGOUT, Person, register_logout
from tests.playground import Playground, Reader


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await register_logout(playground, AFTER_LOGOUT)
    return playground


@pytest.fixture
async def person(server: Server, clock: Clock, reader: Reader) -> AsyncIterator[Person]:
    async with server.browser() as http:
        yield Person(server, clock, reader, http)
