"""Orders on invoice: how many can be registered, how long one takes, and how many go the whole way to an invoice.

python -m benchmarks.orders [--customers 1000000] [--rounds 5]
"""

import argparse
import asyncio
import statistics
import time

from benchmarks import harness
from benchmarks.access_check import client_token
from benchmarks.harness import Figures

SECONDS = 5
CONNECTIONS = 8
COUPON = ("DIGITAL", "1")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url, harness.kolofon_web(url) as process:
        values = {"TOKEN": client_token(url), "COUPON": COUPON[0], "NUMBER": COUPON[1]}
        rounds = [_register(values) for _ in range(arguments.rounds + 1)][1:]  # the first one warms up
        print(f"{arguments.customers:,} customers, {CONNECTIONS} at a time, medians of {arguments.rounds} rounds")
        _print("registering", rounds)
        print(f"  web process {harness.resident_megabytes(process):.0f} MB")
        with harness.kolofon_worker(url):
            whole = statistics.median(_whole(url, values) for _ in range(arguments.rounds))
        print(f"  registered, completed and handed over {whole:.0f}/s")


def _register(values: dict[str, str]) -> Figures:
    url = f"http://127.0.0.1:{harness.SERVER_PORT}/capi/v1/client/order"
    return harness.load(url, "register_order.lua", SECONDS, values, connections=CONNECTIONS)


def _whole(url: str, values: dict[str, str]) -> float:
    """Whole orders a second: from the first request until the worker has handed the last one over."""
    before, begun = asyncio.run(_handed_over(url))[0], time.monotonic()
    target = f"http://127.0.0.1:{harness.SERVER_PORT}/capi/v1/client/order"
    harness.load(target, "whole_order.lua", SECONDS, values, connections=CONNECTIONS)
    while True:
        done, waiting = asyncio.run(_handed_over(url))
        if not waiting:
            return (done - before) / (time.monotonic() - begun)
        time.sleep(0.05)


async def _handed_over(url: str) -> tuple[int, int]:
    """How many orders are handed over, and how many wait for it."""
    connection = await harness.connect(url)
    row = await connection.fetchrow(
        """
        select count(*) filter (where status = 'transferred'), count(*) filter (where status = 'fulfilled')
        from customer_order
        """
    )
    await connection.close()
    return (row[0], row[1]) if row is not None else (0, 0)


def _print(name: str, rounds: list[Figures]) -> None:
    rate, p50, p99 = (statistics.median(getattr(f, field) for f in rounds) for field in ("rate", "p50", "p99"))
    print(f"  {name:12} {rate:7.0f}/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms")


if __name__ == "__main__":
    main()
