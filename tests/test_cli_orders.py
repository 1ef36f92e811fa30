"""The commands about orders."""

import asyncio
from typing import Any

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.ordering import MUG, Ordering
from tests.playground import Playground
from tests.test_cli import Program


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


async def run(database_url: str, *arguments: str) -> tuple[int, str]:
    done = await asyncio.to_thread(Program(database_url=database_url).run, "orders", *arguments)
    return done.returncode, done.stdout + done.stderr


async def test_stuck_orders_are_listed_and_can_be_tried_again(
    database_url: str, ordering: Ordering, connection: Connection, clock: Clock
) -> None:
    assert await run(database_url, "stuck") == (0, "none\n")
    now = clock.now()
    columns: dict[str, Any] = {"status": "fulfilled", "fulfilled_at": now, "next_attempt_at": now, "attempts": 3}
    order_id = await ordering.order(**columns, problem="KeyError")
    await connection.execute("update customer_order set next_attempt_at = next_attempt_at + interval '1 hour'")
    code, text = await run(database_url, "stuck")
    assert code == 0
    assert str(order_id) in text
    assert "KeyError" in text
    assert (await run(database_url, "retry", str(order_id)))[0] == 0
    assert await connection.fetchval("select next_attempt_at < $1 from customer_order", clock.now())
    row = await connection.fetchrow("select actor, action, subject from audit_log")
    assert row is not None
    assert row["actor"].startswith("command-line:")
    assert (row["action"], row["subject"]) == ("ordersRetry", f"order:{order_id}")


async def test_an_order_that_is_not_handed_over_can_be_ended_and_gives_back_what_it_took(
    database_url: str, ordering: Ordering, connection: Connection, clock: Clock
) -> None:
    now = clock.now()
    order_id = await ordering.order(MUG, status="fulfilled", fulfilled_at=now, next_attempt_at=now)
    await connection.execute(
        """
        insert into stock_movement (partner_id, product_code, warehouse, quantity, order_id, line_number, cause,
            moved_at)
        values (1, 'MUG', 'MAIN', -1, $1, 1, 'order', $2)
        """,
        order_id,
        now,
    )
    code, text = await run(database_url, "end", str(order_id), "--reason", "paid back")
    assert (code, text) == (0, f"order {order_id} has ended\n")
    assert await ordering.status(order_id) == "failed"
    assert await connection.fetchval("select quantity from stock where partner_id = 1") == 6
    cause = await connection.fetchval("select cause from order_change order by order_change_id desc limit 1")
    assert cause == "paid back"


@pytest.mark.parametrize("command", [("retry",), ("end", "--reason", "x")])
async def test_what_is_not_waiting_is_refused_in_one_line(
    database_url: str, ordering: Ordering, command: tuple[str, ...]
) -> None:
    order_id = await ordering.order(status="expired")
    for number in (order_id, 1):
        code, text = await run(database_url, command[0], str(number), *command[1:])
        assert code == 1
        assert text.startswith("Error: order ")
        assert text.count("\n") == 1
