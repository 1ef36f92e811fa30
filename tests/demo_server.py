"""`kolofon serve --demo` as a person starts it: a process of its own, on a free port, with a data folder of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.processes import free_port


class Demo:
    """The running demo."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.environment = environment_without_settings() | {
            "KOLOFON_PORT": str(port),
            "KOLOFON_DATA": str(folder / "data"),
        }

    def command(self, *arguments: str) -> str:
        """Run another `kolofon` command beside it and return what it printed."""
        command = [sys.executable, "-m", "kolofon", *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def running_demo() -> Iterator[Demo]:
    """Serve the demo publishers."""
    folder = Path(tempfile.mkdtemp(prefix="kolofon-demo-"))
    demo = Demo(free_port(), folder)
    try:
        with running([sys.executable, "-m", "kolofon", "serve", "--demo"], demo.environment, f"{demo.url}/ready"):
            yield demo
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(command: list[str], environment: Mapping[str, str], probe: str) -> Iterator[None]:
    """Run a server until it is no longer needed; goes on when its probe answers."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            while not _answers(probe):
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(f"{command} ended with {process.returncode}: {log.read()}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(60)


def environment_without_settings() -> dict[str, str]:
    """This process's environment without the settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False
