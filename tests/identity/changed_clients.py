"""Changing a client while servers run."""

from tests.browser_session import Server
from tests.identity.steps import eventually
from tests.playground import Playground


async def change_client(server: Server, playground: Playground, client_id: str, change: str) -> None:
    """Change columns of a client, and wait until the server has heard of it."""
    await playground.connection.execute(f"update client set {change} where client_id = $1", client_id)
    await announced(server, playground)


async def announced(server: Server, playground: Playground) -> None:
    """Announce a change of the catalogue, and wait until the server has heard of it."""
    before = server.parts.catalogue.current

    async def is_heard() -> bool:
        return server.parts.catalogue.current is not before

    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
    await eventually(is_heard)
