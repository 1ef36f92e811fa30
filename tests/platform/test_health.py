"""Is it alive, is it ready."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from kolofon import __version__
from kolofon.platform.clock import Clock
from kolofon.platform.embedded import EmbeddedPostgres
from tests.browser_session import Server, bearer
from tests.conftest import running_server
from tests.playground import WEB, Playground, Reader
from tests.waiting import until

PRIVACY = "/capi/v1/customer/privacy/NEWS"
DM = {"permission": [{"purpose": "DM"}]}


@pytest.fixture
async def fragile(
    own_postgres: EmbeddedPostgres, clock: Clock
) -> AsyncIterator[tuple[Server, EmbeddedPostgres, Reader]]:
    connection = await asyncpg.connect(own_postgres.url)
    playground = Playground(connection, clock)
    await playground.build()
    reader = await playground.add_reader("kari@example.no", 1001)
    await connection.close()
    async with running_server(own_postgres.url, clock) as server:
        yield server, own_postgres, reader


async def becomes(server: Server, status: int) -> None:
    async def is_so() -> bool:
        return (await server.http.get("/ready")).status_code == status

    await until(is_so)


async def test_a_server_with_all_it_needs_is_alive_and_ready(server: Server) -> None:
    assert (await server.http.get("/health")).json() == {"status": "alive", "version": __version__}
    answer = await server.http.get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "version": __version__}


async def test_it_is_not_ready_while_migrations_are_missing(server: Server, playground: Playground) -> None:
    await playground.connection.execute("delete from _yoyo_migration where migration_id = '0004_platform'")
    answer = await server.http.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"problems": ["migrations are missing: 0004_platform; run kolofon migrate"]}
    assert (await server.http.get("/health")).status_code == 200
    await playground.connection.execute("drop table _yoyo_migration")
    assert "0001_catalogue" in (await server.http.get("/ready")).text


async def test_without_its_database_it_is_alive_and_not_ready_and_comes_back_with_it(
    fragile: tuple[Server, EmbeddedPostgres, Reader],
) -> None:
    server, postgres, reader = fragile
    headers = bearer(await server.user_token(reader.credential))
    assert (await server.http.get("/ready")).status_code == 200
    await asyncio.to_thread(postgres.stop)
    answer = await server.http.get("/ready")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.json()["problems"][0]
    assert (await server.http.get("/health")).status_code == 200
    await asyncio.to_thread(postgres.start)
    await becomes(server, 200)
    assert (await server.http.post(PRIVACY, json=DM, headers=headers)).json() == DM
    await hears_again(server, postgres)


async def hears_again(server: Server, postgres: EmbeddedPostgres) -> None:
    """What is announced after the outage is heard: the server listens on a new connection."""
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("update client set name = 'renamed' where client_id = $1", WEB)
    await connection.execute("select pg_notify('kolofon_catalogue', '')")
    await connection.close()

    async def is_heard() -> bool:
        return server.parts.catalogue.current.clients[WEB].name == "renamed"

    await until(is_heard)


async def test_while_the_database_is_gone_calls_are_answered_with_503_and_when_to_come_back(
    fragile: tuple[Server, EmbeddedPostgres, Reader],
) -> None:
    server, postgres, reader = fragile
    headers = bearer(await server.user_token(reader.credential))
    await asyncio.to_thread(postgres.stop)
    await becomes(server, 503)
    for key in ({}, {"Idempotency-Key": "k"}):
        for _ in range(2):
            answer = await server.http.post(PRIVACY, json=DM, headers=headers | key)
            assert answer.status_code == 503, answer.text
            assert answer.json()["exceptionType"] == "ServiceUnavailableException"
            assert answer.headers["retry-after"] == "5"
    answer = await server.http.get("/user/oauth/jwks")
    assert answer.status_code == 200
    await asyncio.to_thread(postgres.start)
    await becomes(server, 200)
    answer = await server.http.post(PRIVACY, json=DM, headers=headers | {"Idempotency-Key": "k"})
    assert answer.status_code == 200
    assert "idempotency-replayed" not in answer.headers


async def test_a_connection_lost_in_the_middle_of_a_change_is_503_and_the_change_undone(
    fragile: tuple[Server, EmbeddedPostgres, Reader],
) -> None:
    server, postgres, reader = fragile
    headers = bearer(await server.user_token(reader.credential))
    holder = await asyncpg.connect(postgres.url)
    other = await asyncpg.connect(postgres.url)
    for key in ({}, {"Idempotency-Key": "k"}):
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from customer where customer_number = 1001 for update")
        change = asyncio.create_task(server.http.post(PRIVACY, json=DM, headers=headers | key))

        async def ended() -> bool:
            query = "select pid from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))"
            pid = await other.fetchval(query, holder.get_server_pid())
            return pid is not None and bool(await other.fetchval("select pg_terminate_backend($1)", pid))

        await until(ended)
        answer = await change
        await transaction.rollback()
        assert answer.status_code == 503, answer.text
        assert await other.fetchval("select count(*) from privacy_permission") == 0
    assert (await server.http.post(PRIVACY, json=DM, headers=headers)).status_code == 200
    await holder.close()
    await other.close()
