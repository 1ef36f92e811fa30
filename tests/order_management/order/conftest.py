import pytest

from tests.browser_session import Server
from tests.order_management.order.ordering import Shop
from tests.playground import OTHER, OTHER_SECRET, Reader


@pytest.fixture
async def shop(server: Server) -> Shop:
    """The web client of partner 1."""
    return Shop(server, await server.client_token(), is_client=True)


@pytest.fixture
async def other_shop(server: Server) -> Shop:
    """The web client of partner 2."""
    return Shop(server, await server.client_token(OTHER, OTHER_SECRET), is_client=True)


@pytest.fixture
async def kari(server: Server, reader: Reader) -> Shop:
    """The reader, who is customer 1001 of partner 1."""
    return Shop(server, await server.user_token(reader.credential), is_client=False)
