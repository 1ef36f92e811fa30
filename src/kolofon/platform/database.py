"""Connections to PostgreSQL: one pool a process, read connections and write transactions for requests."""

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:  # asyncpg's classes take no parameters at run time, when Litestar reads the annotations
    Connection = Pool = Any


class Reader(Protocol):
    """What reading statements can be given to: a connection, or lanes that have one for each statement."""

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row."""
        ...

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """The first column of the first row."""
        ...


class Lock(IntEnum):
    """The advisory locks that are one number, for work that one process at a time does."""

    HOUSEKEEPING = 0x6B6F6C01
    MIGRATION = 0x6B6F6C02
    LOADING = 0x6B6F6C03
    SIGNING_KEYS = 0x6B6F6C04
    SUBSCRIPTIONS = 0x6B6F6C05  # of each partner
    CUSTOMER_IMPORT = 0x6B6F6C06  # of each partner


async def create_pool(url: str, connections: int) -> Pool:
    """Open a pool of at most `connections`; raises OSError or asyncpg.PostgresError when the server refuses."""
    return await asyncpg.create_pool(
        url,
        min_size=2,
        max_size=connections,
        init=prepare_connection,
        reset=_leave_as_it_is,
        command_timeout=30,
        # A transaction left open would hold locks for ever; the server ends it.
        server_settings={
            "application_name": "kolofon",
            "idle_in_transaction_session_timeout": "60s",
            "timezone": "UTC",
            # Every statement here touches few rows of indexed tables; compiling one takes longer than running it.
            "jit": "off",
        },
    )


async def prepare_connection(connection: Connection) -> None:
    """Teach a new connection to read and write jsonb as Python values."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=lambda data: msgspec.json.decode(data[1:]),
        format="binary",
    )


async def wait_for_lock(connection: Connection, lock: Lock) -> None:
    """Take a lock until the transaction ends, when its turn has come."""
    await connection.execute("select pg_advisory_xact_lock($1)", lock)


async def try_lock(connection: Connection, lock: Lock) -> bool:
    """Take a lock until the transaction ends; False when another one has it."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock($1)", lock))


async def wait_for_partner_lock(connection: Connection, lock: Lock, partner_id: int) -> None:
    """Take a lock of one partner until the transaction ends, when its turn has come."""
    await connection.execute("select pg_advisory_xact_lock($1::integer, $2)", lock, partner_id)


async def try_partner_lock(connection: Connection, lock: Lock, partner_id: int) -> bool:
    """Take a lock of one partner until the transaction ends; False when another one has it."""
    return bool(await connection.fetchval("select pg_try_advisory_xact_lock($1::integer, $2)", lock, partner_id))


def rows_changed(status: str) -> int:
    """How many rows a statement has written, by what `execute` returns of it."""
    return int(status.rpartition(" ")[2])


def _encode_jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)  # the version byte of the binary format


async def _leave_as_it_is(connection: Connection) -> None:
    """Sessions hold no state between requests, so the round trip of a reset is saved."""
