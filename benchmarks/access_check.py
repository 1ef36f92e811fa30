"""Access checks: all checks and limits on, against the floor of the same run.

python -m benchmarks.access_check [--customers 1000000] [--rounds 8]
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figures
from kolofon.identity.oauth.rfc9068 import new_access_token, sign
from kolofon.platform.clock import Clock

SECONDS = 3
PRODUCT = "FP-DIGITAL"


def main() -> None:
    """Print the figures of Kolofon and the floor, measured in turns, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url, tempfile.NamedTemporaryFile("w") as readers:
        asyncio.run(write_readers(url, readers.name))
        with harness.kolofon_web(url) as process, harness.floor(url):
            values = {"TOKEN": client_token(url), "READERS": readers.name, "PRODUCT": PRODUCT}
            rounds = [_round(values) for _ in range(arguments.rounds + 1)][1:]  # the first one warms up
            _print(arguments.customers, rounds, harness.resident_megabytes(process))


def _round(values: dict[str, str]) -> tuple[Figures, Figures]:
    kolofon = f"http://127.0.0.1:{harness.SERVER_PORT}/capi/v1/client/access"
    floor = f"http://127.0.0.1:{harness.FLOOR_PORT}/"
    return (
        harness.load(kolofon, "access_check.lua", SECONDS, values),
        harness.load(floor, "access_check.lua", SECONDS, values),
    )


def client_token(url: str) -> str:
    """A client-mode access token."""
    keys, settings = harness.keys(url)
    token = new_access_token(Clock().now(), 3600, harness.CLIENT_ID)
    return sign(token, keys, settings.issuer, settings.api_audience)


async def write_readers(url: str, path: str) -> None:
    """Write the ids of readers drawn at random, one a line."""
    connection = await harness.connect(url)
    rows = await connection.fetch(
        """
        select replace(unique_id::text, '-', '') as unique_id
        from user_customer
        order by hashtextextended(unique_id::text, 1)
        limit 50000
        """
    )
    await connection.close()
    await asyncio.to_thread(Path(path).write_text, "\n".join(row["unique_id"] for row in rows))


def _print(customers: int, rounds: list[tuple[Figures, Figures]], megabytes: float) -> None:
    print(f"access check, {customers:,} customers, medians of {len(rounds)} rounds of {SECONDS} s")
    for name, figures in zip(("kolofon", "floor"), zip(*rounds, strict=True), strict=True):
        rate, p50, p99 = (statistics.median(getattr(f, field) for f in figures) for field in ("rate", "p50", "p99"))
        print(f"  {name:8} {rate:7.0f}/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  p99/p50 {p99 / p50:4.1f}")
    ratios = [kolofon.rate / floor.rate for kolofon, floor in rounds]
    print(f"  kolofon/floor {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"  web process {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
