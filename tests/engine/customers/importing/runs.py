"""Importing in a test: rows as JSON lines or as a table, and what came of them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.customers.importing import queries
from kolofon.engine.customers.importing.queries import Import
from kolofon.engine.customers.importing.service import Order, Outcome, Tell, close, import_customers
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from tests.conftest import SECRETS


class Ran(msgspec.Struct, frozen=True):
    """What came of an import; refused rows by their lines, each with what the customer is called and why."""

    totals: Import
    resumed: int
    refused: dict[int, tuple[str | None, str]]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Made, known, refused."""
        return self.totals.customers_made, self.totals.customers_known, self.totals.rows_refused

    def why(self, line: int) -> str:
        """Why a row was refused."""
        return self.refused[line][1]


class Importer:
    """Imports into a database, as the command does."""

    def __init__(self, url: str, connection: Connection, clock: Clock, folder: Path) -> None:
        self.connection = connection
        self._url = url
        self._clock = clock
        self._folder = folder

    async def rows(self, *rows: dict[str, Any], **options: Any) -> Ran:
        """Import members, one after the other in the file: the first one is in line 1."""
        return await self.content(b"".join(msgspec.json.encode(row) + b"\n" for row in rows), **options)

    async def table(self, columns: Sequence[str], *rows: Sequence[str], **options: Any) -> Ran:
        """Import a table; its first row is in line 2."""
        file = io.StringIO()
        csv.writer(file).writerows([columns, *rows])
        return await self.content(file.getvalue().encode(), name="customers.csv", **options)

    async def content(
        self, content: bytes, name: str = "customers.jsonl", partner: int = 1, trusting: bool = False, dry: bool = False
    ) -> Ran:
        """Import a file with this content."""
        path = self._folder / name
        path.write_bytes(content)
        order = Order(path=path, format=None, trusting=trusting, dry=dry, actor="command-line:test")
        connections = [await self._connect() for _ in range(1 if dry else 2)]
        try:
            outcome, refused = await self._run(connections, partner, order)
        finally:
            for connection in connections:
                await connection.close()
        return Ran(outcome.totals, outcome.resumed, refused)

    async def _run(
        self, connections: list[Connection], partner: int, order: Order
    ) -> tuple[Outcome, dict[int, tuple[str | None, str]]]:
        found = (await read_catalogue(self.connection)).partner(partner)
        tell = Tell(lambda: None, lambda done, part: None)
        outcome = await import_customers(connections, self._clock, found, SECRETS, order, tell)
        import_id = outcome.totals.customer_import_id
        rows = await queries.list_refusals(connections[0], partner, import_id, 0, 1_000_000)
        await close(connections[0], found, order.dry)
        return outcome, {line: (customer, problem) for line, customer, problem in rows}

    async def _connect(self) -> Connection:
        connection = await asyncpg.connect(self._url)
        await prepare_connection(connection)
        return connection


def customer(number: int | None = 1, **members: Any) -> dict[str, Any]:
    """The least that is needed of a customer, and more of it."""
    return {"customerNumber": number, "name": {"lastName": "Nordmann"}} | members


def user(*credentials: str, level: str | None = None, password_hash: str | None = None) -> dict[str, Any]:
    """A user with these credentials."""
    told = [{"credential": text} | ({"verificationLevel": level} if level else {}) for text in credentials]
    return {"credentials": told} | ({"passwordHash": password_hash} if password_hash else {})
