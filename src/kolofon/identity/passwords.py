"""Verifying passwords without slowing everything else down."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from prometheus_client import Histogram

from kolofon.platform.errors import TooManyRequests
from kolofon.platform.password_hash import hash_password, verify_password

T = TypeVar("T")

SECONDS = Histogram(
    "kolofon_password_seconds",
    "Time from asking for a password's hash to having it, waiting in line included",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)

# Verified when there is no account, so that the answer takes as long as for a wrong password.
_NO_ONES_HASH = hash_password("no account has this password")
_WAITING_LIMIT = 200
_LOWEST_PRIORITY = 19


class PasswordVerifier:
    """Verifies and hashes passwords in a few threads of the lowest priority; storms of sign-ins wait in line there."""

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords", initializer=_step_back)
        self._waiting = 0
        self._costliest = 0.0

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; takes as long without a hash. Raises TooManyRequests when too many wait.

        A hash that another system has made takes longer, or shorter. A wrong password waits for as long as the
        costliest hash that was met so far takes: else the time would tell that an address has an account, and that
        it came from another system.
        """
        fits, seconds = await self._in_line(_timed, password_hash or _NO_ONES_HASH, password)
        self._costliest = max(self._costliest, seconds)
        if not fits or password_hash is None:
            await asyncio.sleep(self._costliest - seconds)
        return fits and password_hash is not None

    async def hash(self, password: str) -> str:
        """The stored form of a new password. Raises TooManyRequests when too many wait."""
        return await self._in_line(hash_password, password)

    async def _in_line(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= _WAITING_LIMIT:
            raise TooManyRequests("too many sign-ins at the moment, please try again", retry_after=5)
        self._waiting += 1
        started = time.perf_counter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1
            SECONDS.observe(time.perf_counter() - started)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _timed(password_hash: str, password: str) -> tuple[bool, float]:
    """Whether it fits, and the processor's seconds that it took, however many others wait for the processor."""
    began = time.thread_time()
    return verify_password(password_hash, password), time.thread_time() - began


def _step_back() -> None:
    """Linux gives each thread its own priority; elsewhere this would slow the whole process, so it is left out."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
