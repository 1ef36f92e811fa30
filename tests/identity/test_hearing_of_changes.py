"""What one process changes reaches the others, also when their line to the database is cut."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.steps import eventually, is_accepted, is_refused, refresh, revoke
from tests.identity.test_access_tokens import published_keys
from tests.playground import Reader


@pytest.fixture
async def second(server: Server, database_url: str, clock: Clock) -> AsyncIterator[Server]:
    async with running_server(database_url, clock) as second:
        yield second


@asynccontextmanager
async def cut_line(postgres: str, connection: Connection) -> AsyncIterator[None]:
    """End every listening connection to the test's database and let no new connection in."""
    name = await connection.fetchval("select current_database()")
    administrator = await asyncpg.connect(postgres)
    try:
        await administrator.execute(f"alter database {name} allow_connections false")
        ended = await administrator.fetch(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = $1 and application_name = 'kolofon listener'
            """,
            name,
        )
        assert ended
        yield
        await administrator.execute(f"alter database {name} allow_connections true")
    finally:
        await administrator.close()


async def _hears(server: Server) -> bool:
    return server.parts.notifications.fresh


async def _is_deaf(server: Server) -> bool:
    return not server.parts.notifications.fresh


async def test_another_process_refuses_a_revoked_token(server: Server, second: Server, reader: Reader) -> None:
    one, other = await server.user_tokens(reader.credential), await second.user_tokens(reader.credential)
    assert await is_accepted(second, one["access_token"])
    assert await is_accepted(server, other["access_token"])
    await revoke(server, one["access_token"])
    await revoke(second, other["refresh_token"])
    await eventually(partial(is_refused, second, one["access_token"]))
    await eventually(partial(is_refused, server, other["access_token"]))


async def test_a_process_that_starts_later_knows_what_was_revoked_before(
    server: Server, reader: Reader, database_url: str, clock: Clock
) -> None:
    tokens = await server.user_tokens(reader.credential)
    await revoke(server, tokens["refresh_token"])
    async with running_server(database_url, clock) as successor:
        assert not await is_accepted(successor, tokens["access_token"])


async def test_a_process_that_cannot_hear_asks_the_table_and_catches_up_when_it_hears_again(
    server: Server, second: Server, reader: Reader, postgres: str, connection: Connection
) -> None:
    revoked, living = await server.user_tokens(reader.credential), await server.user_tokens(reader.credential)
    assert await is_accepted(second, revoked["access_token"])
    held = len(second.parts.revocations)
    async with cut_line(postgres, connection):
        await eventually(partial(_is_deaf, second))
        assert (await revoke(server, revoked["refresh_token"])).status_code == 200
        assert not await is_accepted(second, revoked["access_token"])
        assert await is_accepted(second, living["access_token"])
        assert (await refresh(second, living["refresh_token"])).status_code == 200
        assert len(second.parts.revocations) == held
    await eventually(partial(_hears, second))
    assert len(second.parts.revocations) == held + 1
    assert not await is_accepted(second, revoked["access_token"])
    assert await is_accepted(second, living["access_token"])


async def test_a_message_that_no_one_understands_does_not_make_a_process_deaf(
    server: Server, connection: Connection
) -> None:
    await connection.execute("select pg_notify('kolofon_revocation', 'not a revocation')")
    new_key = await server.parts.key_store.rotate(connection)

    async def publishes() -> bool:
        return new_key.kid in {key["kid"] for key in await published_keys(server)}

    await eventually(publishes)
    await eventually(partial(_hears, server))
    assert server.parts.notifications.fresh
