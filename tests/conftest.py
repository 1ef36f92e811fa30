"""What every test stands on: a real PostgreSQL, a database of its own, and the server behind real HTTP."""

import asyncio
import gc
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import msgspec
import pytest
import uvicorn

from kolofon.app import Parts, build
from kolofon.identity.oauth.key_store import KeyStore
from kolofon.identity.oauth.keys import StoredKey, new_key
from kolofon.identity.oauth.queries import add_key
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.embedded import EmbeddedPostgres
from kolofon.platform.migrations import migrate
from kolofon.platform.sealing import Secrets
from kolofon.platform.telemetry import configure_logging
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.databases import Databases
from tests.playground import Playground, Reader
from tests.processes import free_port

SECRETS = Secrets("a test installation's secret key!")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server for this run: the embedded one, or KOLOFON_TEST_DATABASE_URL."""
    given = os.environ.get("KOLOFON_TEST_DATABASE_URL")
    if given is not None:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="kolofon-test-"))
    try:
        with EmbeddedPostgres(folder) as server:
            yield server.url
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def databases(postgres: str) -> AsyncIterator[Databases]:
    """Where tests get their databases from."""
    if "KOLOFON_TEST_DATABASE_URL" not in os.environ:
        administrator = await asyncpg.connect(postgres)
        # This server's data is thrown away; tests that kill a server have one of their own.
        await administrator.execute("alter system set fsync = off")
        await administrator.execute("select pg_reload_conf()")
        await administrator.close()
    databases = Databases(postgres)
    await databases.prepare()
    yield databases
    await databases.remove()


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A migrated and empty database."""
    name = await databases.lend()
    yield databases.url(name)
    await databases.take_back(name)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    """A connection to the test's database."""
    connection = await asyncpg.connect(database_url)
    await prepare_connection(connection)
    yield connection
    await connection.close()


@pytest.fixture
def clock() -> Clock:
    """The clock of the test and its server; it can be moved."""
    return Clock()


@pytest.fixture
async def playground(connection: Connection, clock: Clock) -> Playground:
    """Two partners with clients and products."""
    playground = Playground(connection, clock)
    await playground.build()
    return playground


@pytest.fixture
async def reader(playground: Playground) -> Reader:
    """A reader of partner 1 with an active digital subscription."""
    reader = await playground.add_reader("kari@example.no", 1001)
    await playground.subscribe(1001, "DIGI")
    return reader


@pytest.fixture(scope="session")
def rsa_key() -> StoredKey:
    """Made once for all tests: it takes longer than most of them do."""
    return new_key(Clock().now(), "RS256", SECRETS.key(KeyStore.SEALING), first=True)


@pytest.fixture
async def server(playground: Playground, database_url: str, clock: Clock, rsa_key: StoredKey) -> AsyncIterator[Server]:
    """The whole program on a free port."""
    now = clock.now()
    await add_key(playground.connection, msgspec.structs.replace(rsa_key, created_at=now, active_from=now))
    async with running_server(database_url, clock) as server:
        playground.served = server.parts.catalogue
        yield server


@pytest.fixture
async def local_server(playground: Playground, database_url: str, clock: Clock) -> AsyncIterator[Server]:
    """The same at the address that its settings say, for clients that find their way by the metadata.

    Browsers allow http://localhost what else needs https: passkeys.
    """
    port = free_port()
    settings = Settings(log_level="error", port=port, public_url=f"http://localhost:{port}")
    async with running_server(database_url, clock, settings, port) as server:
        playground.served = server.parts.catalogue
        yield server


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A running, migrated server that belongs to one test, which may stop and kill it."""
    folder = Path(tempfile.mkdtemp(prefix="kolofon-test-"))
    server = EmbeddedPostgres(folder)
    try:
        migrate(server.start())
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


_ENDED = itertools.count(1)


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        # Uvicorn's own looks ten times a second whether it shall end, which most tests would wait for.
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn's own waits a tenth of a second, also for nothing: thousands of tests together, for minutes.
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.002)
        await self.lifespan.shutdown()


@asynccontextmanager
async def running_server(
    database_url: str, clock: Clock, settings: Settings | None = None, port: int = 0
) -> AsyncIterator[Server]:
    """Serve in this process, on a free port unless one is given; several may run on one database."""
    settings = settings or Settings(log_level="error")
    configure_logging(settings)
    parts = Parts(settings, database_url, SECRETS, clock)
    config = uvicorn.Config(
        build(parts), port=port, log_config=None, access_log=False, lifespan="on", server_header=False
    )
    uvicorn_server = _QuietServer(config)
    task = asyncio.create_task(uvicorn_server.serve())
    while not uvicorn_server.started:
        if task.done():
            await task
            raise RuntimeError("the server did not start")
        await asyncio.sleep(0.005)
    bound = uvicorn_server.servers[0].sockets[0].getsockname()[1]
    server = Server(settings.public_url if port else f"http://127.0.0.1:{bound}", parts)
    try:
        yield server
    finally:
        await server.close()
        uvicorn_server.should_exit = True
        await task
        if next(_ENDED) % 100 == 0:
            # Each server keeps what is there at its start from being collected, those before it too.
            gc.unfreeze()
