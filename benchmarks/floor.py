"""The floor: what Python, uvicorn and asyncpg can do for an access check when nothing is checked.

python benchmarks/floor.py DATABASE_URL PORT
"""

import sys
from typing import Any
from uuid import UUID

import msgspec
import uvicorn

from kolofon.engine.access.queries import SUBJECT
from kolofon.platform.database import Pool, create_pool

_pool: Pool | None = None


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Decode, ask, encode."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["method"] == "GET":
        body = b"{}"
    else:
        question = msgspec.json.decode((await receive())["body"])
        assert _pool is not None  # noqa: S101
        rows = await _pool.fetch(SUBJECT, 1, UUID(question["uniqueId"]), None, [question["product"]], False)
        entry = {"access": bool(rows), "accessLevel": "A", "accessType": "A"}
        body = msgspec.json.encode({"access": bool(rows), "accesses": [entry]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Any, send: Any) -> None:
    global _pool
    await receive()
    _pool = await create_pool(sys.argv[1], 10)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await _pool.close()
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), log_config=None, access_log=False, loop="uvloop", http="httptools")
