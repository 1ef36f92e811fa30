import asyncio
from datetime import timedelta

import asyncpg
import pytest

from kolofon.engine.subscriptions.life_run import LifeRun, Lived, live_through
from kolofon.platform.database import Lock, prepare_connection, try_partner_lock
from tests.browser_session import Server
from tests.engine.subscriptions.desk import Desk, open_desk
from tests.playground import Playground
from tests.waiting import until

CUSTOMER = 1001


def life_run(server: Server) -> LifeRun:
    parts = server.parts
    return LifeRun(parts.pool, parts.clock, parts.catalogue)


async def test_a_round_does_what_is_due_for_every_partner(desk: Desk, playground: Playground, server: Server) -> None:
    other = await open_desk(playground, 2)
    await other.customer(CUSTOMER)
    for one in (desk, other):
        await one.order(CUSTOMER, ("TRIAL", 5), costs=False)
        await one.order(CUSTOMER, ("PAPER", 10))
    desk.go_to(desk.day(80))
    run = life_run(server)
    lived = await run.once()
    assert (lived.changed, lived.renewed) == (2, 2)
    assert lived.reminded > 0  # the invoices of the renewals are sent
    assert await run.once() == Lived()
    states = await desk.connection.fetch("select partner_id, product_code, state from subscription order by 1, 2")
    assert [tuple(row) for row in states] == [
        (1, "DIGI", "stopped"),
        (1, "PAPER", "active"),
        (2, "DIGI", "stopped"),
        (2, "PAPER", "active"),
    ]


async def test_what_fails_for_one_partner_holds_up_no_other_one(
    desk: Desk, playground: Playground, server: Server
) -> None:
    other = await open_desk(playground, 2)
    await other.customer(CUSTOMER)
    await desk.order(CUSTOMER, ("PAPER", 10))
    await other.order(CUSTOMER, ("PAPER", 10))
    # Its invoice would need more digits than the company's references have.
    await desk.connection.execute("update company set kid_customer_digits = 1 where partner_id = 1")
    await desk.connection.execute("select pg_notify('kolofon_catalogue', '')")
    desk.go_to(desk.day(80))
    run = life_run(server)

    async def hears_of_it() -> bool:
        return server.parts.catalogue.current.partner(1).offers.companies["HOUSE"].kid_customer_digits == 1

    await until(hears_of_it)
    assert (await run.once()).renewed == 1
    assert await desk.connection.fetchval("select count(*) from subscription_period where partner_id = 2") == 2
    assert await desk.connection.fetchval("select count(*) from subscription_period where partner_id = 1") == 1


async def test_while_another_process_is_at_it_a_partner_is_left_to_that(desk: Desk, database_url: str) -> None:
    await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(20))
    other = await asyncpg.connect(database_url)
    await prepare_connection(other)
    async with other.transaction():
        assert await try_partner_lock(other, Lock.SUBSCRIPTIONS, 1)
        assert await live_through(desk.connection, desk.partner, desk.now) == Lived()
        waiting = asyncio.create_task(live_through(desk.connection, desk.partner, desk.now, wait=True))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await other.close()
    assert await waiting == Lived(changed=1)


async def test_two_runs_at_once_do_everything_once(desk: Desk, server: Server) -> None:
    for number in range(2001, 2021):
        await desk.order(await desk.customer(number), ("PAPER", 10))
    desk.go_to(desk.day(80))
    runs = [life_run(server) for _ in range(4)]
    await asyncio.gather(*(run.once() for run in runs))
    assert await desk.connection.fetchval("select count(*) from subscription_period where period_number = 2") == 20
    assert await desk.connection.fetchval("select count(*) from invoice") == 20
    assert await desk.connection.fetchval("select count(*) from event where status = 'renew'") == 20


async def test_the_run_works_until_it_is_cancelled(desk: Desk, server: Server) -> None:
    started = await desk.order(CUSTOMER, ("TRIAL", 5), costs=False)
    task = asyncio.create_task(life_run(server).run(0.01))

    async def has_ended() -> bool:
        return bool((await desk.row(started.subscription_id))["state"] == "stopped")

    desk.clock.move(timedelta(days=20))
    await until(has_ended)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
