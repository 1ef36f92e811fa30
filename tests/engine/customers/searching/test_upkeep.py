"""What customers are found by stays true, whoever writes what, and however many at once."""

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.engine.customers.searching.people import KARI, NORDFORLAG, add_person, stale
from tests.playground import Playground

WRITES = {
    "a name": "update customer set last_name = 'Å' where customer_number = 1001",
    "an e-mail address": "update customer_email set email = 'a@example.no' where email = 'kari@example.no'",
    "a phone number": "update customer_phone_number set phone_number = '+4699999999' where position = 0",
    "an address": "update customer_address set street = 'Fjordgata' where customer_number = 1001",
    "an end of an address": "update customer_address set dropped = 'merged' where customer_number = 1001",
    "a reference": "update customer_external_reference set external_id = 'C-1'",
    "a merging": "insert into customer_merge values (1, 1001, 77, '2026-01-01', 'a'), (1, 1002, 78, '2026-01-01', 'a')",
    "a merging of the merged": "insert into customer_merge values (1, 1001, 77, '2026-01-01', 'test'); "
    "update customer_merge set customer_number = 1002",
    "no e-mail addresses": "delete from customer_email",
    "no phone numbers": "delete from customer_phone_number",
    "no address": "delete from customer_address",
    "no references": "delete from customer_external_reference",
    "a move to another": "update customer_email set customer_number = 1002 where partner_id = 1",
    "all of somebody": """
        with emails as (delete from customer_email where customer_number = 1001),
            phones as (delete from customer_phone_number where customer_number = 1001),
            addresses as (delete from customer_address where customer_number = 1001),
            identifiers as (delete from customer_external_reference where customer_number = 1001)
        delete from customer where customer_number = 1001
    """,
    "an insert or update": """
        insert into customer_email values (1, 1001, 'kari@example.no', 0), (1, 1001, 'b@example.no', 1)
        on conflict (partner_id, customer_number, email) do update set position = 9
    """,
    "many at once": """
        insert into customer (partner_id, customer_number, last_name, created_at)
        select p.partner_id, n, 'Hansen', '2026-01-01' from generate_series(5000, 5100) n, partner p
    """,
}

TERMS = "select array_agg(terms::text order by partner_id, customer_number) from customer_search"


@pytest.fixture
async def people(playground: Playground) -> Connection:
    await add_person(playground.connection, 1001, KARI)
    await add_person(playground.connection, 1002, NORDFORLAG)
    await add_person(playground.connection, 1001, KARI, 2)
    return playground.connection


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_after_a_write_every_row_is_as_if_made_from_scratch(people: Connection, write: str) -> None:
    before = await people.fetchval(TERMS)
    assert await stale(people) == []
    await people.execute(write)
    assert await stale(people) == []
    assert await people.fetchval(TERMS) != before


NUMBER = st.sampled_from([1001, 1002, 3001])
PARTNER = st.sampled_from([1, 2])
NAME = st.sampled_from(["Ås", "Sørensen", "Anne Marie", "", "'", "Van der Berg", "x" * 240]) | st.none()
ANY_WRITE = st.one_of(
    st.tuples(
        st.just(
            """
            insert into customer (partner_id, customer_number, last_name, created_at)
            values ($1, $2, $3, '2026-01-01')
            on conflict (partner_id, customer_number) do update set last_name = $3, company_name = $3
            """
        ),
        PARTNER,
        NUMBER,
        NAME,
    ),
    st.tuples(
        st.just(
            """
            insert into customer_email select $1, $2, coalesce($3, '') || '@example.no', 1
            where exists (select from customer where partner_id = $1 and customer_number = $2)
            on conflict do nothing
            """
        ),
        PARTNER,
        NUMBER,
        NAME,
    ),
    st.tuples(
        st.just("update customer_address set street = $3 where partner_id = $1 and customer_number <> $2"),
        PARTNER,
        NUMBER,
        NAME,
    ),
    st.tuples(
        st.just(
            """
            delete from customer_phone_number
            where partner_id = $1 and customer_number = $2 and phone_number <> coalesce($3, '')
            """
        ),
        PARTNER,
        NUMBER,
        NAME,
    ),
    st.tuples(
        st.just(
            """
            update customer_external_reference set external_id = left(coalesce(nullif($3, ''), 'x'), 16)
            where partner_id = $1 and customer_number = $2
            """
        ),
        PARTNER,
        NUMBER,
        NAME,
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(ANY_WRITE, min_size=1, max_size=8))
async def test_after_any_writes_every_row_is_as_if_made_from_scratch(
    people: Connection, writes: list[tuple[Any, ...]]
) -> None:
    transaction = people.transaction()
    await transaction.start()
    try:
        for statement, *values in writes:
            await people.execute(statement, *values)
        await people.execute("set constraints all immediate")  # as at the commit
        assert await stale(people) == []
    finally:
        await transaction.rollback()


async def test_a_transaction_may_put_it_off_and_make_the_rows_at_its_end(people: Connection) -> None:
    async with people.transaction():
        await people.execute("set local kolofon.search = 'later'")
        await people.execute(WRITES["many at once"])
        await people.execute("delete from customer_email")
        assert len(await stale(people)) > 200
        for partner_id in (1, 2):
            numbers = "select array_agg(customer_number) from customer where partner_id = $1"
            await people.execute(f"select index_customers($1, ({numbers}))", partner_id)
        assert await stale(people) == []
    # Only that transaction.
    await people.execute("update customer set last_name = 'Berg'")
    assert await stale(people) == []


async def test_two_who_write_of_one_customer_at_once_both_count(people: Connection, another: Connection) -> None:
    first = people.transaction()
    await first.start()
    await people.execute("insert into customer_email values (1, 1001, 'new@example.no', 5)")
    waiting = asyncio.create_task(
        another.execute("insert into customer_phone_number values (1, 1001, '+4798765432', 5)")
    )
    pid = another.get_server_pid()
    while not waiting.done() and not await people.fetchval("select cardinality(pg_blocking_pids($1)) > 0", pid):
        await asyncio.sleep(0.001)
    assert not waiting.done()
    await first.commit()
    await waiting
    assert await stale(people) == []


async def test_many_who_write_of_many_customers_at_once_do_not_lock_each_other_out(
    people: Connection, database_url: str
) -> None:
    await people.execute(WRITES["many at once"])

    async def write(turn: int) -> None:
        connection = await asyncpg.connect(database_url)
        order = "desc" if turn % 2 else "asc"
        for _ in range(5):
            await connection.execute(
                f"""
                insert into customer_email
                select partner_id, customer_number, $1 || customer_number || '@example.no', 1 from (
                    select * from customer where customer_number > 4000 order by customer_number {order}
                ) c
                on conflict do nothing
                """,
                f"{turn}.",
            )
        await connection.close()

    await asyncio.gather(*(write(turn) for turn in range(6)))
    assert await stale(people) == []


async def test_a_write_that_changes_nothing_that_is_searched_by_writes_no_row(people: Connection, clock: Clock) -> None:
    before = await people.fetch("select ctid::text, xmin::text from customer_search")
    await people.execute("update customer set birth_date = $1", clock.now().date())
    await people.execute("update customer_email set position = position + 1")
    assert await people.fetch("select ctid::text, xmin::text from customer_search") == before


async def test_a_customer_with_more_than_a_row_can_hold_can_still_be_written(people: Connection) -> None:
    await people.execute(
        """
        insert into customer_email
        select 1, 1001, repeat('ø', 200) || n || '@example.no', n from generate_series(1, 6000) n
        """
    )
    await people.execute("update customer set company_name = repeat(repeat('ø', 300) || ' ', 900)")
    sizes = await people.fetch("select length(terms) as lexemes from customer_search where customer_number = 1001")
    assert max(row["lexemes"] for row in sizes) <= 2000
