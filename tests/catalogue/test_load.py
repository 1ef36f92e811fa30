import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kolofon.catalogue.demo import DEMO_FILES
from kolofon.catalogue.loader import load_publisher
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, prepare_connection
from kolofon.platform.ids import hash_secret
from kolofon.platform.password_hash import verify_password
from tests.catalogue.publisher_files import SMALL, Shelf


@pytest.fixture
def shelf(tmp_path: Path, connection: Connection, clock: Clock) -> Shelf:
    return Shelf(tmp_path, connection, clock)


async def contents(connection: Connection) -> dict[str, list[Any]]:
    """Every row of every table, but for the audit log."""
    tables = await connection.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    names = {row["table_name"] for row in tables if not row["table_name"].startswith("_yoyo")} - {
        "audit_log",
        "yoyo_lock",
    }
    return {
        name: sorted(str(dict(row)) for row in await connection.fetch(f"select * from {name}"))
        for name in sorted(names)
    }


async def test_a_file_is_loaded_and_the_summary_says_what_came(shelf: Shelf, connection: Connection) -> None:
    summary = await shelf.load(SMALL)
    assert "products: 2 added (DIGI, PAPIR)" in str(summary)
    assert "clients: 1 added (no.liten.web)" in str(summary)
    rule = await connection.fetchrow("select kind, host(ip_from), host(ip_to) from access_rule where kind = 'ip'")
    assert rule is not None
    assert tuple(rule) == ("ip", "192.0.2.0", "192.0.2.255")
    secret = await connection.fetchval("select secret_hash from client_secret where client_id = 'no.liten.web'")
    assert secret == hash_secret("a-secret-of-a-small-newspaper")


async def test_loading_the_same_file_again_changes_nothing_and_says_so(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SMALL)
    before = await contents(connection)
    summary = await shelf.load(SMALL)
    assert not summary.has_changed
    assert "nothing to change" in str(summary)
    assert await contents(connection) == before
    assert await connection.fetchval("select count(*) from audit_log") == 1


@pytest.mark.parametrize("file", DEMO_FILES, ids=lambda file: file.stem)
async def test_the_demo_files_load_and_load_again_without_a_change(
    file: Path, connection: Connection, clock: Clock
) -> None:
    source = read_publisher_file(file)
    assert (await load_publisher(connection, clock, source, "command-line:test")).has_changed
    clock.move(timedelta(days=40))
    assert not (await load_publisher(connection, clock, source, "command-line:test")).has_changed


async def test_what_changed_in_the_file_changes_in_the_catalogue(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SMALL)
    changed = SMALL.replace("name: Digital", "name: Nettavis").replace("192.0.2.0/24", "198.51.100.0/24")
    summary = await shelf.load(changed)
    assert "products: 1 changed (DIGI)" in str(summary)
    assert "access rules: 1 changed (kontoret)" in str(summary)
    assert await connection.fetchval("select name from product where product_code = 'DIGI'") == "Nettavis"
    entry = await connection.fetchrow("select actor, action, after from audit_log order by audit_id desc limit 1")
    assert entry is not None
    assert entry["actor"] == "command-line:test"
    assert entry["after"]["products"] == {"changed": ["DIGI"]}


async def test_what_is_gone_from_the_file_is_removed_or_kept_for_those_who_hold_it(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SMALL)
    without = "\n".join(
        line
        for line in SMALL.splitlines()
        if not line.startswith(("accessRules", "  - {kind", "readers", "categoryTypes", "privacyPurposes"))
    )
    cut = without[: without.index("  - credentials")].replace("  - {code: PAPIR, name: Papir, company: HUS}\n", "")
    cut = cut.replace("  - code: SPORT\n    description: Sport\n    codes: [{code: SKI, description: Ski}]\n", "")
    summary = await shelf.load(cut)
    assert "access rules: 2 removed (kontoret, papir-leser)" in str(summary)
    assert "category types: 1 removed (SPORT)" in str(summary)
    assert "products: 1 retired (PAPIR)" in str(summary)
    assert "privacy purposes: 1 kept though not in the file (EM)" in str(summary)
    assert await connection.fetchval("select count(*) from subscription") == 1


async def test_a_client_that_is_gone_is_disabled_and_comes_back_with_the_file(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SMALL)
    start, end = SMALL.index("clients:"), SMALL.index("readers:")
    await shelf.load(SMALL[:start] + SMALL[end:])
    assert await connection.fetchval("select disabled from client where client_id = 'no.liten.web'")
    await shelf.load(SMALL)
    assert not await connection.fetchval("select disabled from client where client_id = 'no.liten.web'")


async def test_a_new_secret_in_the_file_replaces_the_old_one_which_never_comes_back(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SMALL)
    clock.move(timedelta(seconds=1))
    await shelf.load(SMALL.replace("a-secret-of-a-small", "another-secret-of-a-small"))
    clock.move(timedelta(seconds=1))
    summary = await shelf.load(SMALL)
    good = await connection.fetch(
        "select secret_hash from client_secret where expires_at is null or expires_at > $1", clock.now()
    )
    assert [row["secret_hash"] for row in good] == [hash_secret("another-secret-of-a-small-newspaper")]
    assert "no longer valid" in str(summary)


async def test_a_reader_is_made_once_and_what_she_changed_stays(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SMALL)
    account = await connection.fetchrow(
        "select a.password_hash, c.credential from user_account a join user_credential c using (unique_id)"
    )
    assert account is not None
    assert account["credential"] == "eva@example.no"
    assert verify_password(account["password_hash"], "ti tegn eller mer")
    await connection.execute("update user_account set password_hash = 'hers'")
    await connection.execute("delete from privacy_permission")
    await shelf.load(SMALL)
    assert await connection.fetchval("select password_hash from user_account") == "hers"
    assert await connection.fetchval("select count(*) from privacy_permission") == 0


async def test_times_of_a_reader_are_midnights_of_the_partners_zone(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SMALL)
    hours = await connection.fetchrow(
        "select extract(hour from start_time at time zone 'Europe/Oslo') as start,"
        " extract(hour from end_time at time zone 'Europe/Oslo') as until from subscription"
    )
    assert hours is not None
    assert tuple(hours) == (0, 0)


async def test_a_reader_of_two_partners_is_one_user_with_a_customer_at_each(
    connection: Connection, clock: Clock
) -> None:
    for file in DEMO_FILES:
        await load_publisher(connection, clock, read_publisher_file(file), "command-line:test")
    rows = await connection.fetch(
        "select l.partner_id, l.customer_number from user_credential c join user_customer l using (unique_id)"
        " where c.credential = 'astrid.lindqvist@example.se' order by 1"
    )
    assert [tuple(row) for row in rows] == [(1, 100011), (2, 100001)]


async def test_a_client_of_another_partner_is_refused_and_nothing_is_half_loaded(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SMALL)
    before = await contents(connection)
    other = SMALL.replace("code: liten", "code: annen").replace("name: Digital", "name: Noe annet")
    with pytest.raises(PublisherFileError, match=r"clients\[0\].clientId: .*belongs to another partner"):
        await shelf.load(other)
    assert await contents(connection) == before


async def test_credentials_of_two_accounts_are_refused(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SMALL)
    second = "\nreaders:\n  - credentials: [{credential: odd@example.no}]\n"
    await shelf.load(SMALL[: SMALL.index("readers:")] + second)
    both = "readers:\n  - credentials: [{credential: odd@example.no}, {credential: eva@example.no}]\n"
    with pytest.raises(PublisherFileError, match="belong to several accounts"):
        await shelf.load(SMALL[: SMALL.index("readers:")] + both)


async def test_a_period_that_ends_before_it_begins_is_refused_with_its_line(shelf: Shelf) -> None:
    line = SMALL.splitlines().index("      subscriptions: [{product: PAPIR, start: -10d, end: +10d}]") + 1
    with pytest.raises(PublisherFileError, match=rf":{line}: readers\[0\].customer.subscriptions\[0\].end: "):
        await shelf.load(SMALL.replace("end: +10d", "end: -10d"))


async def test_two_loads_at_once_do_their_work_one_after_the_other(
    shelf: Shelf, database_url: str, clock: Clock
) -> None:
    shelf.file.write_text(SMALL, "utf-8")
    source = read_publisher_file(shelf.file)

    async def load() -> bool:
        connection = await asyncpg.connect(database_url)
        await prepare_connection(connection)
        try:
            return (await load_publisher(connection, clock, source, "command-line:test")).has_changed
        finally:
            await connection.close()

    assert sorted(await asyncio.gather(*(load() for _ in range(5)))) == [False] * 4 + [True]
