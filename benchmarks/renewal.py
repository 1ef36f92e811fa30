"""The renewal run: subscriptions invoiced a second, and the memory of the process that does it.

python -m benchmarks.renewal [--subscriptions 1000000] [--batch 10000]
"""

import argparse
import asyncio
import os
import resource
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks import harness
from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.renewal import BATCH, RenewalBatch, renew_batch
from kolofon.engine.billing.renewal_terms import RenewalTerms
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.embedded import EmbeddedPostgres
from kolofon.platform.migrations import migrate

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
# Renewals are due on fourteen days, as in a run that was left out for so long.
DAYS = 14


def main() -> None:
    """Renew them all, once, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=BATCH)
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {harness.OTHER_CORE})
    folder = harness.DATA / f"renewal-{arguments.subscriptions}"
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder) as server:
        asyncio.run(_fill(server.url, arguments.subscriptions))
        # What renews is a copy, so that the next run finds all of it due again.
        url = asyncio.run(_copy(server.url))
        if (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {harness.SERVER_CORE})
        asyncio.run(_run(url, arguments.batch))


async def _run(url: str, most: int) -> None:
    connection = await harness.connect(url)
    catalogue = await read_catalogue(connection)
    partner = catalogue.partner(await connection.fetchval("select partner_id from partner"))
    now = Clock().now()
    terms = RenewalTerms(partner, now)
    batches: list[RenewalBatch] = []
    seconds: list[float] = []
    megabytes = _megabytes()
    while True:
        began = time.perf_counter()
        batch = await renew_batch(connection, partner, now, most, terms)
        if not batch.taken:
            break
        batches.append(batch)
        seconds.append(time.perf_counter() - began)
    await _check(connection, batches)
    await connection.close()
    total, invoices = sum(seconds), sum(batch.invoices for batch in batches)
    print(
        f"{sum(b.taken for b in batches):,} subscriptions in batches of {most:,}, {invoices:,} invoices: {total:.1f} s"
    )
    print(f"  {sum(b.taken for b in batches) / total:,.0f}/s, the slowest batch {max(seconds):.2f} s")
    print(f"  memory from {megabytes:.0f} to {_megabytes():.0f} MB")


async def _check(connection: Connection, batches: list[RenewalBatch]) -> None:
    """Fast and wrong is no figure."""
    row = await connection.fetchrow(
        """
        select count(*), count(distinct invoice_number), max(invoice_number),
            (select count(*) from subscription_period where period_number = 2),
            (select count(*) from subscription where renew_at is null or renew_at <= $1)
        from invoice
        """,
        Clock().now(),
    )
    renewed = sum(batch.renewed for batch in batches)
    invoices = sum(batch.invoices for batch in batches)
    if row is None or tuple(row) != (invoices, invoices, invoices, renewed, 0):
        raise SystemExit(f"the run is wrong: {row} instead of {(invoices, renewed)}")


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _copy(url: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute("drop database if exists renewal_run")
    await connection.execute("create database renewal_run template renewal strategy file_copy")
    await connection.execute("checkpoint")
    await connection.close()
    return urlunsplit(urlsplit(url)._replace(path="/renewal_run"))


async def _fill(url: str, subscriptions: int) -> None:
    administrator = await asyncpg.connect(url)
    there = await administrator.fetchval("select exists (select from pg_database where datname = 'renewal')")
    if not there:
        await administrator.execute("create database renewal_draft")
        draft = urlunsplit(urlsplit(url)._replace(path="/renewal_draft"))
        migrate(draft)
        connection = await harness.connect(draft)
        await _sell(connection)
        await _subscribe(connection, subscriptions)
        await connection.execute("vacuum analyze")
        await connection.close()
        await administrator.execute("alter database renewal_draft rename to renewal")
    await administrator.close()


async def _sell(connection: Connection) -> None:
    """One publisher: a digital product and one on paper, each with coupons, at prices with and without VAT."""
    await connection.execute(
        """
        insert into partner (partner_code, name, country_code, currency, time_zone)
        values ('benchmark', 'Benchmark', 'NO', 'NOK', 'Europe/Oslo')
        """
    )
    await connection.execute("insert into company (partner_id, company_code, name) values (1, 'HOUSE', 'The House')")
    await connection.execute(
        """
        insert into product (partner_id, product_code, company_code, name, product_type, vat_kind, digital)
        values (1, 'DIGI', 'HOUSE', 'Digital', 'subscription', 'NEWS', true),
            (1, 'PAPER', 'HOUSE', 'Paper', 'subscription', 'MAG', false)
        """
    )
    await connection.execute(
        """
        insert into vat_rate (partner_id, vat_kind, country_code, valid_from, percent)
        values (1, 'NEWS', 'NO', '2000-01-01', 0), (1, 'MAG', 'NO', '2000-01-01', 25)
        """
    )
    await connection.execute(
        """
        insert into distribution_price (partner_id, country_code, postal_code_from, postal_code_to, valid_from,
            currency, vat_included, price_minor)
        values (1, 'NO', '', '', $1, 'NOK', true, 5900), (1, 'NO', '9000', '9999', $1, 'NOK', true, 9900)
        """,
        FIRST,
    )
    await connection.execute(
        """
        insert into coupon (partner_id, coupon_code, coupon_number, kind, product_code, description, changed_at)
        select 1, product_code, number, 'subscription', product_code, product_code || number, $1
        from product, generate_series(1, 10) number
        """,
        FIRST,
    )
    await connection.execute(
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type, renewal_price_minor, renewal_period_length, renewal_period_type)
        select 1, coupon_code, coupon_number, $1, 'NOK', coupon_number % 2 = 0, 100, 1, 'months',
            19900 + 1000 * coupon_number, 1 + coupon_number % 3, 'months'
        from coupon
        """,
        FIRST,
    )


async def _subscribe(connection: Connection, subscriptions: int) -> None:
    """Each customer has one subscription in its first period, an address, and lives at one of 4,500 postal codes."""
    await connection.execute(
        """
        insert into customer (partner_id, customer_number, first_name, last_name, created_at)
        select 1, 1000000 + number, 'Kari', 'Nordmann', $2 from generate_series(1, $1::integer) number
        """,
        subscriptions,
        FIRST,
    )
    await connection.execute(
        """
        insert into customer_address (partner_id, customer_number, street, street_number, postal_code, postal_place,
            country_code, valid_from, created_at)
        select 1, customer_number, 'Storgata', 1, lpad(((customer_number * 7919) % 9000 / 2 * 2)::text, 4, '0'),
            'Byen', 'NO', '2000-01-01', $1
        from customer
        """,
        FIRST,
    )
    midnight = Clock().now().replace(hour=0, minute=0, second=0, microsecond=0)
    await connection.execute(
        """
        insert into subscription (partner_id, customer_number, product_code, coupon_code, coupon_number, state,
            start_time, end_time, renew_at, paid_until)
        select 1, customer_number, product_code, product_code, 1 + (customer_number * 31) % 10, 'active',
            end_time - interval '30 days', end_time, end_time - interval '14 days', end_time
        from customer
        cross join lateral (
            select (array['DIGI', 'PAPER'])[1 + (customer_number * 17) % 10 / 5] as product_code,
                $1::timestamptz + ((customer_number * 13) % $2)::integer * interval '1 day' as end_time
        ) holding
        """,
        midnight,
        DAYS,
    )
    await connection.execute(
        """
        insert into subscription_period (partner_id, customer_number, subscription_id, period_number, start_time,
            end_time)
        select partner_id, customer_number, subscription_id, 1, start_time, end_time from subscription
        """
    )


if __name__ == "__main__":
    main()
