from collections.abc import AsyncIterator

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.back_channel_logout.client_server import ClientServer, client_server
from tests.identity.back_channel_logout.steps import listen_at
from tests.identity.openid.steps import AFTER_LOGOUT, Person, register_logout
from tests.playground import WEB, Playground, Reader


@pytest.fixture
async def client() -> AsyncIterator[ClientServer]:
    async with client_server() as server:
        yield server


@pytest.fixture
async def playground(playground: Playground, client: ClientServer) -> Playground:
    """The web client is told of logouts, and no other."""
    await register_logout(playground, AFTER_LOGOUT)
    await listen_at(playground, WEB, client.url())
    return playground


@pytest.fixture
async def person(server: Server, clock: Clock, reader: Reader) -> AsyncIterator[Person]:
    async with server.browser() as http:
        yield Person(server, clock, reader, http)
