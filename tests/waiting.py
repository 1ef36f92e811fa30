"""Waiting for what will happen, as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable

from kolofon.platform.database import Connection

WAIT = 120  # no promise of speed: it ends a hopeless wait


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(WAIT):
        while not await holds():
            await asyncio.sleep(0.01)


async def until_waiting(holder: Connection, requests: int = 1) -> None:
    """Wait until so many others wait for a lock that a connection holds."""

    async def waiting() -> bool:
        count = await holder.fetchval(
            """
            select count(distinct pid) from pg_locks
            where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))
            """
        )
        return int(count) >= requests

    await until(waiting)
