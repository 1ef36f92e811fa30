"""Killed in the middle of its work: nothing that was acknowledged is lost, nothing is half done."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.embedded import EmbeddedPostgres
from kolofon.platform.ids import hash_secret
from tests.browser_session import bearer
from tests.crash.load import PRIVACY, BusyReader, Load
from tests.playground import Playground, Reader
from tests.processes import wait_for_death, web_process
from tests.waiting import until, until_waiting

ENOUGH = 150


async def under_way(load: Load) -> None:
    before = load.acknowledged

    async def is_under_way() -> bool:
        return load.acknowledged >= before + ENOUGH

    await until(is_under_way)


async def test_a_server_that_is_killed_has_lost_nothing_it_acknowledged(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    async with web_process(database_url, tmp_path) as web:
        load = await Load.of(web.server, playground)
        for _ in range(3):
            load.start()
            await under_way(load)
            assert await web.end(signal.SIGKILL) == -signal.SIGKILL
            await load.end()
            await nobody_is_at_work(playground.connection)
            await load.check(playground.connection)
            await web.start()
            await finish_what_was_not_answered(load, playground.connection)
            await catch_up(load, playground.connection)


async def nobody_is_at_work(connection: Connection) -> None:
    """What the killed server had sent last is done by the database or undone."""

    async def is_so() -> bool:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        return bool(await connection.fetchval(others) == 0)

    await until(is_so)


async def finish_what_was_not_answered(load: Load, connection: Connection) -> None:
    """A repeat with a key does what was not done, and only that."""
    for reader in load.readers:
        if reader.unanswered is not None and reader.unanswered_key:
            for _ in range(2):
                wanted = reader.unanswered
                assert await reader.send_unanswered()
                reader.unanswered = wanted
            assert await changes_of(connection, reader) == reader.changes + 1


async def changes_of(connection: Connection, reader: BusyReader) -> int:
    subject = f"customer:{reader.reader.customer_number}"
    return int(await connection.fetchval("select count(*) from audit_log where subject = $1", subject))


async def catch_up(load: Load, connection: Connection) -> None:
    """Begin the next round from an empty slate, with the token that each reader holds."""
    for reader in load.readers:
        # Where the answer was lost with the server, the same question gets it once more; within the grace window,
        # which shall not end before this question however slow the machine is.
        await connection.execute(
            "update refresh_token set rotated_at = $2 where token_hash = $1 and rotated_at is not null",
            hash_secret(reader.refresh_token),
            datetime.now(UTC),
        )
        assert await reader.refresh()
    await connection.execute("truncate audit_log, privacy_permission, idempotency_key")
    await connection.execute("delete from refresh_token where rotated_at is not null")
    for reader in load.readers:
        reader.changes = reader.rotations = 0
        reader.purposes, reader.unanswered = [], None


async def test_a_database_that_is_killed_has_lost_nothing_and_the_server_goes_on_with_it(
    own_postgres: EmbeddedPostgres, clock: Clock, tmp_path: Path
) -> None:
    connection = await connected(own_postgres)
    playground = Playground(connection, clock)
    await playground.build()
    async with web_process(own_postgres.url, tmp_path) as web:
        load = await Load.of(web.server, playground)
        for _ in range(2):
            load.start()
            await under_way(load)
            await connection.close()
            os.kill(own_postgres.process_id, signal.SIGKILL)
            await load.end()
            await asyncio.to_thread(come_back, own_postgres)
            connection = await connected(own_postgres)
            await load.check(connection)
            # The same process, which was never told.
            await until(web.is_ready)
            await finish_what_was_not_answered(load, connection)
            await catch_up(load, connection)
    await connection.close()
    assert "not properly shut down" in (own_postgres._cluster / "server.log").read_text()


def come_back(postgres: EmbeddedPostgres) -> None:
    wait_for_death(postgres.process_id)
    postgres.start()


async def connected(postgres: EmbeddedPostgres) -> Connection:
    connection = await asyncpg.connect(postgres.url)
    await prepare_connection(connection)
    return connection


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}], ids=["", "with a key"])
async def test_a_server_that_is_told_to_end_finishes_what_it_has_begun_and_takes_nothing_new(
    database_url: str, playground: Playground, reader: Reader, tmp_path: Path, key: dict[str, str]
) -> None:
    holder = playground.connection
    async with web_process(database_url, tmp_path) as web:
        headers = bearer(await web.server.user_token(reader.credential))
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from customer where customer_number = 1001 for update")
        body = {"permission": [{"purpose": "DM"}]}
        change = asyncio.create_task(web.server.http.post(PRIVACY, json=body, headers=headers | key))
        await until_waiting(holder)
        ending = asyncio.create_task(web.end(signal.SIGTERM))

        async def takes_nothing_new() -> bool:
            try:
                async with httpx.AsyncClient(base_url=web.server.base_url) as http:
                    await http.get("/health")
            except httpx.TransportError:
                return True
            return False

        await until(takes_nothing_new)
        assert not change.done()
        assert not ending.done()
        await transaction.rollback()
        answer = await change
        assert answer.json() == body
        assert await ending == 0
        assert await holder.fetchval("select count(*) from privacy_permission") == 1


async def test_a_server_that_is_told_to_end_under_load_ends_in_order(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    async with web_process(database_url, tmp_path) as web:
        load = await Load.of(web.server, playground)
        load.start()
        await under_way(load)
        assert await web.end(signal.SIGTERM) == 0
        await load.end()
        await load.check(playground.connection)
        # Whoever was told nothing had not been begun.
        for reader in load.readers:
            assert await changes_of(playground.connection, reader) == reader.changes
    assert "Traceback" not in web.log_file.read_text()
    assert not [line for line in web.log() if line["level"] == "error"]
