"""Starting the program: database, lock, socket, server. Whatever is wrong becomes one clear line."""

import asyncio
import errno
import fcntl
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from types import FrameType
from typing import NoReturn

import asyncpg
import psycopg
import structlog
import uvicorn
import uvloop

from kolofon.app import Parts, build
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.embedded import EmbeddedPostgres, EmbeddedPostgresError
from kolofon.platform.migrations import migrate, missing_migrations
from kolofon.platform.sealing import read_secrets
from kolofon.settings import Settings
from kolofon.worker import Worker

_log = structlog.get_logger()
OLDEST_POSTGRESQL = 150000
_WATCH_SECONDS = 1.0
_NO_DATABASE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
# What is wrong with the port; everything else is wrong with the host.
_PORT_ERRORS = frozenset({errno.EADDRINUSE, errno.EACCES})


class StartError(Failure):
    """The program cannot start; the message is one line for a person."""


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The database's URL: the one that is set, or that of the embedded server, which runs meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.data)
    with _signals_end_in_order():
        try:
            try:
                url = server.start()
                with _kept_alive(server):
                    yield url
            finally:
                server.stop()
        except EmbeddedPostgresError as error:
            raise StartError(str(error)) from None


@contextmanager
def _kept_alive(server: EmbeddedPostgres) -> Iterator[None]:
    """Start the embedded server again when it dies, e.g. for want of memory."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_WATCH_SECONDS):
            try:
                if server.revive():
                    _log.warning("the embedded PostgreSQL had died and was started again")
            except (EmbeddedPostgresError, OSError) as error:
                _log.error("the embedded PostgreSQL has died and does not start", problem=str(error))

    watcher = threading.Thread(target=watch, name="watch over PostgreSQL", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@contextmanager
def _signals_end_in_order() -> Iterator[None]:
    """End as by an exception when told to end, so that nothing that was started is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is signal.SIG_DFL]
    for name in names:
        signal.signal(name, _end)
    try:
        yield
    finally:
        for name in names:
            signal.signal(name, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


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
        raise StartError(_unreachable(error)) from None


async def database_problem(database_url: str) -> str | None:
    """Why the database cannot be used, in one line; None when it can."""
    try:
        connection = await asyncpg.connect(database_url, timeout=10)
    except _NO_DATABASE as error:
        return _unreachable(error)
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
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except (OSError, UnicodeError) as error:
        listener.close()
        number = getattr(error, "errno", None)
        name = "KOLOFON_PORT" if number in _PORT_ERRORS else "KOLOFON_HOST"
        reason = getattr(error, "strerror", None) or error
        raise StartError(f"{name}: cannot listen on {settings.host} port {settings.port}: {reason}") from None
    listener.set_inheritable(True)
    return listener


def run_web(settings: Settings, database_url: str, listener: socket.socket, with_worker: bool) -> None:
    """Serve until a signal ends it; with_worker: do the worker's work in the same process."""
    parts = Parts(settings, database_url, read_secrets(settings), Clock())
    if with_worker:
        parts.meanwhile(_worker(parts).run)
    # Requests in flight get ten seconds to finish; what they have acknowledged is committed by then.
    config = uvicorn.Config(
        build(parts),
        log_config=None,
        access_log=False,
        server_header=False,
        # Connecting comes before serving, so that what is wrong becomes a line and not uvicorn's traceback.
        lifespan="off",
        http="httptools",
        timeout_graceful_shutdown=10,
        # Whose word is taken for the address that a request comes from; sign-ins are throttled by it.
        forwarded_allow_ips=list(settings.trusted_proxies),
    )

    async def serve() -> None:
        async with _connected(parts):
            await _Server(config).serve(sockets=[listener])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


class _Server(uvicorn.Server):
    """Ends in order at a signal, and the program after it: uvicorn's own raises the signal once more at the end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets the requests in flight finish; a second Ctrl-C does not."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


async def run_worker(settings: Settings, database_url: str) -> None:
    """Work until cancelled or told to end. What is half done then is undone, and done by the next."""
    parts = Parts(settings, database_url, read_secrets(settings), Clock())
    async with _connected(parts):
        work = asyncio.create_task(_worker(parts).run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
        with suppress(asyncio.CancelledError):
            await work


def _worker(parts: Parts) -> Worker:
    return Worker(
        parts.pool, parts.clock, parts.key_store, parts.delivery, parts.telling, *parts.order_work, parts.life_run
    )


@asynccontextmanager
async def _connected(parts: Parts) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(parts.running())
        except _NO_DATABASE as error:
            raise StartError(_unreachable(error)) from None
        yield


def _unreachable(error: BaseException) -> str:
    return f"KOLOFON_DATABASE_URL: cannot reach the database: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]
