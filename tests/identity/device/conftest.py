from collections.abc import AsyncIterator

import pytest

from tests.browser_session import Server
from tests.identity.device.steps import Viewer, add_tv
from tests.playground import Playground


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await add_tv(playground)
    return playground


@pytest.fixture
async def viewer(server: Server) -> AsyncIterator[Viewer]:
    async with server.browser() as http:
        http.headers["Accept-Language"] = "en"
        yield Viewer(server, http)
