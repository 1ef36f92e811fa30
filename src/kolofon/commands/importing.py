"""What `kolofon import` does in the database, and the report that it leaves."""

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from kolofon.commands.partners import chosen_partners
from kolofon.engine.customers.importing import queries
from kolofon.engine.customers.importing.queries import Import
from kolofon.engine.customers.importing.service import Order, Tell, close, import_customers
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.errors import Unavailable, as_api_error
from kolofon.platform.sealing import read_secrets
from kolofon.settings import Settings

SHOWN = 20  # refused rows, when they are not written to a file
_PAGE = 10_000
_HEADER = ("line", "customer", "problems")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import. `resumed`: rows that were done before; `refused`: the first rows that were refused."""

    totals: Import
    resumed: int
    refused: list[tuple[int, str | None, str]]


async def run_import(
    url: str,
    connection: Connection,
    clock: Clock,
    settings: Settings,
    partner_code: str,
    order: Order,
    report: Path | None,
    tell: Tell,
) -> Imported:
    """Import the customers of a file. Raises Failure."""
    [partner] = await chosen_partners(connection, partner_code)
    if report is not None:
        # It would be late to find out at the end that this cannot be done.
        _begin_report(report, order.path)
    # Another one at work than the caller's, while that waits for PostgreSQL; a dry run sees its tables in one alone.
    async with _more_connections(url, 0 if order.dry else 1) as more:
        try:
            outcome = await import_customers([connection, *more], clock, partner, read_secrets(settings), order, tell)
        except Exception as error:
            if isinstance(as_api_error(error), Unavailable):
                raise Failure("the database cannot be reached any more; start again, and the import goes on") from None
            raise
    import_id = outcome.totals.customer_import_id
    shown = await queries.list_refusals(connection, partner.partner_id, import_id, 0, SHOWN)
    page = await queries.list_refusals(connection, partner.partner_id, import_id, 0, _PAGE) if report else []
    while page and report is not None:
        _write_report(report, page)
        page = await queries.list_refusals(connection, partner.partner_id, import_id, page[-1][0], _PAGE)
    await close(connection, partner, order.dry)
    return Imported(totals=outcome.totals, resumed=outcome.resumed, refused=shown)


@asynccontextmanager
async def _more_connections(url: str, number: int) -> AsyncIterator[list[Connection]]:
    connections: list[Connection] = []
    try:
        for _ in range(number):
            connections.append(await asyncpg.connect(url))  # noqa: PERF401 (each that was made is closed)
        yield connections
    finally:
        for connection in connections:
            await connection.close()


def _begin_report(report: Path, imported: Path) -> None:
    if report.exists() and report.samefile(imported):
        raise Failure("--report: expected another file than the one that is imported")
    _write_report(report, [], first=True)


def _write_report(report: Path, rows: list[tuple[int, str | None, str]], first: bool = False) -> None:
    try:
        with report.open("w" if first else "a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if first:
                writer.writerow(_HEADER)
            writer.writerows((line, _cell(customer or ""), _cell(problem)) for line, customer, problem in rows)
    except OSError as error:
        raise Failure(f"--report: cannot write {report}: {error.strerror}") from None


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
