import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from kolofon.platform.database import Connection, Pool, create_pool
from kolofon.platform.errors import Unavailable, as_api_error
from kolofon.platform.read_lanes import ReadLanes
from tests.waiting import until

SLEEP = "select pg_sleep($1::float8), pg_backend_pid() as pid"
PID = "select pg_backend_pid()"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, 4)
    yield pool
    await asyncio.wait_for(pool.close(), 60)


@pytest.fixture
async def lanes(pool: Pool) -> AsyncIterator[ReadLanes]:
    lanes = ReadLanes(pool, 2)
    yield lanes
    await lanes.close()


async def sleepers(connection: Connection) -> int:
    query = "select count(*) from pg_stat_activity where query = $1 and state = 'active'"
    return int(await connection.fetchval(query, SLEEP))


async def test_a_lane_keeps_its_connection(lanes: ReadLanes) -> None:
    pids = {await lanes.fetchval(PID) for _ in range(5)}
    assert len(pids) == 1


async def test_no_more_run_at_once_than_there_are_lanes_and_others_find_connections(
    lanes: ReadLanes, pool: Pool
) -> None:
    rows = await asyncio.gather(*(lanes.fetchrow(SLEEP, 0.01) for _ in range(20)))
    pids = {row["pid"] for row in rows if row is not None}
    assert len(pids) == 2
    async with pool.acquire(timeout=5) as one, pool.acquire(timeout=5) as other:
        assert pids.isdisjoint({await one.fetchval(PID), await other.fetchval(PID)})


async def test_who_waits_is_served_in_the_order_of_coming(pool: Pool) -> None:
    lanes = ReadLanes(pool, 1)
    served: list[int] = []

    async def ask(number: int) -> None:
        await lanes.fetchval("select 1")
        served.append(number)
        # Whoever comes back at once stands at the end of the line.
        if number < 10:
            await ask(number + 100)

    await asyncio.gather(*(ask(number) for number in range(10)))
    assert served == [*range(10), *range(100, 110)]
    await lanes.close()


async def test_a_lane_whose_connection_has_died_takes_another(lanes: ReadLanes, connection: Connection) -> None:
    pid = await lanes.fetchval(PID)
    assert await connection.fetchval("select pg_terminate_backend($1, 10000)", pid)

    async def is_served() -> bool:
        try:
            return bool(await lanes.fetchval(PID) != pid)
        except Exception as error:  # asyncpg has many words for it, and all of them are a 503
            if not isinstance(as_api_error(error), Unavailable):
                raise
            return False

    await until(is_served)


async def test_a_lane_goes_on_after_a_table_has_changed(lanes: ReadLanes, connection: Connection) -> None:
    query = "select * from company"
    assert await lanes.fetch(query) == []
    await connection.execute("insert into partner values (default, 'a1', 'A', 'NO', 'NOK', 'Europe/Oslo')")
    await connection.execute("insert into company select partner_id, 'HUS', 'Huset' from partner")
    await connection.execute("alter table company add column motto text default 'Fremad'")
    for _ in range(2):
        row = await lanes.fetchrow(query)
        assert row is not None
        assert row["motto"] == "Fremad"


async def test_a_statement_that_fails_costs_no_lane(lanes: ReadLanes) -> None:
    for _ in range(5):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await lanes.fetchval("select 1 / 0")
    assert await asyncio.gather(*(lanes.fetchval("select 1") for _ in range(4))) == [1] * 4


async def test_a_cancelled_statement_and_a_cancelled_wait_cost_no_lane(
    lanes: ReadLanes, connection: Connection
) -> None:
    running = [asyncio.create_task(lanes.fetchval(SLEEP, 300)) for _ in range(2)]

    async def both_run() -> bool:
        return await sleepers(connection) == 2

    await until(both_run)
    waiting = [asyncio.create_task(lanes.fetchval("select 1")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    for task in running:
        task.cancel()
    assert await asyncio.gather(*waiting[1:]) == [1, 1]
    await asyncio.gather(*running, waiting[0], return_exceptions=True)
    assert await asyncio.gather(*(lanes.fetchval("select 1") for _ in range(4))) == [1] * 4
    assert await sleepers(connection) == 0


async def test_a_lane_that_was_handed_to_somebody_who_gave_up_goes_to_the_next(lanes: ReadLanes) -> None:
    lanes._free.clear()
    first, second = asyncio.create_task(lanes._wait()), asyncio.create_task(lanes._wait())
    await asyncio.sleep(0)
    lanes._hand_on(None)
    first.cancel()
    assert await asyncio.wait_for(second, 60) is None
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_closing_gives_back_what_is_free_at_once_and_what_is_used_afterwards(
    pool: Pool, connection: Connection
) -> None:
    lanes = ReadLanes(pool, 2)
    await lanes.fetchval("select 1")
    used = asyncio.create_task(lanes.fetchval(SLEEP, 0.2))

    async def it_runs() -> bool:
        return await sleepers(connection) == 1

    await until(it_runs)
    await lanes.close()
    await used
    assert pool.get_idle_size() == pool.get_size()
