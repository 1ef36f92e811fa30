"""Connections: what they are set to, and what they make of values."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from kolofon.platform.database import Connection, create_pool
from kolofon.platform.errors import Unavailable, as_api_error

VALUES: list[Any] = [None, True, 12, -1.5, "blåbær \u2028 \U0001f600", [1, [None]], {"a": {"b": []}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_jsonb_goes_in_and_comes_out_as_python_values(connection: Connection, value: Any) -> None:
    # None alone is SQL's null; in a list it is JSON's.
    assert await connection.fetchval("select $1::jsonb", value) == value
    assert await connection.fetchval("select $1::jsonb", [value]) == [value]


async def test_the_connections_of_a_pool_work_in_utc_and_are_not_left_in_a_transaction(database_url: str) -> None:
    pool = await create_pool(database_url, 2)
    row = await pool.fetchrow(
        """
        select current_setting('timezone'), current_setting('idle_in_transaction_session_timeout'),
            current_setting('jit'), current_setting('application_name')
        """
    )
    assert row is not None
    assert tuple(row) == ("UTC", "1min", "off", "kolofon")
    time = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert await pool.fetchval("select $1::timestamptz", time) == time
    assert await pool.fetchval("select '[1]'::jsonb") == [1]
    await pool.close()


async def test_a_pool_opens_no_more_connections_than_it_may_and_the_next_waits(database_url: str) -> None:
    pool = await create_pool(database_url, 2)
    async with pool.acquire(), pool.acquire():
        with pytest.raises(TimeoutError):
            await pool.acquire(timeout=0.05)
    assert pool.get_size() == 2
    await pool.close()


async def test_a_transaction_that_fails_gives_its_connection_back_clean(database_url: str) -> None:
    pool = await create_pool(database_url, 2)
    for _ in range(4):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("select 1 / 0")
    async with pool.acquire() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("select 1") == 1
    await pool.close()


async def test_a_pool_survives_that_the_server_ends_its_connections(database_url: str, connection: Connection) -> None:
    pool = await create_pool(database_url, 2)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> $1",
        connection.get_server_pid(),
    )
    for _ in range(2):
        try:
            await pool.fetchval("select 1")
        except Exception as error:
            assert isinstance(as_api_error(error), Unavailable)  # noqa: PT017
    assert await pool.fetchval("select 1") == 1
    await pool.close()
