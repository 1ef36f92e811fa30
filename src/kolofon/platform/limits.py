"""Rate limits: fixed windows of one second and one minute per client, in memory or shared through Redis."""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from kolofon.platform.callers import Limits

_log = structlog.get_logger()
_Ask = Callable[[RateLimitItem, str], Awaitable[bool]]
_MINUTE = 60.0
# A call waits this long for the shared windows, and after a failure they are left alone for a while: a limit is not
# worth an answer that comes late.
_SHARED_SECONDS = 0.25
_ALONE_SECONDS = 1.0


class Allowance(msgspec.Struct, frozen=True):
    """What is left after a call: `remaining` calls until `reset` seconds from now."""

    allowed: bool
    remaining: int
    reset: int
    retry_after: int


class RateLimiter(Protocol):
    """Counts the calls of a key."""

    async def take(self, key: str, limits: Limits) -> Allowance:
        """Count one call and say whether it may pass."""
        ...

    async def look(self, key: str, limits: Limits) -> Allowance:
        """Say whether a call might pass, without counting one."""
        ...


class _Windows:
    __slots__ = ("minute", "minute_calls", "second", "second_calls")

    def __init__(self, now: float) -> None:
        self.second = self.minute = now
        self.second_calls = self.minute_calls = 0


class MemoryRateLimiter:
    """The windows of one process: two counters a key (docs/decisions/0006 has the measurement)."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._windows: dict[str, _Windows] = {}
        self._swept = monotonic()

    async def take(self, key: str, limits: Limits) -> Allowance:
        """Count one call; a refused call is not counted, so a client that waits gets through."""
        return self._call(key, limits, 1)

    async def look(self, key: str, limits: Limits) -> Allowance:
        """Say whether a call might pass."""
        return self._call(key, limits, 0)

    def _call(self, key: str, limits: Limits, counted: int) -> Allowance:
        now = self._monotonic()
        if now - self._swept > _MINUTE:
            self._sweep(now)
        windows = self._windows.get(key)
        if windows is None:
            windows = self._windows[key] = _Windows(now)
        if now - windows.minute >= _MINUTE:
            windows.minute, windows.minute_calls = now, 0
        if now - windows.second >= 1.0:
            windows.second, windows.second_calls = now, 0
        reset = math.ceil(windows.minute + _MINUTE - now)
        if windows.minute_calls >= limits.per_minute:
            return Allowance(False, 0, reset, reset)
        if windows.second_calls >= limits.per_second:
            return Allowance(False, 0, reset, 1)
        windows.second_calls += counted
        windows.minute_calls += counted
        remaining = min(limits.per_minute - windows.minute_calls, limits.per_second - windows.second_calls)
        return Allowance(True, remaining, reset, 0)

    def _sweep(self, now: float) -> None:
        self._swept = now
        self._windows = {k: w for k, w in self._windows.items() if now - w.minute < _MINUTE or now - w.second < 1.0}


class SharedRateLimiter:
    """Windows in Redis or Valkey, one for all processes; while it cannot be reached each process counts alone."""

    def __init__(self, redis_url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        options: dict[str, Any] = {
            "socket_timeout": _SHARED_SECONDS,
            "socket_connect_timeout": _SHARED_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        self._limiter = FixedWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy", **options))
        self._monotonic = monotonic
        self._alone = MemoryRateLimiter(monotonic)
        self._alone_until = float("-inf")

    async def take(self, key: str, limits: Limits) -> Allowance:
        """Count one call in the shared windows."""
        return await self._shared(self._limiter.hit, key, limits) or await self._alone.take(key, limits)

    async def look(self, key: str, limits: Limits) -> Allowance:
        """Say whether a call might pass in the shared windows."""
        return await self._shared(self._limiter.test, key, limits) or await self._alone.look(key, limits)

    async def _shared(self, ask: _Ask, key: str, limits: Limits) -> Allowance | None:
        """What the shared windows say; None while they cannot be reached."""
        if self._monotonic() < self._alone_until:
            return None
        try:
            return await self._allowance(ask, key, limits)
        except Exception as error:  # the client library has no common base for its failures
            self._alone_until = self._monotonic() + _ALONE_SECONDS
            _log.warning("shared rate limits cannot be reached", error=type(error).__name__)
            return None

    async def _allowance(self, ask: _Ask, key: str, limits: Limits) -> Allowance:
        minute = RateLimitItemPerMinute(limits.per_minute)
        second = RateLimitItemPerSecond(limits.per_second)
        second_allowed = await ask(second, key)
        allowed = second_allowed and await ask(minute, key)
        window = await self._limiter.get_window_stats(minute, key)
        reset = max(1, math.ceil(window.reset_time - time.time()))
        if not allowed:
            return Allowance(False, 0, reset, 1 if not second_allowed else reset)
        left = await self._limiter.get_window_stats(second, key)
        return Allowance(True, min(window.remaining, left.remaining), reset, 0)


def rate_limiter(redis_url: str | None) -> RateLimiter:
    """The limiter that the settings ask for."""
    return MemoryRateLimiter() if redis_url is None else SharedRateLimiter(redis_url)
