"""A worker that is killed while it hands orders over: each comes out once and whole."""

import asyncio
import signal
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.ordering import ARTICLE, KNUT, OLA, PAPER, Ordering
from tests.playground import Playground
from tests.processes import WAIT, worker_process
from tests.waiting import until

ORDERS = 240
KILLS = 4


@pytest.fixture
async def ordering(playground: Playground, clock: Clock) -> Ordering:
    """Many fulfilled orders, some of them gifts, of some payers twice."""
    ordering = Ordering(playground.connection, clock)
    for number in range(ORDERS):
        payer = OLA | {"lastName": f"Nordmann {number}"}
        order_id = await ordering.order(PAPER | ({"receiver": KNUT} if number % 3 == 0 else {}), ARTICLE, payer=payer)
        await playground.connection.execute(
            "update customer_order set status = 'fulfilled', next_attempt_at = $2 where order_id = $1",
            order_id,
            clock.now(),
        )
    return ordering


async def test_a_worker_killed_again_and_again_hands_every_order_over_once(
    database_url: str, ordering: Ordering, connection: Connection, clock: Clock, tmp_path: Path
) -> None:
    for number in range(KILLS):
        before = await handed_over(connection)

        async def is_under_way(before: int = before) -> bool:
            return await handed_over(connection) > before

        async with worker_process(database_url, tmp_path) as process:
            await until(is_under_way)
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait, WAIT)
        await whole(connection)
        # What the dead one had taken is due again when its time is up.
        await connection.execute(
            "update customer_order set next_attempt_at = $1 where status = 'fulfilled'", clock.now()
        )
        if number == 0:
            assert await handed_over(connection) < ORDERS
    async with worker_process(database_url, tmp_path):

        async def all_are_done() -> bool:
            return await handed_over(connection) == ORDERS

        await until(all_are_done)
    await whole(connection)
    assert await ordering.count("invoice") == ORDERS
    problems = await connection.fetchval("select count(*) from customer_order where problem is not null")
    assert problems == 0


async def handed_over(connection: Connection) -> int:
    query = "select count(*) from customer_order where status = 'transferred'"
    return int(await connection.fetchval(query))


async def whole(connection: Connection) -> None:
    """Everything that is there belongs to an order that is handed over, which has all of it, once."""
    counts = await connection.fetchrow(
        """
        select
            (select count(*) from customer_order where status = 'transferred') as orders,
            (select count(*) from order_change where status = 'transferred') as changes,
            (select count(*) from invoice) as invoices,
            (select count(distinct order_id) from invoice) as invoiced,
            (select coalesce(max(invoice_number), 0) from invoice) as highest,
            (select next_number - 1 from invoice_counter where partner_id = 1) as counted,
            (select count(*) from subscription_period) as periods,
            (select count(*) from customer_access) as articles,
            (select count(*) from audit_log where action = 'handOver') as audited,
            (select count(*) from event where type = 'order' and data ->> 'orderStatus' = 'transferred') as told,
            (select count(*) from order_line where invoice_number is not null) / 2 as lines
        """
    )
    assert counts is not None
    assert len(set(counts.values())) == 1, dict(counts)
