"""What the benchmarks share: a filled database, the server on one core, PostgreSQL and the load on the other."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec

from kolofon.catalogue.demo import DEMO_FILES
from kolofon.catalogue.demo_data.service import generate_demo_data
from kolofon.catalogue.loader import load_publisher
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from kolofon.identity.oauth.key_store import KeyStore
from kolofon.identity.oauth.keys import KeyRing
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.embedded import EmbeddedPostgres
from kolofon.platform.ids import hash_secret
from kolofon.platform.migrations import migrate
from kolofon.platform.sealing import Secrets
from kolofon.settings import Settings

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KOLOFON_BENCHMARK_DATA", HERE.parent / ".data" / "benchmarks"))
SERVER_CORE, OTHER_CORE = 0, 1
SECRET_KEY = "the benchmarks' installation secret key"
CLIENT_ID, CLIENT_SECRET = "no.fjordposten.benchmark", "a-secret-for-benchmarks-on-loopback-only"
SERVER_PORT, FLOOR_PORT = 8300, 8301


class Figures(msgspec.Struct, frozen=True):
    """One run of load: requests a second, median and 99th percentile in milliseconds."""

    rate: float
    p50: float
    p99: float


@contextmanager
def database(customers: int) -> Iterator[str]:
    """The URL of a database with so many customers, kept between runs. It and all that follows runs on one core."""
    if os.cpu_count() and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {OTHER_CORE})
    folder = DATA / str(customers)
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder) as server:
        asyncio.run(_fill(server.url, customers))
        yield server.url


async def _fill(url: str, customers: int) -> None:
    migrate(url)
    connection = await connect(url)
    if not await connection.fetchval("select exists (select from client where client_id = $1)", CLIENT_ID):
        await load_publisher(connection, Clock(), read_publisher_file(DEMO_FILES[0]), "command-line:benchmark")
        await generate_demo_data(connection, Clock(), "fjordposten", customers, 1, lambda _: None)
        await _add_client(connection)
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    await connection.close()


async def _add_client(connection: Connection) -> None:
    """A client whose limits are on, but so high that the load does not reach them."""
    await connection.execute(
        """
        insert into client (client_id, partner_id, name, redirect_uris, grant_types, calls_per_second, calls_per_minute)
        select $1, partner_id, 'Benchmark', '{http://localhost/callback}',
            '{client_credentials,refresh_token,authorization_code}', 1000000, 60000000
        from partner where partner_code = 'fjordposten'
        """,
        CLIENT_ID,
    )
    await connection.execute(
        "insert into client_secret (client_id, secret_hash, created_at) values ($1, $2, $3)",
        CLIENT_ID,
        hash_secret(CLIENT_SECRET),
        Clock().now(),
    )


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of the benchmark's own."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(url)
    await prepare_connection(connection)
    return connection


@contextmanager
def kolofon_web(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """`kolofon web` as it is, on a core of its own, with its access log."""
    # Without KOLOFON_BENCHMARK_DATA: it is the benchmarks', and the server takes no setting that it does not know.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")} | {
        "KOLOFON_DATABASE_URL": url,
        "KOLOFON_PORT": str(SERVER_PORT),
        "KOLOFON_SECRET_KEY": SECRET_KEY,
    }
    command = [sys.executable, "-m", "kolofon", "web"]
    with _server(command, environment, f"http://127.0.0.1:{SERVER_PORT}/ready") as process:
        yield process


@contextmanager
def kolofon_worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """`kolofon worker` as it is, on whichever core has time."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")} | {
        "KOLOFON_DATABASE_URL": url,
        "KOLOFON_SECRET_KEY": SECRET_KEY,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "kolofon", "worker"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE, OTHER_CORE}),
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def floor(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """The floor: bare ASGI with the same SQL, on the same server program, on the same core."""
    command = [sys.executable, str(HERE / "floor.py"), url, str(FLOOR_PORT)]
    with _server(command, dict(os.environ), f"http://127.0.0.1:{FLOOR_PORT}/") as process:
        yield process


@contextmanager
def _server(command: list[str], environment: dict[str, str], probe: str) -> Iterator[subprocess.Popen[bytes]]:
    log = (Path(tempfile.gettempdir()) / f"kolofon-benchmark-{os.getpid()}.log").open("w")
    with (
        log,
        subprocess.Popen(
            command,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        ) as process,
    ):
        try:
            _wait_for(probe, process)
            yield process
        finally:
            process.terminate()
            process.wait(20)
    Path(log.name).unlink(missing_ok=True)


def _wait_for(probe: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            urllib.request.urlopen(probe, timeout=2)  # noqa: S310
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start within 20 s")


def load(url: str, script: str, seconds: int, values: dict[str, str], connections: int = 16) -> Figures:
    """Run wrk with a Lua script of this folder; its environment has `values`. Any answer but 2xx is an error."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("these benchmarks need wrk: apt-get install wrk")
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(HERE / script), url]
    output = subprocess.run(command, env=os.environ | values, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"some requests failed:\n{output}")
    latency = {p: float(n) * {"us": 0.001, "ms": 1, "s": 1000}[u] for p, n, u in _LATENCY.findall(output)}
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if rate is None:
        raise SystemExit(f"wrk printed no rate:\n{output}")
    return Figures(float(rate.group(1)), latency["50"], latency["99"])


_LATENCY = re.compile(r"(50|99)%\s+([\d.]+)(us|ms|s)")


def keys(url: str) -> tuple[KeyRing, Settings]:
    """The server's signing keys and settings, to sign tokens with as it would."""
    ring = KeyRing()
    store = KeyStore(ring, Secrets(SECRET_KEY), Clock())

    async def fetch() -> None:
        connection = await connect(url)
        await store.subscription.fetch(connection)
        await connection.close()

    asyncio.run(fetch())
    return ring, Settings(public_url=f"http://127.0.0.1:{SERVER_PORT}")


def resident_megabytes(process: subprocess.Popen[bytes]) -> float:
    """The memory of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
