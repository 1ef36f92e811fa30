"""Is it alive, is it ready, how does it do."""

from collections.abc import Callable

import asyncpg
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kolofon import __version__
from kolofon.platform.database import Pool
from kolofon.platform.migrations import missing_migrations
from kolofon.platform.notifications import Notifications


def handlers(pool: Callable[[], Pool], notifications: Notifications) -> list[HTTPRouteHandler]:
    """The endpoints for whoever operates the program."""

    @get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        """The process is alive."""
        return {"status": "alive", "version": __version__}

    @get("/ready", include_in_schema=False)
    async def ready() -> Response[dict[str, object]]:
        """The process can do its work: the database is reached, migrated and heard from."""
        problems: list[str] = []
        try:
            async with pool().acquire(timeout=2) as connection:
                missing = await missing_migrations(connection)
            if missing:
                problems.append(f"migrations are missing: {', '.join(missing)}; run kolofon migrate")
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            problems.append(f"the database cannot be reached: {type(error).__name__}")
        if not notifications.fresh:
            problems.append("changes of other processes are not heard; tokens are checked in the database instead")
        body: dict[str, object] = (
            {"status": "ready", "version": __version__} if not problems else {"problems": problems}
        )
        return Response(body, status_code=503 if problems else 200)

    @get("/metrics", include_in_schema=False)
    async def metrics() -> Response[bytes]:
        """Figures for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [health, ready, metrics]
