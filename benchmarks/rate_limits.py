"""What counting a call costs: our two counters a key against the fixed windows of the library `limits`, both in memory.

python -m benchmarks.rate_limits [--calls 200000]
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from kolofon.platform.callers import Limits
from kolofon.platform.limits import MemoryRateLimiter

ROUNDS = 7
KEYS = [f"no.example.client-{number}" for number in range(100)]
# So high that every call passes: refusing is the shorter way.
LIMITS = Limits(per_second=100_000_000, per_minute=1_000_000_000)

Take = Callable[[str], Awaitable[object]]


def main() -> None:
    """Print nanoseconds of processor time a call, medians, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000)
    calls: int = parser.parse_args().calls
    asyncio.run(_compare(calls))


async def _compare(calls: int) -> None:
    ours = MemoryRateLimiter()
    theirs = FixedWindowRateLimiter(MemoryStorage())
    second = RateLimitItemPerSecond(LIMITS.per_second)
    minute = RateLimitItemPerMinute(LIMITS.per_minute)

    async def count(key: str) -> object:
        return await ours.take(key, LIMITS)

    async def hit(key: str) -> object:
        return await theirs.hit(second, key) and await theirs.hit(minute, key)

    async def hit_and_look(key: str) -> object:
        """What an answer's headers need too: what is left in both windows."""
        await hit(key)
        return await theirs.get_window_stats(minute, key), await theirs.get_window_stats(second, key)

    ways: dict[str, Take] = {"two counters": count, "limits, two hits": hit, "limits, with what is left": hit_and_look}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, take in ways.items():
            found[name].append(await _nanoseconds(take, calls))
    print(f"{calls:,} calls of {len(KEYS)} clients, medians of {ROUNDS} rounds")
    for name, figures in found.items():
        print(f"  {name:28} {statistics.median(figures):7.0f} ns")


async def _nanoseconds(take: Take, calls: int) -> float:
    started = time.process_time_ns()
    for number in range(calls):
        await take(KEYS[number % len(KEYS)])
    return (time.process_time_ns() - started) / calls


if __name__ == "__main__":
    main()
