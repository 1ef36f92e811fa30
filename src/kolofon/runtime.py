"""Starting the program: database, lock, socket, server. Whatever is wrong becomes one clear line."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import psycopg
import uvicorn

from kolofon.app import Parts, build
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.embedded import EmbeddedPostgres, EmbeddedPostgresError
from kolofon.platform.migrations import migrate, missing_migrations
from kolofon.platform.sealing import read_secrets
from kolofon.settings import Settings
from kolofon.worker import Worker

OLDEST_POSTGRESQL = 150000


class StartError(Failure):
    """The program cannot start; the message is one line for a person."""


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The database's URL: the one that is set, or that of the embedded server, which runs meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.data)
    try:
        url = server.start()
    except EmbeddedPostgresError as error:
        server.stop()
        raise StartError(str(error)) from None
    try:
        yield url
    finally:
        server.stop()


@contextmanager
def alone_in_data_folder(settings: Settings) -> Iterator[None]:
    """Hold the data folder for one `serve`; raises StartError when another one has it."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        lock = (settings.data / "serve.lock").open("a+")
    except OSError as error:
        raise StartError(f"KOLOFON_DATA: cannot use the folder {settings.data}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise StartError(f"KOLOFON_DATA: the folder {settings.data} is in use by process {holder}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def bring_up_to_date(database_url: str) -> list[str]:
    """Migrate; returns what was applied. Raises StartError when the database cannot be reached."""
    try:
        return migrate(database_url)
    except psycopg.OperationalError as error:
        raise StartError(f"KOLOFON_DATABASE_URL: cannot reach the database: {_first_line(error)}") from None


async def database_problem(database_url: str) -> str | None:
    """Why the database cannot be used, in one line; None when it can."""
    try:
        connection = await asyncpg.connect(database_url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"KOLOFON_DATABASE_URL: cannot reach the database: {_first_line(error)}"
    try:
        if int(await connection.fetchval("show server_version_num")) < OLDEST_POSTGRESQL:
            return "KOLOFON_DATABASE_URL: expected PostgreSQL 15 or newer"
        missing = await missing_migrations(connection)
    finally:
        await connection.close()
    return f"migrations are missing: {', '.join(missing)}; run kolofon migrate" if missing else None


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on; raises StartError when the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise StartError(f"KOLOFON_PORT: cannot listen on {where}: {error.strerror or error}") from None
    listener.set_inheritable(True)
    return listener


def run_web(settings: Settings, database_url: str, listener: socket.socket, with_worker: bool) -> None:
    """Serve until a signal ends it; with_worker: do the worker's work in the same process."""
    parts = Parts(settings, database_url, read_secrets(settings), Clock())
    if with_worker:
        parts.meanwhile(Worker(parts.pool, parts.clock, parts.key_store).run)
    # Requests in flight get ten seconds to finish; what they have acknowledged is committed by then.
    config = uvicorn.Config(
        build(parts),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        loop="uvloop",
        http="httptools",
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run(sockets=[listener])


async def run_worker(settings: Settings, database_url: str) -> None:
    """Work until cancelled."""
    parts = Parts(settings, database_url, read_secrets(settings), Clock())
    async with parts.running():
        await Worker(parts.pool, parts.clock, parts.key_store).run()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]
