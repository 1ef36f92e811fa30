"""What the commands of the command line have in common: settings, a database, and who sits there."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kolofon.settings import Settings, read_settings

if TYPE_CHECKING:
    from rich.text import Text

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


def printable(text: str) -> str:
    """What people have written, in one line and without what would give a terminal orders."""
    from kolofon.platform.templating import one_line

    return one_line(text)


def cells(words: Iterable[str]) -> "list[Text]":
    """The same for a table, in which it is no markup, and is folded rather than cut off."""
    from rich.text import Text

    return [Text(printable(word), overflow="fold") for word in words]


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Rows of what people have written."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=None)
    for row in rows:
        table.add_row(*cells(row))
    Console().print(table)


def actor() -> str:
    """Who sits at the command line, as the audit log names them."""
    return f"command-line:{getpass.getuser()}"
