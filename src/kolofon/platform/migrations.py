"""Bringing the database to the shape this version needs, and telling whether it has it."""

from importlib.resources import as_file, files
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from yoyo import get_backend, read_migrations

from kolofon.platform.database import Connection, Lock

_PACKAGE = files("kolofon") / "migrations"


def migrate(database_url: str) -> list[str]:
    """Apply what is missing, one process at a time, and return the names of what was applied.

    Each migration is a transaction of its own: a failure leaves the ones before it applied and itself undone.
    """
    # Not yoyo's own lock, a row that a killed process leaves behind: this one goes with its connection.
    with psycopg.connect(database_url) as turn, turn.transaction():
        turn.execute("select pg_advisory_xact_lock(%s)", [Lock.MIGRATION])
        backend = get_backend(_driver_url(database_url))
        try:
            with as_file(_PACKAGE) as folder:
                missing = backend.to_apply(read_migrations(str(folder)))
                names = [migration.id for migration in missing]
                backend.apply_migrations(missing)
        finally:
            backend.connection.close()
    return names


def known_migrations() -> list[str]:
    """The names of the migrations that this version brings, in order."""
    return sorted(Path(entry.name).stem for entry in _PACKAGE.iterdir() if entry.name.endswith(".sql"))


async def missing_migrations(connection: Connection) -> list[str]:
    """The migrations this version brings that the database does not have."""
    if await connection.fetchval("select to_regclass('_yoyo_migration')") is None:
        return known_migrations()
    rows = await connection.fetch("select migration_id from _yoyo_migration")
    applied = {row["migration_id"] for row in rows}
    return [name for name in known_migrations() if name not in applied]


def _driver_url(database_url: str) -> str:
    return database_url.replace(urlsplit(database_url).scheme, "postgresql+psycopg", 1)
