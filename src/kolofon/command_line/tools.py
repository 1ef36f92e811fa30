"""What the commands of the command line have in common: settings, a database, and who sits there."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kolofon.settings import Settings, read_settings

# What takes long to import is imported by the command that needs it: --help and a refused setting are immediate.

T = TypeVar("T")


def settings() -> Settings:
    """What the environment says; raises Failure."""
    return read_settings(os.environ)


@contextmanager
def database(chosen: Settings | None = None) -> Iterator[str]:
    """The URL of a database that can be worked with, while it is needed; raises Failure."""
    from kolofon import runtime

    with runtime.database(chosen or settings()) as url:
        check_database(url)
        yield url


def check_database(url: str) -> None:
    """Raises Failure when the database cannot be reached, or is of another version."""
    from kolofon import runtime

    problem = asyncio.run(runtime.database_problem(url))
    if problem is not None:
        raise runtime.StartError(problem)


def run(url: str, work: Callable[[Any, Any], Awaitable[T]]) -> T:
    """Run a command's work with a connection and the clock."""
    import asyncpg

    from kolofon.platform.clock import Clock
    from kolofon.platform.database import prepare_connection

    async def run() -> T:
        connection = await asyncpg.connect(url)
        try:
            await prepare_connection(connection)
            return await work(connection, Clock())
        finally:
            await connection.close()

    return asyncio.run(run())


def actor() -> str:
    """Who sits at the command line, as the audit log names them."""
    return f"command-line:{getpass.getuser()}"
