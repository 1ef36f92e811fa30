"""What Litestar's dependencies cost a request: one object that holds all, against one dependency for each part.

python -m benchmarks.dependencies [--requests 20000]
"""

import argparse
import asyncio
import statistics
import time
from typing import Any

import msgspec
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from litestar.types import Scope

ROUNDS = 7


class Part(msgspec.Struct, frozen=True):
    """Stands for a caller, a catalogue, a clock or a connection."""

    path: str


class Call(msgspec.Struct, frozen=True):
    """All of them in one."""

    caller: Part
    partner: Part
    clock: Part
    database: Part


UsesPart = NamedDependency[SkipValidation[Part]]
UsesCall = NamedDependency[SkipValidation[Call]]


@get("/none")
async def none() -> None:
    """A handler without dependencies."""


@get("/one")
async def one(call: UsesCall) -> None:
    """All parts in one object."""


@get("/four")
async def four(caller: UsesPart, partner: UsesPart, clock: UsesPart, database: UsesPart) -> None:
    """A dependency for each part."""


def _part() -> Provide:
    def part(scope: Scope) -> Part:
        return Part(scope["path"])

    return Provide(part, sync_to_thread=False)


def _call(scope: Scope) -> Call:
    return Call(Part(scope["path"]), Part(scope["path"]), Part(scope["path"]), Part(scope["path"]))


def main() -> None:
    """Print microseconds of processor time a request, medians, in turns; without HTTP and without a socket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    requests: int = parser.parse_args().requests
    parts = {name: _part() for name in ("caller", "partner", "clock", "database")}
    app = Litestar(
        [none, one, four],
        dependencies=parts | {"call": Provide(_call, sync_to_thread=False)},
        openapi_config=None,
        logging_config=None,
    )
    found: dict[str, list[float]] = {"/none": [], "/one": [], "/four": []}
    for _ in range(ROUNDS):
        for path, figures in found.items():
            figures.append(asyncio.run(_microseconds(app, path, requests)))
    print(f"{requests:,} requests, medians of {ROUNDS} rounds")
    for path, figures in found.items():
        print(f"  {path:8} {statistics.median(figures):7.1f} µs")


async def _microseconds(app: Litestar, path: str, requests: int) -> float:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Any) -> None:
        return

    started = time.process_time()
    for _ in range(requests):
        scope: Any = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "extensions": {},
            "state": {},
        }
        await app(scope, receive, send)
    return (time.process_time() - started) / requests * 1_000_000


if __name__ == "__main__":
    main()
