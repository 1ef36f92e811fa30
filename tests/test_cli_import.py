"""`kolofon import customers` as it is typed: 100,000 rows with planted faults, the reports, the exit codes."""

import asyncio
import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.platform.test_password_hash import MADE
from tests.playground import Playground
from tests.test_cli import Program, assert_one_clear_line

ROWS = 100_000
FAULT_EVERY = 500
COLUMNS = (
    *("customerNumber", "lastName", "emails", "phoneNumbers", "externalReferences.CRM", "streetAddress", "postalCode"),
    *("sex", "credentials", "passwordHash"),
)
HASH = MADE["bcrypt 2y, of PHP"]
Row = dict[str, str]


def right_row(number: int) -> Row:
    row = dict.fromkeys(COLUMNS, "") | {
        "customerNumber": str(number),
        "lastName": "Nordmann",
        "emails": f"r{number}@example.no",
        "externalReferences.CRM": f"C{number}",
    }
    if number % 10 == 0:
        row |= {"credentials": f"r{number}@example.no", "passwordHash": HASH, "postalCode": "0181"}
        row["streetAddress"] = "Storgata"
    return row


# What is wrong with a row, and what is told of it. `{line}` is where the row stands that was taken before it.
FAULTS: dict[str, tuple[Callable[[int], Row], str]] = {
    "no name": (lambda n: {"lastName": " "}, "lastName: expected a name here or in companyName"),
    "number": (lambda n: {"customerNumber": "n/a"}, "customerNumber: expected int | null, got str"),
    "no number": (lambda n: {"customerNumber": ""}, "customerNumber: expected a number, since"),
    "number again": (lambda n: {"customerNumber": str(n - 1)}, "customerNumber: line {line} has it already"),
    "number gone": (lambda n: {"customerNumber": "9999999"}, "customerNumber: the customer was merged into 1"),
    "e-mail": (lambda n: {"emails": "kari@"}, "emails[0]: expected an e-mail address"),
    "phone": (lambda n: {"phoneNumbers": "12"}, "phoneNumbers[0]: expected a phone number"),
    "reference": (lambda n: {"externalReferences.CRM": "x" * 17}, "externalReferences.CRM: expected 1 to 16 char"),
    "reference again": (
        lambda n: {"externalReferences.CRM": f"C{n - 1}"},
        "externalReferences.CRM: line {line} has it already",
    ),
    "reference elsewhere": (lambda n: {"externalReferences.CRM": "OLD"}, "externalReferences.CRM: customer 1 has it"),
    "postal code": (lambda n: {"streetAddress": "Storgata", "postalCode": "18"}, "postalCode: expected the 4 digits"),
    "sex": (lambda n: {"sex": "kvinne"}, "sex: invalid enum value 'kvinne'"),
    "hash": (lambda n: {"credentials": f"x{n}@example.no", "passwordHash": "$1$x$y"}, "passwordHash: expected argon2"),
    "credential": (lambda n: {"credentials": "kari"}, "credentials[0]: expected an e-mail address or a phone number"),
    "credential again": (
        lambda n: {"credentials": f"R{n - FAULT_EVERY + 10}@Example.no"},
        "credentials[0]: line {earlier} has it already",
    ),
    "credential elsewhere": (
        lambda n: {"credentials": "reader@example.no"},
        "credentials[0]: has an account that customer 1 is linked to",
    ),
    "squatted": (lambda n: {"credentials": "squatted@example.no"}, "has an account that nobody has shown to be theirs"),
    "Latin-1": (lambda n: {"lastName": "Sj\udcf8berg"}, "row: expected UTF-8 without NUL characters"),
    "NUL": (lambda n: {"lastName": "Berg\0"}, "row: expected UTF-8 without NUL characters"),
    "two": (
        lambda n: {"emails": "x", "sex": "f"},
        "sex: invalid enum value 'f'; emails[0]: expected an e-mail address",
    ),
}
KINDS = list(FAULTS)


def planted(number: int) -> str | None:
    return KINDS[number // FAULT_EVERY % len(KINDS)] if number % FAULT_EVERY == 0 else None


def write(path: Path) -> tuple[dict[int, str], Counter[str]]:
    """Write the file; returns what is to be told of each refused line, and how many there are of each kind."""
    told: dict[int, str] = {}
    kinds: Counter[str] = Counter()
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        for number in range(2, ROWS + 2):
            line, row, kind = number, right_row(number), planted(number)
            if kind is not None:
                change, text = FAULTS[kind]
                row |= {"credentials": "", "passwordHash": ""} | change(number)
                told[line] = text.format(line=line - 1, earlier=line - FAULT_EVERY + 10)
                kinds[kind] += 1
            writer.writerow(row.values())
    return told, kinds


async def run(database_url: str, *arguments: str) -> tuple[int, str, str]:
    program = Program(database_url=database_url, secret_key="x" * 40)
    done = await asyncio.to_thread(program.run, "import", "customers", *arguments)
    return done.returncode, done.stdout, done.stderr


def totals(output: str) -> dict[str, int]:
    lines = [line.rpartition("  ") for line in output.splitlines()]
    return {
        name.strip(): int(count.replace(",", ""))
        for name, _, count in lines
        if count.strip().replace(",", "").isdigit()
    }


@pytest.fixture
async def there_before(playground: Playground, connection: Connection, clock: Clock) -> None:
    await playground.add_reader("reader@example.no", 1)
    await playground.add_reader("squatted@example.no", level="notVerified")
    await connection.execute("insert into external_reference_look_up values (1, 'CRM', 'OLD', 1)")
    await connection.execute("insert into customer_merge values (1, 1, 9999999, $1, 'test')", clock.now())
    for number in (101, 102, 103):
        await playground.connection.execute(
            "insert into customer (partner_id, customer_number, created_at) values (1, $1, $2)", number, clock.now()
        )


async def test_of_100_000_rows_every_planted_fault_is_told_and_all_others_are_imported(
    database_url: str, connection: Connection, there_before: None, tmp_path: Path
) -> None:
    path, dry_report, report = tmp_path / "customers.csv", tmp_path / "dry.csv", tmp_path / "refused.csv"
    told, kinds = write(path)
    assert sum(kinds.values()) == ROWS // FAULT_EVERY
    assert set(kinds) == set(FAULTS)
    made = ROWS - len(told) - 3
    accounts = sum(1 for number in range(2, ROWS + 2) if number % 10 == 0 and number % FAULT_EVERY)
    expected = {
        "rows": ROWS,
        "customers made": made,
        "known before, left": 3,
        "refused": len(told),
        "accounts made": accounts,
        "accounts linked": 0,
    }

    arguments = (str(path), "--partner", "example")
    code, output, errors = await run(database_url, *arguments, "--dry-run", "--report", str(dry_report))
    assert code == 3, errors
    assert "nothing was written" in output
    assert totals(output) == expected
    assert await connection.fetchval("select count(*) from customer") == 4
    assert await connection.fetchval("select count(*) from customer_import") == 0

    code, output, errors = await run(database_url, *arguments, "--report", str(report))
    assert code == 3, errors
    assert totals(output) == expected
    assert "rows = made + known + refused, as counted in the database" in output
    assert f"refused rows are in {report}" in output
    assert "50,000 rows" in errors

    with report.open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["line", "customer", "problems"]
    assert [int(line) for line, _, _ in lines] == sorted(told)
    for line, _, problem in lines:
        assert told[int(line)] in problem, line
    assert dry_report.read_bytes() == report.read_bytes()

    for table in ("customer_email", "customer_external_reference", "external_reference_look_up"):
        extra = 1 if table == "external_reference_look_up" else 0
        assert await connection.fetchval(f"select count(*) from {table}") == made + extra, table
    assert await connection.fetchval("select count(*) from customer") == made + 4
    assert await connection.fetchval("select count(*) from user_customer") == accounts + 1
    assert await connection.fetchval("select count(*) from customer_import_refusal") == len(told)
    assert await connection.fetchval("select count(*) from customer_search") == made + 4


async def test_without_a_report_the_first_refused_rows_are_shown(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    path = tmp_path / "customers.jsonl"
    rows = [f'{{"customerNumber":{number},"name":{{}}}}\n' for number in range(1, 31)]
    path.write_text("".join(rows))
    code, output, _ = await run(database_url, str(path), "--partner", "example")
    assert code == 3
    assert "line 1 (1): name.lastName: expected a name here or in companyName\n" in output
    assert "line 20 (20)" in output
    assert "line 21" not in output
    assert "and 10 more; --report FILE writes all of them" in output


async def test_the_exit_code_is_0_when_nothing_was_refused(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    path = tmp_path / "customers.txt"
    path.write_text("customerNumber;lastName\n1;Berg\n")
    code, output, errors = await run(database_url, str(path), "--partner", "example", "--format", "csv")
    assert (code, errors) == (0, "")
    assert totals(output)["customers made"] == 1


async def test_what_cannot_be_begun_is_one_line(database_url: str, playground: Playground, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("customerNumber,lastName\n1,Berg\n")
    program = Program(database_url=database_url, secret_key="x" * 40)

    async def refused(*arguments: str) -> str:
        result = await asyncio.to_thread(program.run, "import", "customers", *arguments)
        assert_one_clear_line(result)
        return result.stderr

    assert "--partner: there is no partner nobody" in await refused(str(path), "--partner", "nobody")
    ours = ("--partner", "example")
    assert "--report: cannot write" in await refused(str(path), *ours, "--report", str(tmp_path / "no" / "x.csv"))
    assert "--report: expected another file" in await refused(str(path), *ours, "--report", str(path))
    assert path.read_text().startswith("customerNumber")
    path.write_text("customerNumber,surname\n1,Berg\n")
    assert "there is no column 'surname'" in await refused(str(path), *ours)


async def test_a_report_holds_nothing_that_a_spreadsheet_would_run(
    database_url: str, playground: Playground, tmp_path: Path
) -> None:
    path, report = tmp_path / "customers.jsonl", tmp_path / "refused.csv"
    path.write_text('{"name":{},"externalReferences":{"CRM":"x"},"=cmd()":1}\n')
    await run(database_url, str(path), "--partner", "example", "--report", str(report))
    with report.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("=cmd()" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
