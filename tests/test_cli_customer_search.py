"""`kolofon customer search`."""

import asyncio

import pytest

from kolofon.platform.database import Connection
from tests.engine.customers.searching.people import KARI, NORDFORLAG, add_person
from tests.playground import Playground
from tests.test_cli import Program


async def search(database_url: str, *arguments: str) -> tuple[int, str]:
    program = Program(database_url=database_url)
    program.environment |= {"COLUMNS": "200"}
    done = await asyncio.to_thread(program.run, "customer", "search", *arguments)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
async def people(playground: Playground) -> Connection:
    await add_person(playground.connection, 1001, KARI)
    await add_person(playground.connection, 1002, NORDFORLAG)
    await add_person(playground.connection, 2001, KARI, 2)
    return playground.connection


async def test_customers_are_shown_with_how_to_reach_them(database_url: str, people: Connection) -> None:
    code, text = await search(database_url, "oslo", "Sorensen", "91234567", "--partner", "example")
    assert code == 0
    [_, line] = text.splitlines()
    for part in ("1001", "Kari Anne Sørensen", "+4791234567, +4722000000", "kari@example.no, kari.jobb@example.com"):
        assert part in line
    code, text = await search(database_url, "nord forlag", "--partner", "example")
    assert "Åse Lie, Nordforlag AS, Økonomi" in text


async def test_nobody_too_little_and_too_many_are_said(
    database_url: str, people: Connection, playground: Playground
) -> None:
    assert await search(database_url, "trondheim", "Sorensen", "--partner", "example") == (0, "none\n")
    code, text = await search(database_url, "a", "b", "--partner", "example")
    assert (code, text) == (1, "Error: text: expected more to search by than single letters\n")
    code, text = await search(database_url, "x" * 256, "--partner", "example")
    assert (code, text) == (1, "Error: WORDS: expected 1 to 255 characters\n")
    await people.execute(
        """
        insert into customer (partner_id, customer_number, last_name, created_at)
        select 1, n, 'Hansen', '2026-01-01' from generate_series(5000, 5050) n
        """
    )
    code, text = await search(database_url, "hansen", "--partner", "example")
    assert (code, text.startswith("Error: more than 50 customers match")) == (1, True)
    code, text = await search(database_url, "hansen", "--partner", "nobody")
    assert (code, text) == (1, "Error: --partner: there is no partner nobody\n")


async def test_names_give_a_terminal_no_orders_and_are_no_markup(database_url: str, people: Connection) -> None:
    await people.execute(
        "update customer set first_name = '[/b][red]Kari', last_name = $1 where customer_number = 1001",
        "Sø\x1b]0;owned\x07ren\x9b2Jsen\nOla",
    )
    code, text = await search(database_url, "91234567", "--partner", "example")
    assert code == 0, text
    assert "[/b][red]Kari Sø ]0;owned ren 2Jsen Ola" in text
    assert not {"\x1b", "\x07", "\x9b"} & set(text)
