"""Importing customers: rows a second of the whole command, for both forms of files, with and without accounts.

python -m benchmarks.importing [--customers 100000] [--forms csv,jsonl]
"""

import argparse
import asyncio
import csv
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from benchmarks import harness
from kolofon.catalogue.demo import DEMO_FILES
from kolofon.catalogue.demo_data import names
from kolofon.catalogue.loader import load_publisher
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from kolofon.platform.clock import Clock
from kolofon.platform.embedded import EmbeddedPostgres
from kolofon.platform.migrations import migrate

HASH = "$2y$12$LrmaIX5x4TRtAwEfwJZa1.2ehnw6LvuIUTM0iz4iz9hTxv21B6KFO"
COLUMNS = (
    *("customerNumber", "firstName", "lastName", "emails", "phoneNumbers", "streetAddress", "streetNumber"),
    *("postalCode", "postalPlace", "externalReferences.CRM", "birthDate", "credentials", "passwordHash"),
)


def main() -> None:
    """Import each kind of file into a database of its own, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--forms", default="csv,jsonl")
    arguments = parser.parse_args()
    folder = harness.DATA / "importing"
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder / "database") as server:
        asyncio.run(_prepare(server.url))
        for accounts in (True, False):
            for form in arguments.forms.split(","):
                file = folder / f"customers.{form}"
                write_file(file, arguments.customers, accounts)
                url = asyncio.run(_copy(server.url))
                seconds, megabytes = _import(url, file)
                asyncio.run(_check(url, arguments.customers, accounts))
                kind = f"{form}, {'with' if accounts else 'without'} accounts"
                rate = arguments.customers / seconds
                print(f"{kind}: {arguments.customers:,} in {seconds:.1f} s, {rate:,.0f}/s, {megabytes:.0f} MB")


def write_file(file: Path, customers: int, accounts: bool) -> None:
    """Write believable customers: a name, an address, an e-mail address, a number, a reference; the same each time."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        if file.suffix == ".csv":
            writer = csv.writer(opened, delimiter=";")
            writer.writerow(COLUMNS)
            writer.writerows(_cells(row) for row in _rows(customers, accounts))
        else:
            opened.writelines(f"{msgspec.json.encode(_members(row)).decode()}\n" for row in _rows(customers, accounts))


def _rows(customers: int, accounts: bool) -> Iterator[dict[str, str]]:
    chance = random.Random(1)
    for number in range(1, customers + 1):
        first, last = chance.choice(names.FIRST_NAMES), chance.choice(names.LAST_NAMES)
        place = chance.choice(names.POSTAL_PLACES)
        email = re.sub(r"[^a-z]", "", (first + last).lower()) + f"{number}@example.com"
        row = {
            "customerNumber": str(2_000_000 + number),
            "firstName": first,
            "lastName": last,
            "emails": email,
            "phoneNumbers": f"mobile:4{number % 10_000_000:07}",
            "streetAddress": chance.choice(names.STREETS),
            "streetNumber": str(chance.randint(1, 90)),
            "postalCode": place[:4],
            "postalPlace": place[5:],
            "externalReferences.CRM": f"C-{number}",
            "birthDate": f"{chance.randint(1930, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        }
        if accounts:
            row |= {"credentials": f"{email}|+474{number % 10_000_000:07}", "passwordHash": HASH}
        yield row


def _cells(row: dict[str, str]) -> list[str]:
    return [row.get(column, "") for column in COLUMNS]


def _members(row: dict[str, str]) -> dict[str, Any]:
    members: dict[str, Any] = {
        "customerNumber": int(row["customerNumber"]),
        "name": {name: row[name] for name in ("firstName", "lastName")},
        "emails": [row["emails"]],
        "phoneNumbers": [
            {"phoneNumber": row["phoneNumbers"].removeprefix("mobile:"), "phoneNumberType": "mobile"},
        ],
        "address": {name: row[name] for name in ("streetAddress", "streetNumber", "postalCode", "postalPlace")},
        "externalReferences": {"CRM": row["externalReferences.CRM"]},
        "birthDate": row["birthDate"],
    }
    if "credentials" in row:
        credentials = [{"credential": text} for text in row["credentials"].split("|")]
        members["users"] = [{"credentials": credentials, "passwordHash": row["passwordHash"]}]
    return members


def _import(url: str, file: Path) -> tuple[float, float]:
    """How long the whole command takes, and the memory of its first process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOLOFON_")}
    environment = kept | {"KOLOFON_DATABASE_URL": url, "KOLOFON_SECRET_KEY": harness.SECRET_KEY}
    command = [sys.executable, "-m", "kolofon", "import", "customers", str(file), "--partner", "fjordposten"]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"the import ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


async def _check(url: str, customers: int, accounts: bool) -> None:
    """Fast and wrong is no figure."""
    connection = await harness.connect(url)
    row = await connection.fetchrow(
        """
        select (select count(*) from customer), (select count(*) from customer_address),
            (select count(*) from customer_email), (select count(*) from customer_phone_number),
            (select count(*) from external_reference_look_up), (select count(*) from customer_search),
            (select count(*) from user_account), (select count(*) from user_customer),
            (select count(*) from user_credential)
        """
    )
    await connection.close()
    users = customers if accounts else 0
    if row is None or tuple(row) != (*[customers] * 6, users, users, 2 * users):
        raise SystemExit(f"the import is wrong: {row}")


async def _prepare(url: str) -> None:
    administrator = await asyncpg.connect(url)
    for name in ("importing_run", "importing"):
        await administrator.execute(f"drop database if exists {name}")
    await administrator.execute("create database importing")
    await administrator.close()
    migrate(_named(url, "importing"))
    connection = await harness.connect(_named(url, "importing"))
    publisher = read_publisher_file(DEMO_FILES[0])
    publisher = msgspec.structs.replace(publisher, publisher=msgspec.structs.replace(publisher.publisher, readers=[]))
    await load_publisher(connection, Clock(), publisher, "command-line:benchmark")
    await connection.close()


async def _copy(url: str) -> str:
    administrator = await asyncpg.connect(url)
    await administrator.execute("drop database if exists importing_run")
    await administrator.execute("create database importing_run template importing")
    await administrator.execute("checkpoint")
    await administrator.close()
    return _named(url, "importing_run")


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


if __name__ == "__main__":
    main()
