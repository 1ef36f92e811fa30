"""The renewal run, killed in the middle: what was done is done, what was not is not, and nothing is done twice."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.kid import payment_reference
from kolofon.platform.database import Connection
from tests.crash.test_kill import nobody_is_at_work
from tests.playground import Playground
from tests.processes import WAIT
from tests.waiting import until

# Three batches, the last one smaller.
SUBSCRIPTIONS = 25_000


async def fill(playground: Playground) -> None:
    """Customers of partner 1 with a month of DIGI that is due; they have had one period."""
    execute = playground.connection.execute
    now = playground.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    await execute(
        """
        insert into customer (partner_id, customer_number, created_at)
        select 1, number, $2 from generate_series(1, $1::integer) number
        """,
        SUBSCRIPTIONS,
        now,
    )
    await execute(
        """
        insert into subscription (partner_id, customer_number, product_code, coupon_code, coupon_number, state,
            start_time, end_time, renew_at)
        select 1, customer_number, 'DIGI', 'DIGI', 1, 'active', $1, $2, $3 from customer
        """,
        midnight - timedelta(days=20),
        midnight + timedelta(days=10),
        midnight - timedelta(days=4),
    )
    await execute(
        """
        insert into subscription_period
            (partner_id, customer_number, subscription_id, period_number, start_time, end_time)
        select partner_id, customer_number, subscription_id, 1, start_time, end_time from subscription
        """
    )


def renewing(database_url: str, *options: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}
    environment = kept | {"KOLOFON_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "kolofon", "renew", *options]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def done(connection: Connection) -> int:
    """How many are renewed; all of each of them is there, and nothing of any other."""
    renewed, *others = await connection.fetchrow(  # type: ignore[misc]
        """
        select (select count(*) from subscription where changed_at is not null),
            (select count(*) from subscription_period where period_number = 2),
            (select count(*) from invoice),
            (select count(*) from invoice_line),
            (select count(*) from invoice_look_up),
            (select count(*) from event),
            (select coalesce(max(invoice_number), 0) from invoice),
            (select count(distinct customer_number) from invoice),
            (select next_number - 1 from invoice_counter where partner_id = 1)
        """
    )
    assert set(others) == {renewed}
    return int(renewed)


async def is_being_run(connection: Connection, statement: str) -> bool:
    found = await connection.fetchval(
        """
        select exists (
            select from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
                and query ilike '%' || $1 || '%'
        )
        """,
        statement,
    )
    return bool(found)


@pytest.mark.parametrize(
    "meanwhile", ["create temporary table renewal_due", "insert into invoice ", "insert into subscription_period"]
)
async def test_a_run_that_is_killed_goes_on_where_it_was(
    playground: Playground, database_url: str, meanwhile: str
) -> None:
    connection = playground.connection
    await fill(playground)
    killed_after: set[int] = set()
    for batches_before in (0, 1):
        process = renewing(database_url)

        async def is_at_it(batches_before: int = batches_before) -> bool:
            renewed = await connection.fetchval("select next_number - 1 from invoice_counter where partner_id = 1")
            return renewed >= 10_000 * batches_before and await is_being_run(connection, meanwhile)

        await until(is_at_it)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.communicate, timeout=WAIT)
        await nobody_is_at_work(connection)
        killed_after.add(await done(connection))
    assert max(killed_after) < SUBSCRIPTIONS
    process = renewing(database_url)
    _, errors = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert process.returncode == 0, errors
    assert await done(connection) == SUBSCRIPTIONS
    house = (await read_catalogue(connection)).partner(1).offers.companies["HOUSE"]
    rows = await connection.fetch("select customer_number, invoice_number, kid from invoice")
    assert all(row["kid"] == payment_reference(house, row["customer_number"], row["invoice_number"]) for row in rows)
    again = renewing(database_url)
    await asyncio.to_thread(again.communicate, timeout=WAIT)
    assert await done(connection) == SUBSCRIPTIONS


async def test_two_runs_one_of_them_killed_do_everything_once(playground: Playground, database_url: str) -> None:
    connection = playground.connection
    await fill(playground)
    first, second = renewing(database_url), renewing(database_url)

    async def has_begun() -> bool:
        return bool(await connection.fetchval("select exists (select from invoice)"))

    await until(has_begun)
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.communicate, timeout=WAIT)
    _, errors = await asyncio.to_thread(second.communicate, timeout=WAIT)
    assert second.returncode == 0, errors
    await nobody_is_at_work(connection)
    last = renewing(database_url)
    await asyncio.to_thread(last.communicate, timeout=WAIT)
    assert await done(connection) == SUBSCRIPTIONS
