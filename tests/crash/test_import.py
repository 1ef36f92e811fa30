"""An import, killed in the middle again and again: no row is lost, none is doubled, the totals are of all of them."""

import asyncio
import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kolofon.platform.database import Connection
from tests.crash.test_kill import nobody_is_at_work
from tests.playground import Playground
from tests.processes import WAIT, wait_for_death
from tests.test_cli_import import totals
from tests.waiting import until

ROWS = 30_000  # twelve batches, checked in processes of their own
REFUSED = ROWS // 100
DOUBLES = range(2_000, ROWS, 2_000)
SECRET_KEY = "a secret key of this installation"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Customers with accounts. Each hundredth is refused; some come again, as one that was long before them."""
    path = tmp_path / "customers.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("customerNumber", "lastName", "emails", "credentials", "externalReferences.CRM"))
        for number in range(1, ROWS + 1):
            email = f"r{number}@example.no" if number % 100 else "nonsense"
            told = number - 1_998 if number + 1 in DOUBLES else number
            writer.writerow((told, "Nordmann", email, f"r{number}@example.no", f"C{number}"))
    return path


def importing(database_url: str, *arguments: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}
    environment = kept | {"KOLOFON_DATABASE_URL": database_url, "KOLOFON_SECRET_KEY": SECRET_KEY}
    command = [sys.executable, "-m", "kolofon", "import", "customers", *arguments, "--partner", "example"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(process_id: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == process_id:
            yield int(stat.parent.name)


async def done(connection: Connection) -> int:
    """How many rows are done; all of each of them is there, and nothing of any other."""
    row = await connection.fetchrow(
        "select rows_done, customers_made, rows_refused, accounts_made, customers_known from customer_import"
    )
    if row is None:
        return 0
    assert row["rows_done"] == row["customers_made"] + row["rows_refused"]
    assert row["customers_known"] == 0
    for table in (
        *("customer", "customer_email", "customer_external_reference", "external_reference_look_up"),
        *("user_account", "user_credential", "user_customer", "customer_search"),
    ):
        assert await connection.fetchval(f"select count(*) from {table}") == row["customers_made"], table
    assert await connection.fetchval("select count(*) from customer_import_refusal") == row["rows_refused"]
    assert row["accounts_made"] == row["customers_made"]
    return int(row["rows_done"])


async def test_an_import_that_is_killed_goes_on_where_it_was(
    playground: Playground, database_url: str, path: Path, tmp_path: Path
) -> None:
    connection = playground.connection
    before = 0
    for part in (0.05, 0.4, 0.75):
        process = importing(database_url, str(path))

        async def is_so_far(part: float = part) -> bool:
            rows = await connection.fetchval("select max(rows_done) from customer_import")
            return (rows or 0) >= part * ROWS

        await until(is_so_far)
        helpers = list(children(process.pid))
        assert helpers
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.communicate, timeout=WAIT)
        for helper in helpers:
            await asyncio.to_thread(wait_for_death, helper)
        await nobody_is_at_work(connection)
        now = await done(connection)
        assert before < now < ROWS
        before = now
    report = tmp_path / "refused.csv"
    process = importing(database_url, str(path), "--report", str(report))
    output, errors = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert process.returncode == 3, errors
    assert f"went on behind {before:,} rows" in output
    assert await done(connection) == ROWS
    refused = REFUSED + len(DOUBLES)
    assert totals(output)["rows"] == ROWS
    assert totals(output)["refused"] == refused
    assert totals(output)["customers made"] == ROWS - refused
    assert await connection.fetchval("select count(*) from customer_import_claim") == 0
    with report.open(newline="") as file:
        lines = {int(line): problem for line, _, problem in list(csv.reader(file))[1:]}
    assert len(lines) == refused
    # Those that came again were told from customers that were here before, whenever it was killed.
    for number in DOUBLES:
        assert lines[number] == f"customerNumber: line {number - 1_998} has it already"

    process = importing(database_url, str(path))
    output, errors = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert process.returncode == 3, errors
    assert totals(output)["customers made"] == 0
    assert totals(output)["known before, left"] == ROWS - refused


async def test_one_that_is_asked_to_end_does_so_and_goes_on_the_next_time(
    playground: Playground, database_url: str, path: Path
) -> None:
    connection = playground.connection
    process = importing(database_url, str(path))

    async def has_begun() -> bool:
        return bool(await connection.fetchval("select max(rows_done) > 0 from customer_import"))

    await until(has_begun)
    helpers = list(children(process.pid))
    process.send_signal(signal.SIGINT)
    await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert process.returncode != 0
    for helper in helpers:
        await asyncio.to_thread(wait_for_death, helper)
    await nobody_is_at_work(connection)
    before = await done(connection)
    assert 0 < before < ROWS
    process = importing(database_url, str(path))
    output, _ = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert f"went on behind {before:,} rows" in output
    assert await done(connection) == ROWS


async def test_when_the_database_goes_away_it_is_said_in_one_line_and_the_next_one_goes_on(
    playground: Playground, database_url: str, path: Path
) -> None:
    connection = playground.connection
    process = importing(database_url, str(path))

    async def has_begun() -> bool:
        return bool(await connection.fetchval("select max(rows_done) > 0 from customer_import"))

    await until(has_begun)
    await connection.execute(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        """
    )
    _, errors = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert process.returncode == 1
    assert errors == "Error: the database cannot be reached any more; start again, and the import goes on\n"
    before = await done(connection)
    process = importing(database_url, str(path))
    output, _ = await asyncio.to_thread(process.communicate, timeout=WAIT)
    assert f"went on behind {before:,} rows" in output
    assert await done(connection) == ROWS
