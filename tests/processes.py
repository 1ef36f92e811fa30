"""A server in a process of its own, whose log can be read and which can be killed."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from kolofon.app import Parts
from kolofon.platform.clock import Clock
from kolofon.platform.sealing import Secrets
from kolofon.settings import read_settings
from tests.browser_session import Server

WAIT = 120  # no promise of speed: it ends a hopeless wait


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for_death(process_id: int) -> None:
    """Wait until a process that is no child of ours is dead, buried or not."""
    status = Path(f"/proc/{process_id}/stat")
    while status.exists() and ") Z" not in status.read_text():
        time.sleep(0.01)


class WebProcess:
    """`kolofon web` on a database, with its standard error in a file."""

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.log_file = folder / "web.log"
        given = {"port": str(free_port()), "database_url": database_url, "data": str(folder / "data")} | settings
        kolofon = {f"KOLOFON_{name.upper()}": value for name, value in given.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}
        self.environment = kept | kolofon
        found = read_settings(kolofon)
        # Not running: only what a test asks of the settings.
        self.server = Server(found.public_url, Parts(found, database_url, Secrets("0" * 32), Clock()))
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self.process = self._started()
        async with asyncio.timeout(WAIT):
            while not await self.is_ready():
                assert self.process.poll() is None, self.log_file.read_text()
                await asyncio.sleep(0.05)

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log_file.open("ab") as log:
            command = [sys.executable, "-m", "kolofon", "web"]
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    async def is_ready(self) -> bool:
        """Whether it answers that it is."""
        try:
            return (await self.server.http.get("/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, WAIT)

    def log(self) -> list[dict[str, Any]]:
        """The log lines; what is said on starting is not one."""
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@asynccontextmanager
async def web_process(database_url: str, folder: Path, **settings: str) -> AsyncIterator[WebProcess]:
    """A running one, ended afterwards."""
    web = WebProcess(database_url, folder, **settings)
    try:
        await web.start()
        yield web
    finally:
        await web.end()
        await web.server.close()


@asynccontextmanager
async def worker_process(database_url: str, folder: Path, **settings: str) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """`kolofon worker`, with its standard error in a file `log`; killed afterwards."""
    given = {"database_url": database_url, "data": str(folder)} | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}
    environment = kept | {f"KOLOFON_{name.upper()}": value for name, value in given.items()}
    process = _started_worker(environment, folder / "log")
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait, WAIT)


def _started_worker(environment: dict[str, str], log_file: Path) -> "subprocess.Popen[bytes]":
    with log_file.open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "kolofon", "worker"], env=environment, stderr=log)
