"""Lists of orders, subscriptions and products, each for readers drawn at random.

python -m benchmarks.lists [--customers 1000000]
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from uuid import UUID

from benchmarks import harness
from benchmarks.access_check import client_token
from benchmarks.harness import Figures
from kolofon.identity.oauth.rfc9068 import new_access_token, sign
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid

SECONDS = 3
ROUNDS = 5
READERS = 2_000
CONNECTIONS = 4


def main() -> None:
    """Print the figures of each list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url:
        readers = asyncio.run(_prepare(url))
        # The server makes the keys that tokens are signed with.
        with harness.kolofon_web(url):
            print(f"{arguments.customers:,} customers, {CONNECTIONS} at a time, medians of {ROUNDS} rounds")
            for name, requests in _lists(url, readers).items():
                _print(name, _measure(requests))


def _lists(url: str, readers: list[tuple[UUID, int]]) -> dict[str, list[tuple[str, str]]]:
    """The requests of each list: path and token."""
    users = _user_tokens(url, [unique_id for unique_id, _ in readers])
    client = client_token(url)
    return {
        "orders": [("/v1/order/status", token) for token in users],
        "subscriptions": [("/v1/subscription", token) for token in users],
        "subscriptions, client mode": [(f"/v1/client/subscription/{number}", client) for _, number in readers],
        "products, client mode": [("/v1/client/product", client)],
        "coupons, client mode": [("/v1/client/coupon/FP-DIGITAL", client)],
    }


def _measure(requests: list[tuple[str, str]]) -> list[Figures]:
    with tempfile.NamedTemporaryFile("w") as file:
        Path(file.name).write_text("\n".join(f"/capi{path}\t{token}" for path, token in requests) + "\n")
        url = f"http://127.0.0.1:{harness.SERVER_PORT}/"
        values = {"REQUESTS": file.name}
        rounds = [
            harness.load(url, "requests.lua", SECONDS, values, connections=CONNECTIONS) for _ in range(ROUNDS + 1)
        ]
        return rounds[1:]  # the first one warms up


def _print(name: str, rounds: list[Figures]) -> None:
    rate, p50, p99 = (statistics.median(getattr(f, field) for f in rounds) for field in ("rate", "p50", "p99"))
    print(f"  {name:28} {rate:7.0f}/s  p50 {p50:5.2f} ms  p99 {p99:5.2f} ms")


def _user_tokens(url: str, readers: list[UUID]) -> list[str]:
    keys, settings = harness.keys(url)
    now = Clock().now()
    tokens = [new_access_token(now, 36_000, harness.CLIENT_ID, (unique_id, new_uuid())) for unique_id in readers]
    return [sign(token, keys, settings.issuer, settings.api_audience) for token in tokens]


async def _prepare(url: str) -> list[tuple[UUID, int]]:
    """Give every reader an order with an invoice, once; some readers at random, with their customer numbers."""
    connection = await harness.connect(url)
    if not await connection.fetchval("select exists (select from customer_order)"):
        await _add_orders(connection)
        await connection.execute("vacuum analyze")
    rows = await connection.fetch(
        """
        select unique_id, customer_number from user_customer
        order by hashtextextended(unique_id::text, 2)
        limit $1
        """,
        READERS,
    )
    await connection.close()
    return [(row["unique_id"], row["customer_number"]) for row in rows]


async def _add_orders(connection: Connection) -> None:
    now = Clock().now()
    await connection.execute(
        """
        create temporary table ordering as
        select partner_id, unique_id, customer_number, row_number() over (order by customer_number, unique_id) as number
        from user_customer
        """
    )
    await connection.execute(
        """
        insert into customer_order
            (order_id, partner_id, client_id, unique_id, status, registered_at, order_time, payment_method, recurring,
            prepaid, company_code, currency, amount_minor, vat_minor, payer, customer_number, expires_at, fulfilled_at,
            transferred_at)
        select number * 4000000007 % 4503599627370495, partner_id, $2, unique_id, 'transferred', $1, $1, 'invoice',
            true, false, 'FPAS', 'NOK', 29900, 0, '{}', customer_number, $1, $1, $1
        from ordering
        """,
        now,
        harness.CLIENT_ID,
    )
    await connection.execute(
        """
        insert into order_line
            (order_id, line_number, partner_id, product_spec_type, coupon_code, coupon_number, product_code,
            description, quantity, price_version, vat_included, unit_price_minor, net_minor, vat_percent, vat_minor,
            receiver_customer_number, invoice_number)
        select number * 4000000007 % 4503599627370495, 1, partner_id, 'product', null, null, 'FP-DIGITAL',
            'Fjordposten digital', 1, $1, true, 29900, 29900, 0, 0, customer_number, number
        from ordering
        """,
        now,
    )
    await connection.execute(
        """
        insert into invoice
            (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at, invoice_date,
            due_date, net_minor, vat_minor, status, payment_method, order_id)
        select partner_id, customer_number, 'FPAS', number, 'invoice', lpad(number::text, 10, '0'), 'NOK',
            $1::timestamptz, $1::timestamptz::date, $1::timestamptz::date + 14, 29900, 0, 'open', 'invoice',
            number * 4000000007 % 4503599627370495
        from ordering
        """,
        now,
    )


if __name__ == "__main__":
    main()
