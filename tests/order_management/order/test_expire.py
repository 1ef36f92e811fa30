"""Preliminary orders that nobody completes are given up."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from kolofon.order_management.order.expiring import expire_orders
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.worker import Worker
from tests.browser_session import Server
from tests.order_management.order.ordering import PAYER, Shop, kept, order

SWEDE = PAYER | {"countryCode": "SE", "postalCode": "11129"}


async def test_an_order_lapses_when_its_time_is_up_and_not_before(
    shop: Shop, connection: Connection, clock: Clock
) -> None:
    order_id = await shop.registered(order())
    assert await expire_orders(connection, clock.now() + timedelta(hours=71)) == 0
    assert await expire_orders(connection, clock.now() + timedelta(hours=72)) == 1
    found = await kept(connection, order_id)
    assert found.order["status"] == "expired"
    change = found.changes[1]
    assert (change["status_before"], change["status"], change["actor"]) == ("preliminary", "expired", "worker")
    events = await connection.fetch("select status, data from event where type = 'order' order by event_id")
    assert [tuple(event) for event in events][1:] == [("update", {"orderId": order_id, "orderStatus": "expired"})]
    assert await expire_orders(connection, clock.now() + timedelta(hours=99)) == 0


async def test_orders_of_every_partner_lapse(
    shop: Shop, other_shop: Shop, connection: Connection, clock: Clock
) -> None:
    await shop.registered(order())
    await other_shop.registered(order(payer=SWEDE))
    assert await expire_orders(connection, clock.now() + timedelta(days=30)) == 2
    partners = await connection.fetch("select partner_id from event where status = 'update' order by partner_id")
    assert [row["partner_id"] for row in partners] == [1, 2]


@pytest.mark.parametrize("status", ["fulfilled", "transferred", "cancelled", "failed"])
async def test_an_order_that_has_gone_on_does_not_lapse(
    shop: Shop, connection: Connection, clock: Clock, status: str
) -> None:
    order_id = await shop.registered(order())
    await connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (1, 7, '2026-01-01')"
    )
    await connection.execute(
        """
        update customer_order set status = $2, customer_number = 7,
            next_attempt_at = case $2 when 'fulfilled' then registered_at end
        where order_id = $1
        """,
        order_id,
        status,
    )
    assert await expire_orders(connection, clock.now() + timedelta(days=30)) == 0


async def test_one_that_is_being_completed_is_left_alone(
    shop: Shop, connection: Connection, database_url: str, clock: Clock
) -> None:
    order_id = await shop.registered(order())
    other = await asyncpg.connect(database_url)
    await prepare_connection(other)
    async with connection.transaction():
        await connection.execute("select from customer_order where order_id = $1 for update", order_id)
        assert await expire_orders(other, clock.now() + timedelta(days=30)) == 0
    assert await expire_orders(other, clock.now() + timedelta(days=30)) == 1
    await other.close()


async def test_workers_at_once_give_each_up_once(
    shop: Shop, connection: Connection, database_url: str, clock: Clock
) -> None:
    for _ in range(5):
        await shop.registered(order())
    others = [await asyncpg.connect(database_url) for _ in range(3)]
    for other in others:
        await prepare_connection(other)
    late = clock.now() + timedelta(days=30)
    assert sum(await asyncio.gather(*(expire_orders(other, late) for other in others))) == 5
    assert await connection.fetchval("select count(*) from order_change where status = 'expired'") == 5
    for other in others:
        await other.close()


async def test_a_sandbox_that_is_ahead_lapses_by_its_own_time(
    shop: Shop, other_shop: Shop, connection: Connection, clock: Clock
) -> None:
    await shop.registered(order())
    await other_shop.registered(order(payer=SWEDE))
    await connection.execute("update partner set sandbox = true, clock_ahead = '4 days' where partner_id = 2")
    assert await expire_orders(connection, clock.now()) == 1
    change = await connection.fetchrow("select partner_id, changed_at from order_change where status = 'expired'")
    assert change is not None
    assert change["partner_id"] == 2
    assert change["changed_at"] > clock.now() + timedelta(days=3)


async def test_the_worker_gives_orders_up_in_its_round(
    server: Server, shop: Shop, connection: Connection, clock: Clock
) -> None:
    order_id = await shop.registered(order())
    clock.move(timedelta(days=4))
    parts = server.parts
    await Worker(parts.pool, clock, parts.key_store, parts.delivery, parts.telling).keep_house()
    assert (await kept(connection, order_id)).order["status"] == "expired"
