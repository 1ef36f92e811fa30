from collections.abc import AsyncIterator

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.consent.steps import GUEST, OTHER_GUEST
from tests.identity.openid.steps import Person
from tests.playground import CALLBACK, WEB_SECRET, Playground, Reader


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.add_client(GUEST, 1, WEB_SECRET, [CALLBACK], name="Kryssordbladet", third_party=True)
    await playground.add_client(OTHER_GUEST, 1, WEB_SECRET, [CALLBACK], third_party=True)
    return playground


@pytest.fixture
async def person(server: Server, clock: Clock, reader: Reader) -> AsyncIterator[Person]:
    async with server.browser() as http:
        yield Person(server, clock, reader, http)
