"""Counting calls: in one process, and in all of them through Redis."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis.asyncio
from hypothesis import example, given
from hypothesis import strategies as st

from kolofon.platform.callers import Limits
from kolofon.platform.limits import MemoryRateLimiter, SharedRateLimiter
from tests.tools import program

LIMITS = Limits(per_second=2, per_minute=3)


class FakeTime:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class NaiveModel:
    """Keeps every passed call; a window begins with the first call after the last one's end."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.starts = {1.0: float("-inf"), 60.0: float("-inf")}
        self.passed: list[float] = []

    def take(self, now: float) -> bool:
        for length, start in self.starts.items():
            if now - start >= length:
                self.starts[length] = now
        counts = {length: sum(time >= start for time in self.passed) for length, start in self.starts.items()}
        allowed = counts[1.0] < self.limits.per_second and counts[60.0] < self.limits.per_minute
        if allowed:
            self.passed.append(now)
        return allowed


# Quarters of a second are exact in binary: the two sides never differ by rounding.
STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 20.0, 59.75, 60.0, 61.25]), st.sampled_from("aaab")),
    min_size=10,
    max_size=80,
)


@given(STEPS)
# A second that began in the last of one minute goes on in the next.
@example([(0.0, "a"), (59.75, "a"), (0.5, "a"), (0.0, "a")])
def test_the_limiter_decides_as_a_naive_count_of_all_calls_does(steps: list[tuple[float, str]]) -> None:
    async def run() -> None:
        time = FakeTime()
        limiter = MemoryRateLimiter(time)
        models = {"a": NaiveModel(LIMITS), "b": NaiveModel(LIMITS)}
        for pause, key in steps:
            time.now += pause
            allowance = await limiter.take(key, LIMITS)
            assert allowance.allowed == models[key].take(time.now)
            assert 0 <= allowance.remaining <= LIMITS.per_second
            assert 1 <= allowance.reset <= 60
            assert (allowance.retry_after > 0) == (not allowance.allowed)

    asyncio.run(run())


@given(STEPS)
def test_whoever_waits_as_long_as_told_gets_through(steps: list[tuple[float, str]]) -> None:
    async def run() -> None:
        time = FakeTime()
        limiter = MemoryRateLimiter(time)
        for pause, key in steps:
            time.now += pause
            allowance = await limiter.take(key, LIMITS)
            while not allowance.allowed:
                waited = allowance.retry_after
                time.now += waited
                allowance = await limiter.take(key, LIMITS)
                # At most once more: the second is over, the minute is not.
                assert allowance.allowed or waited == 1

    asyncio.run(run())


async def test_looking_tells_what_a_call_would_meet_and_counts_nothing() -> None:
    time = FakeTime()
    limiter = MemoryRateLimiter(time)
    for _ in range(10):
        assert (await limiter.look("a", LIMITS)).allowed
    while (await limiter.take("a", LIMITS)).allowed:
        pass
    found = await limiter.look("a", LIMITS)
    assert (found.allowed, found.retry_after) == (False, 1)
    time.now += 1
    assert (await limiter.look("a", LIMITS)).allowed
    assert (await limiter.take("a", LIMITS)).allowed


async def test_what_nobody_asked_about_for_a_minute_is_forgotten() -> None:
    time = FakeTime()
    limiter = MemoryRateLimiter(time)
    for number in range(100):
        await limiter.take(f"client {number}", LIMITS)
    time.now += 61
    await limiter.take("another", LIMITS)
    assert list(limiter._windows) == ["another"]


async def test_without_redis_each_process_counts_alone() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    limiter = SharedRateLimiter(f"redis://127.0.0.1:{port}/0", FakeTime())
    allowances = [await limiter.take("a", LIMITS) for _ in range(4)]
    assert [allowance.allowed for allowance in allowances] == [True, True, False, False]
    assert not (await limiter.look("a", LIMITS)).allowed


async def test_a_redis_that_takes_calls_and_never_answers_holds_nobody_up() -> None:
    connections = 0

    async def never_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        writer.close()

    time = FakeTime()
    silent = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    limiter = SharedRateLimiter(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0", time)
    async with asyncio.timeout(60):
        assert [(await limiter.take("a", LIMITS)).allowed for _ in range(4)] == [True, True, False, False]
    assert connections == 1
    time.now += 1
    assert (await limiter.take("a", LIMITS)).allowed
    assert connections == 2
    silent.close()


def started(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    path = program("redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with started(command) as server:
        url = f"redis://127.0.0.1:{port}/0"
        client = redis.asyncio.from_url(url)
        try:
            async with asyncio.timeout(60):
                while True:
                    with suppress(redis.ConnectionError):
                        if await client.ping():
                            break
                    await asyncio.sleep(0.02)
            yield url
        finally:
            await client.aclose()
            server.terminate()


async def test_processes_that_share_a_redis_share_the_limits(redis_url: str) -> None:
    limits = Limits(per_second=1000, per_minute=5)
    one, other = SharedRateLimiter(redis_url), SharedRateLimiter(redis_url)
    taken = [await limiter.take("a", limits) for limiter in (one, other, one, other, one, other)]
    remaining = [allowance.remaining for allowance in taken]
    assert remaining == [4, 3, 2, 1, 0, 0]
    assert [allowance.allowed for allowance in taken] == [True] * 5 + [False]
    assert 1 <= taken[-1].retry_after <= 60
    assert (await other.take("b", limits)).remaining == 4
    assert [(await other.look(key, limits)).allowed for key in ("a", "b", "b", "b", "b", "b", "b")] == [False] + [
        True
    ] * 6
    assert (await one.take("b", limits)).remaining == 3


async def test_a_valkey_url_is_spoken_to_like_a_redis(redis_url: str) -> None:
    from kolofon.settings import read_settings

    settings = read_settings({"KOLOFON_REDIS_URL": redis_url.replace("redis://", "valkey://")})
    assert settings.redis_url == redis_url
    assert (await SharedRateLimiter(redis_url).take("a", LIMITS)).allowed
