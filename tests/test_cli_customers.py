"""The commands about customers."""

import asyncio
from datetime import date, timedelta

import pytest

from kolofon.engine.customers.party import Party, sealed
from kolofon.platform.database import Connection
from kolofon.platform.sealing import Secrets
from tests.engine.customers.belongings import GOES, STAYS, Belongings, named
from tests.playground import Playground
from tests.test_cli import Program

SECRET = "a secret of thirty-two characters and more"


@pytest.fixture
async def both(playground: Playground) -> Belongings:
    """Two customers who have one of everything."""
    belongings = Belongings(playground)
    await belongings.friend()
    for number in (GOES, STAYS):
        await belongings.give(number)
    return belongings


async def run(database_url: str, *arguments: str, typed: str | None = None) -> tuple[int, str]:
    program = Program(database_url=database_url, secret_key=SECRET)
    program.environment["COLUMNS"] = "160"
    command = ("customer", *arguments, "--partner", "example")
    done = await asyncio.to_thread(program.run, *command, typed=typed)
    return done.returncode, done.stdout + done.stderr


async def test_a_customer_is_shown_at_a_glance(database_url: str, both: Belongings, connection: Connection) -> None:
    await connection.execute("update customer set first_name = '[red]Kari' where customer_number = $1", GOES)
    code, text = await run(database_url, "show", str(GOES))
    assert code == 0, text
    for part in (
        "[red]Kari Nordmann",
        "both@example.no, own1001@example.no",
        "+4790001001 (personal)",
        "user1001@example.no (verificationCode)",
        "Street 1001, 0150, NO",
        "CRM 1001",
        "1501",  # merged into it before
        "DIGI",
        "149.50 NOK",
    ):
        assert part in text, (part, text)
    # The temporary change of the address: the last day is one that counts.
    [change] = [line for line in text.splitlines() if line.split()[2:3] == ["PAPER"]]
    assert change.split()[3:] == [str(both.today + timedelta(10)), str(both.today + timedelta(19))]
    assert f"own{STAYS}" not in text
    assert (await run(database_url, "history", str(STAYS)))[1].endswith("\nno change is recorded\n")


async def test_a_merge_is_shown_asked_for_and_done(database_url: str, both: Belongings, connection: Connection) -> None:
    before = await named(connection, GOES)
    code, text = await run(database_url, "merge", str(GOES), str(STAYS), "--dry-run")
    assert code == 0, text
    assert "      2  subscriptions\n" in text
    assert "      2  invoices\n" in text
    assert "let go: 1  metadata of clients" in text
    assert await named(connection, GOES) == before
    code, text = await run(database_url, "merge", str(GOES), str(STAYS), typed="n\n")
    assert (code, await named(connection, GOES)) == (1, before)
    code, text = await run(database_url, "merge", str(GOES), str(STAYS), typed="y\n")
    assert code == 0, text
    assert f"customer {GOES} was merged into {STAYS}" in text
    assert sum((await named(connection, GOES)).values()) == 1
    actor = await connection.fetchval("select actor from audit_log where subject = 'customer:1002'")
    assert actor.startswith("command-line:")

    code, text = await run(database_url, "show", str(GOES))
    assert (code, text) == (1, f"Error: customerNumber: customer {GOES} was merged into {STAYS}\n")
    for number in (GOES, STAYS):
        code, text = await run(database_url, "history", str(number))
        assert code == 0
        assert f"customer {GOES} was merged into {STAYS}\n" in text
        assert text.count("customerMerge  by command-line:") == 2
        assert '"metadata":"{\\"of\\": 1001}"' in text


async def test_what_differs_is_merged_only_when_somebody_says_so(
    database_url: str, playground: Playground, connection: Connection
) -> None:
    for number, identity in ((GOES, "01010012356"), (STAYS, "01010012437")):
        await playground.add_reader(f"u{number}@example.no", number)
        kept = sealed(Party(persons_social_security_number=identity), Secrets(SECRET))
        await connection.execute(
            "update customer set sealed_national_id = $2, birth_date = $3 where customer_number = $1",
            number,
            kept.persons_social_security_number,
            date(1980, 1, 1) + timedelta(number),
        )
    command = ("merge", str(GOES), str(STAYS), "--yes")
    code, text = await run(database_url, *command)
    assert (code, text) == (1, "Error: the two customers have different national identity numbers\n")
    assert await connection.fetchval("select count(*) from customer") == 2
    code, text = await run(database_url, *command, "--although-different")
    assert code == 0, text
    assert await connection.fetchval("select count(*) from customer") == 1


async def test_a_user_is_tied_and_untied(database_url: str, playground: Playground, connection: Connection) -> None:
    await playground.add_reader("kari@example.no", GOES)
    ola = await playground.add_reader("ola@example.no")
    assert await run(database_url, "link", str(GOES), "Ola@example.no") == (
        0,
        f"user {ola.unique_id.hex} is customer {GOES}\n",
    )
    assert (await named(connection, GOES))["user_customer.customer_number"] == 2
    assert await run(database_url, "unlink", str(GOES), "ola@example.no") == (
        0,
        f"user {ola.unique_id.hex} is not customer {GOES} any more\n",
    )
    code, text = await run(database_url, "history", str(GOES))
    assert code == 0
    assert text.index("customerUnlink") < text.index("customerLink")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "9"), "customerNumber: there is no customer 9"),
        (("history", "9"), "customerNumber: there is no customer 9"),
        (("link", "9", "kari@example.no"), "customerNumber: there is no customer 9"),
        (("link", "1001", "x@example.no"), "credential: no user has x@example.no"),
        (("unlink", "1001", "ola@example.no"), "the user of ola@example.no is not customer 1001"),
        (("merge", "1001", "9", "--yes"), "customerNumber: there is no customer 9"),
        (("merge", "1001", "1001", "--yes"), "customerNumber: a customer cannot be merged into itself"),
    ],
)
async def test_what_cannot_be_done_is_one_line(
    database_url: str, playground: Playground, arguments: tuple[str, ...], message: str
) -> None:
    await playground.add_reader("kari@example.no", GOES)
    await playground.add_reader("ola@example.no")
    assert await run(database_url, *arguments) == (1, f"Error: {message}\n")


async def test_what_is_stored_gives_a_terminal_no_orders(
    database_url: str, both: Belongings, connection: Connection
) -> None:
    orders = "\x1b]0;owned\x07\x9b2J\u202e"
    await connection.execute(
        """
        insert into user_credential (credential, unique_id, credential_type, verification_level, created_at)
        select 'AID:' || $2, unique_id, 'D', 'externallyVerified', linked_at
        from user_customer where customer_number = $1 limit 1
        """,
        GOES,
        orders,
    )
    await connection.execute(
        """
        insert into audit_log (partner_id, occurred_at, actor, action, subject, before, after)
        values (1, '2026-01-01', 'someone ' || $1, 'changeCustomerInfo', 'customer:1001', null, $2)
        """,
        orders,
        {"name": {"lastName": f"Nord{orders}mann"}},
    )
    for command in ("show", "history"):
        code, text = await run(database_url, command, str(GOES))
        assert code == 0, text
        assert "owned" in text
        assert not set("\x1b\x07\x9b\u202e") & set(text), command
