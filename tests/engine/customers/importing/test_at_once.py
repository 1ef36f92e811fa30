"""Imports while others write, and two imports at once."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.customers.importing import ahead, queries
from kolofon.engine.customers.importing.reading import FileError
from kolofon.engine.customers.importing.service import Order, Tell, import_customers
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.ids import new_uuid
from tests.conftest import SECRETS
from tests.engine.customers.importing.runs import Importer, customer, user
from tests.playground import Playground
from tests.waiting import until, until_waiting

MANY = 40


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "BATCH", 4)


@pytest.fixture
async def somebody(database_url: str) -> AsyncIterator[Connection]:
    """Who writes meanwhile."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def register(somebody: Connection, credential: str, clock: Clock) -> None:
    """What a reader does who makes an account."""
    unique_id = new_uuid()
    await somebody.execute("insert into user_account (unique_id, created_at) values ($1, $2)", unique_id, clock.now())
    await somebody.execute(
        "insert into user_credential values ($1, 'A', $2, 'verificationCode', $3)", credential, unique_id, clock.now()
    )


@pytest.mark.parametrize("row", [0, 9, MANY - 1])
async def test_an_account_that_is_made_at_that_moment_is_linked(
    importer: Importer, somebody: Connection, clock: Clock, small_batches: None, row: int
) -> None:
    told = [customer(n + 1, users=[user(f"r{n}@example.no")], externalReferences={"CRM": n}) for n in range(MANY)]
    transaction = somebody.transaction()
    await transaction.start()
    await register(somebody, f"r{row}@example.no", clock)
    importing = asyncio.create_task(importer.rows(*told))
    await until_waiting(somebody)
    await transaction.commit()
    ran = await importing
    assert ran.counts == (MANY, 0, 0)
    assert (ran.totals.accounts_made, ran.totals.accounts_linked) == (MANY - 1, 1)
    for table in ("customer", "user_customer", "user_credential", "external_reference_look_up", "customer_search"):
        assert await importer.connection.fetchval(f"select count(*) from {table}") == MANY, table


async def test_what_becomes_of_a_row_at_that_moment_counts_for_the_rows_behind_it(
    importer: Importer, somebody: Connection, clock: Clock, small_batches: None
) -> None:
    """The first row is refused after all, so what it holds is free for one in the batch that went by it."""
    told = [customer(n, externalReferences={"CRM": n}) for n in range(1, 9)]
    told[0]["users"] = [user("closed@example.no"), user("wanted@example.no")]
    told[5]["users"] = [user("wanted@example.no")]
    transaction = somebody.transaction()
    await transaction.start()
    await register(somebody, "closed@example.no", clock)
    await somebody.execute("update user_account set disabled_at = created_at")
    importing = asyncio.create_task(importer.rows(*told))
    await until_waiting(somebody)
    await transaction.commit()
    ran = await importing
    assert ran.counts == (7, 0, 1)
    assert ran.why(1) == "users[0].credentials[0].credential: the account is closed"
    assert await importer.connection.fetchval("select array_agg(customer_number) from user_customer") == [6]


async def test_a_customer_that_is_made_at_that_moment_is_known(
    importer: Importer, somebody: Connection, clock: Clock, small_batches: None
) -> None:
    transaction = somebody.transaction()
    await transaction.start()
    await somebody.execute(
        "insert into customer (partner_id, customer_number, last_name, created_at) values (1, 3, 'Lie', $1)",
        clock.now(),
    )
    importing = asyncio.create_task(importer.rows(*(customer(number) for number in range(1, 20))))
    await until_waiting(somebody)
    await transaction.commit()
    assert (await importing).counts == (18, 1, 0)
    assert await importer.connection.fetchval("select last_name from customer where customer_number = 3") == "Lie"


async def test_what_fails_for_good_is_told_with_its_line_and_nothing_behind_it_is_written(
    importer: Importer, small_batches: None
) -> None:
    await importer.connection.execute("alter table customer_email add constraint broken unique (email)")
    told = [customer(n, emails=[f"r{n if n < 12 else 1}@example.no"]) for n in range(1, 30)]
    with pytest.raises(FileError, match=r"^from line 9 on: .*broken.*; start again to go on$") as failed:
        await importer.rows(*told)
    assert "r1@" not in str(failed.value)
    assert await importer.connection.fetchval("select max(customer_number) from customer") == 8
    assert await importer.connection.fetchval("select rows_done from customer_import") == 8
    await importer.connection.execute("alter table customer_email drop constraint broken")
    ran = await importer.rows(*told)
    assert (ran.counts, ran.resumed) == ((29, 0, 0), 8)


async def test_doubles_are_told_across_batches_and_after_an_end(importer: Importer, small_batches: None) -> None:
    told = [customer(n, externalReferences={"CRM": n}) for n in range(1, 10)]
    doubles = [customer(1), customer(20, externalReferences={"CRM": 5}), customer(4)]
    await importer.connection.execute(
        "alter table customer add constraint ends check (customer_number <> 30 or partner_id = 2)"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await importer.rows(*told, *doubles, *(customer(n) for n in range(21, 31)), customer(2))
    await importer.connection.execute("alter table customer drop constraint ends")
    ran = await importer.rows(*told, *doubles, *(customer(n) for n in range(21, 31)), customer(2))
    assert ran.resumed > 0
    assert {line: why for line, (_, why) in ran.refused.items()} == {
        10: "customerNumber: line 1 has it already",
        11: "externalReferences.CRM: line 5 has it already",
        12: "customerNumber: line 4 has it already",
        23: "customerNumber: line 2 has it already",
    }


async def test_the_second_of_two_imports_of_one_file_waits_and_finds_everything_known(
    importer: Importer, database_url: str, playground: Playground, clock: Clock, tmp_path: Path
) -> None:
    """The first is held in the middle by a lock on what it writes."""
    path = tmp_path / "customers.jsonl"
    path.write_bytes(b'{"customerNumber":1,"name":{"lastName":"Berg"}}\n')
    connection = importer.connection
    partner = (await read_catalogue(connection)).partner(1)
    order = Order(path=path, format=None, trusting=False, dry=False, actor="test")
    told: list[str] = []
    tell = Tell(lambda: told.append("waits"), lambda done, part: None)
    one, two = [await asyncpg.connect(database_url) for _ in range(2)]
    for each in (one, two):
        await prepare_connection(each)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("lock table customer in exclusive mode")
    first = asyncio.create_task(import_customers([one], clock, partner, SECRETS, order, tell))
    await until_waiting(connection)
    second = asyncio.create_task(import_customers([two], clock, partner, SECRETS, order, tell))

    async def waits() -> bool:
        return told == ["waits"]

    await until(waits)
    await transaction.commit()
    assert (await first).totals.customers_made == 1
    assert not second.done()
    await queries.release_import_lock(one, 1)
    assert (await second).totals.customers_known == 1
    await one.close()
    await two.close()
    assert await connection.fetchval("select count(*) from customer") == 1


async def test_other_partners_do_not_wait(importer: Importer, somebody: Connection) -> None:
    assert await queries.try_import_lock(somebody, 1)
    assert (await importer.rows(customer(1), partner=2)).counts == (1, 0, 0)


async def test_large_files_are_checked_in_processes_of_their_own_with_the_same_outcome(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [customer(n, emails=[f"r{n}@example.no"] if n % 7 else ["x"]) for n in range(1, 200)]
    here = await importer.rows(*told, dry=True)
    monkeypatch.setattr(ahead, "_SMALL_BYTES", 0)
    monkeypatch.setattr(ahead, "BATCH", 30)
    elsewhere = await importer.rows(*told)
    assert (elsewhere.counts, elsewhere.refused) == (here.counts, here.refused)


def die(rows: bytes) -> bytes:
    os._exit(1)


async def test_a_process_that_dies_ends_the_import_in_one_line(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_SMALL_BYTES", 0)
    monkeypatch.setattr(ahead, "_check", die)
    with pytest.raises(FileError, match="a process that checks rows has died; start again"):
        await importer.rows(*(customer(n) for n in range(1, 50)))
