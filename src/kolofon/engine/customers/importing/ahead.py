"""Checking rows ahead of their being written, in processes of their own."""

import asyncio
import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import BinaryIO

import msgspec

from kolofon.engine.customers.importing.checked import CheckedRow, Terms
from kolofon.engine.customers.importing.reading import FileError, RawRow, Source, read_rows
from kolofon.engine.customers.importing.row_checks import check_row

BATCH = 2_500
# What is checked sooner than another process has started.
_SMALL_BYTES = 1_000_000
_MOST_PROCESSES = 4


class Batch(msgspec.Struct, frozen=True):
    """Rows of a file in their order, and how many bytes of it are behind their end."""

    rows: list[CheckedRow]
    read_to: int


async def checked_batches(source: Source, terms: Terms, skip: int) -> AsyncGenerator[Batch, None]:
    """All rows of a file behind the first `skip`, checked; so much is ahead as keeps the processes at work."""
    with source.path.open("rb") as file:
        if source.size < _SMALL_BYTES:
            for rows, read_to in _batches(source, file, skip):
                yield Batch([check_row(row, terms) for row in rows], read_to)
            return
        # What is there by now is not looked through for garbage any more: here and there a quarter of the work.
        gc.freeze()
        # PostgreSQL has four times as much to do with a row.
        processes = max(1, min((os.cpu_count() or 1) // 2, _MOST_PROCESSES))
        pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _prepare, (terms,))
        try:
            async for batch in _by_processes(pool, _batches(source, file, skip), 2 * processes):
                yield batch
        except BrokenProcessPool:
            raise FileError("a process that checks rows has died; start again, and the import goes on") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


async def _by_processes(
    pool: ProcessPoolExecutor, batches: Iterator[tuple[list[RawRow], int]], ahead: int
) -> AsyncGenerator[Batch, None]:
    waiting: deque[tuple[asyncio.Future[bytes], int]] = deque()
    for rows, read_to in batches:
        work = pool.submit(_check, msgspec.msgpack.encode(rows))
        waiting.append((asyncio.wrap_future(work), read_to))
        if len(waiting) >= ahead:
            yield await _next(waiting)
    while waiting:
        yield await _next(waiting)


async def _next(waiting: deque[tuple[asyncio.Future[bytes], int]]) -> Batch:
    future, read_to = waiting.popleft()
    return Batch(msgspec.msgpack.decode(await future, type=list[CheckedRow]), read_to)


def _batches(source: Source, file: BinaryIO, skip: int) -> Iterator[tuple[list[RawRow], int]]:
    rows = read_rows(source, file, skip)
    while batch := list(islice(rows, BATCH)):
        yield batch, file.tell()


_terms: Terms  # of this process, which checks one file


def _prepare(terms: Terms) -> None:
    global _terms
    _terms = terms
    gc.disable()  # a row leaves nothing behind that only the collector would find
    threading.Thread(target=_end_with_parent, name="watch over the import", daemon=True).start()


def _end_with_parent() -> None:
    """One that is killed tells nobody; who waits for its next rows would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check(rows: bytes) -> bytes:
    return msgspec.msgpack.encode([check_row(row, _terms) for row in msgspec.msgpack.decode(rows, type=list[RawRow])])
