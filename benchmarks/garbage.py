"""What Python's cycle collector costs an access check: as Python sets it, and as the running program does.

python -m benchmarks.garbage [--customers 10000] [--requests 5000]

The application is called in this process, without HTTP, with PostgreSQL behind it.
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from litestar.types import ASGIApp

from benchmarks import access_check, harness
from kolofon.app import Parts, build
from kolofon.identity.oauth.rfc9068 import new_access_token, sign
from kolofon.platform.clock import Clock
from kolofon.platform.sealing import Secrets
from kolofon.settings import Settings

ROUNDS = 5
PYTHONS_OWN = (700, 10, 10)


class Round(msgspec.Struct, frozen=True):
    """What one round took: microseconds of processor time a check, the collector's part of them, what it found."""

    microseconds: float
    collector: float
    collections: int
    found: int


class Watch:
    """Counts and times the collector."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.collections = self.found = 0
        self._started = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """A callback of the collector."""
        if phase == "start":
            self._started = time.process_time()
            return
        self.seconds += time.process_time() - self._started
        self.collections += 1
        self.found += info["collected"]


def main() -> None:
    """Print medians, measured in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=5_000)
    arguments = parser.parse_args()
    with harness.database(arguments.customers) as url, tempfile.NamedTemporaryFile("w") as file:
        asyncio.run(access_check.write_readers(url, file.name))
        readers = Path(file.name).read_text().split()
        settings = Settings(public_url=f"http://127.0.0.1:{harness.SERVER_PORT}", log_level="error")
        parts = Parts(settings, url, Secrets(harness.SECRET_KEY), Clock())
        asyncio.run(_compare(parts, readers[: arguments.requests]))


async def _compare(parts: Parts, readers: list[str]) -> None:
    app = build(parts)
    async with parts.running():
        ours = gc.get_threshold()
        token = new_access_token(parts.clock.now(), 3600, harness.CLIENT_ID)
        text = sign(token, parts.keys, parts.settings.issuer, parts.settings.api_audience)
        await _round(app, text, readers)  # warms up
        pythons: list[Round] = []
        as_set: list[Round] = []
        for _ in range(ROUNDS):
            gc.unfreeze()
            gc.set_threshold(*PYTHONS_OWN)
            pythons.append(await _round(app, text, readers))
            gc.collect()
            gc.freeze()
            gc.set_threshold(*ours)
            as_set.append(await _round(app, text, readers))
        whole, after_freezing = _full_collection(freeze=False), _full_collection(freeze=True)
    print(f"{len(readers):,} access checks a round, medians of {ROUNDS} rounds")
    for name, rounds in (("Python's own settings", pythons), ("as the program sets it", as_set)):
        columns = {field: statistics.median(getattr(r, field) for r in rounds) for field in Round.__struct_fields__}
        print(
            f"  {name:24} {columns['microseconds']:6.1f} µs a check, of it collector {columns['collector']:5.2f} µs; "
            f"{columns['collections']:.0f} collections found {columns['found']:.0f} objects"
        )
    print(f"  a full collection stops everything for {whole:.1f} ms, after gc.freeze() for {after_freezing:.1f} ms")


def _full_collection(freeze: bool) -> float:
    """Milliseconds of one."""
    gc.unfreeze()
    if freeze:
        gc.collect()
        gc.freeze()
    started = time.process_time()
    gc.collect()
    return (time.process_time() - started) * 1000


async def _round(app: ASGIApp, token: str, readers: list[str]) -> Round:
    watch = Watch()
    gc.callbacks.append(watch)
    started = time.process_time()
    for reader in readers:
        await _check(app, token, reader)
    seconds = time.process_time() - started
    gc.callbacks.remove(watch)
    millionths = 1_000_000 / len(readers)
    return Round(seconds * millionths, watch.seconds * millionths, watch.collections, watch.found)


async def _check(app: ASGIApp, token: str, reader: str) -> None:
    body = b'{"product":"%s","uniqueId":"%s"}' % (access_check.PRODUCT.encode(), reader.encode())

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise SystemExit(f"an access check was answered with {message['status']}")

    path = "/capi/v1/client/access"
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", harness.SERVER_PORT),
        "client": ("127.0.0.1", 50000),
        "extensions": {},
        "state": {},
    }
    await app(scope, receive, send)


if __name__ == "__main__":
    main()
