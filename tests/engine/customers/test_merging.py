"""Merging two customers: everything moves, once, and nothing else does."""

from datetime import date, timedelta
from typing import Any

import pytest

from kolofon.engine.customers.party import Party, sealed
from kolofon.platform.database import Connection
from kolofon.platform.errors import ApiError, Conflict, InvalidRequest, NotFound
from kolofon.platform.sealing import Secrets
from tests.conftest import SECRETS
from tests.engine.customers.belongings import ACTOR, FRIEND, GOES, STAYS, Belongings, Merger, insert, named, rows
from tests.playground import Playground

# Whole rows move, and those of both are there afterwards.
MOVED = (
    "subscription_period",
    "subscription_change",
    "customer_access",
    "invoice",
    "invoice_line",
    "invoice_payment",
    "invoice_reminder",
    "invoice_look_up",
    "user_customer",
    "customer_order",
    "order_line",
    "customer_reward",
    "customer_case",
    "customer_case_message",
    "external_reference_look_up",
)


@pytest.fixture
async def both(belongings: Belongings) -> Belongings:
    """Both customers have one of everything."""
    await belongings.give(GOES)
    await belongings.give(STAYS)
    return belongings


async def columns(connection: Connection, number: int = STAYS) -> dict[str, Any]:
    row = await connection.fetchrow("select * from customer where partner_id = 1 and customer_number = $1", number)
    assert row is not None
    return dict(row)


async def test_every_column_of_a_customer_number_is_seen_to(
    both: Belongings, merge: Merger, connection: Connection
) -> None:
    """A table that is new: give `Belongings` a row of it, and merging a statement."""
    before = {column: count for column, count in (await named(connection, GOES)).items() if count == 0}
    assert before == {"customer_merge.merged_number": 0}
    await merge()
    left = {column for column, count in (await named(connection, GOES)).items() if count}
    assert left == {"customer_merge.merged_number"}


async def test_rows_move_whole_and_none_is_lost(both: Belongings, merge: Merger, connection: Connection) -> None:
    before = {table: await rows(connection, table, {GOES: STAYS}) for table in MOVED}
    await merge()
    assert {table: await rows(connection, table) for table in MOVED} == before


async def test_subscriptions_of_the_same_product_are_both_there(
    both: Belongings, merge: Merger, connection: Connection
) -> None:
    before = await rows(connection, "subscription", {GOES: STAYS})
    await merge()
    assert await rows(connection, "subscription") == before
    assert (await named(connection, STAYS))["subscription.customer_number"] == 4


async def test_who_paid_for_the_other_one_pays_for_the_own(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    for number in (GOES, STAYS):
        await belongings.playground.add_reader(f"u{number}@example.no", number)
    await belongings.subscription(GOES, STAYS)
    await belongings.subscription(STAYS, GOES)
    await belongings.subscription(FRIEND, GOES)
    await merge()
    payers = await connection.fetch("select customer_number, payer_customer_number from subscription order by 1, 2")
    assert [tuple(row) for row in payers] == [(STAYS, None), (STAYS, None), (FRIEND, STAYS)]


async def test_the_money_is_the_same(both: Belongings, merge: Merger, connection: Connection) -> None:
    sums = """
        select count(*), sum(net_minor), sum(vat_minor), sum(paid_minor), sum(fees_minor),
            (select sum(amount_minor) from invoice_payment), (select sum(net_minor + vat_minor) from invoice_line)
        from invoice
    """
    before = await connection.fetchrow(sums)
    await merge()
    assert await connection.fetchrow(sums) == before


async def test_nobody_elses_things_are_touched(
    both: Belongings, merge: Merger, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("at.annan@example.no", GOES, partner_id=2)
    await playground.subscribe(GOES, "DIGI", partner_id=2)
    await merge()
    assert await connection.fetchval("select count(*) from customer where partner_id = 2") == 1
    assert await connection.fetchval("select customer_number from subscription where partner_id = 2") == GOES
    assert await connection.fetchval("select customer_number from user_customer where partner_id = 2") == GOES
    friends = await connection.fetchval("select count(*) from subscription where customer_number = $1", FRIEND)
    assert friends == 2


async def test_contacts_stand_behind_those_that_are_there(
    both: Belongings, merge: Merger, connection: Connection
) -> None:
    await merge()
    emails = await connection.fetch(
        "select email from customer_email where customer_number = $1 order by position", STAYS
    )
    assert [row[0] for row in emails] == ["both@example.no", "own1002@example.no", "own1001@example.no"]
    numbers = await connection.fetch(
        "select phone_number from customer_phone_number where customer_number = $1 order by position", STAYS
    )
    assert [row[0] for row in numbers] == ["+4790000000", "+4790001002", "+4790001001"]


async def test_what_is_let_go_is_said_and_written_down(both: Belongings, merge: Merger, connection: Connection) -> None:
    result = await merge()
    dropped = await connection.fetch("select address_id from customer_address where dropped = 'merged' order by 1")
    assert result.let_go == {
        "categories": [{"categoryCode": "SKI", "freeValue": "free 1001"}],
        "metadata": [{"clientId": "no.example.web", "metadata": '{"of": 1001}'}],
        "addresses": [row[0] for row in dropped],
    }
    assert len(dropped) == 2
    after = await connection.fetchval("select after from audit_log where subject = 'customer:1002'")
    assert after == {"merged": GOES, "moved": result.moved, "letGo": result.let_go}
    was = await connection.fetchrow("select actor, before, after from audit_log where subject = 'customer:1001'")
    assert was is not None
    assert tuple(was) == (ACTOR, {"firstName": "Kari", "lastName": "Nordmann"}, {"mergedInto": STAYS})


async def test_it_is_told_as_a_change_of_who_stays(both: Belongings, merge: Merger, connection: Connection) -> None:
    await merge()
    [told] = await connection.fetch("select status, data from event where type = 'customer'")
    assert tuple(told) == ("update", {"customerNumber": STAYS, "mergedCustomerNumber": GOES})


async def test_a_free_value_fills_an_empty_one(both: Belongings, merge: Merger, connection: Connection) -> None:
    await connection.execute("update customer_category set free_value = null where customer_number = $1", STAYS)
    assert "categories" not in (await merge()).let_go
    assert await connection.fetchval("select free_value from customer_category") == "free 1001"


# Addresses


async def home(belongings: Belongings, number: int, *days: tuple[int, int | None], product: str | None = None) -> None:
    for start, end in days:
        until = belongings.today + timedelta(end) if end is not None else None
        await belongings.address(
            number, belongings.today + timedelta(start), until, product, street=f"{number} {start} {end}"
        )


async def addresses(connection: Connection) -> dict[str, str | None]:
    found = await connection.fetch("select street, dropped, customer_number from customer_address")
    assert {row["customer_number"] for row in found} <= {STAYS}
    return {row["street"]: row["dropped"] for row in found}


@pytest.fixture
async def two(belongings: Belongings) -> Belongings:
    """Both are there, with nothing."""
    for number in (GOES, STAYS):
        await belongings.playground.add_reader(f"u{number}@example.no", number)
    return belongings


async def test_the_home_of_who_stays_counts_and_the_other_is_kept(
    two: Belongings, merge: Merger, connection: Connection
) -> None:
    await home(two, GOES, (-20, -5), (-5, 30), (30, None))
    await home(two, STAYS, (-10, None))
    await merge()
    assert await addresses(connection) == {
        "1001 -20 -5": "merged",
        "1001 -5 30": "merged",
        "1001 30 None": "merged",
        "1002 -10 None": None,
    }


async def test_who_has_no_home_gets_that_of_the_other(two: Belongings, merge: Merger, connection: Connection) -> None:
    await home(two, GOES, (-20, 30), (30, None))
    await two.address(STAYS, two.today, two.today, street="a mistake", dropped="corrected")
    await merge()
    assert await addresses(connection) == {"1001 -20 30": None, "1001 30 None": None, "a mistake": "corrected"}


async def test_temporary_changes_move_unless_they_overlap(
    two: Belongings, merge: Merger, connection: Connection
) -> None:
    await home(two, STAYS, (-10, None))
    await home(two, STAYS, (10, 20), product="PAPER")
    await home(two, GOES, (5, 10), (15, 16), (20, None), product="PAPER")
    await home(two, GOES, (12, 18), product="WEEKEND")
    await two.address(GOES, two.today, two.today + timedelta(30), "PAPER", street="cancelled", dropped="cancelled")
    await merge()
    assert await addresses(connection) == {
        "1002 -10 None": None,
        "1002 10 20": None,
        "1001 5 10": None,
        "1001 15 16": "merged",
        "1001 20 None": None,
        "1001 12 18": None,
        "cancelled": "cancelled",
    }


# References and metadata


async def test_of_two_references_of_a_system_the_others_becomes_former(
    both: Belongings, merge: Merger, connection: Connection
) -> None:
    reference = {"reference_code": "APP", "external_id": "77", "customer_number": GOES}
    await insert(connection, "customer_external_reference", registered_at=both.now, **reference)
    await insert(connection, "external_reference_look_up", **reference)
    await merge()
    found = await connection.fetch(
        "select reference_code, external_id, former, customer_number from customer_external_reference order by 1, 2"
    )
    assert [tuple(row) for row in found] == [
        ("APP", "77", False, STAYS),
        ("CRM", "1001", True, STAYS),
        ("CRM", "1002", False, STAYS),
    ]
    assert await connection.fetchval("select array_agg(distinct customer_number) from external_reference_look_up") == [
        STAYS
    ]


async def test_each_client_keeps_what_it_has_of_who_stays(
    both: Belongings, merge: Merger, connection: Connection
) -> None:
    await insert(
        connection,
        "customer_metadata",
        customer_number=GOES,
        client_id="no.example.app",
        metadata="{}",
        changed_at=both.now,
    )
    await merge()
    found = await connection.fetch("select client_id, metadata from customer_metadata order by 1")
    assert [tuple(row) for row in found] == [("no.example.app", "{}"), ("no.example.web", '{"of": 1002}')]


# The customer's own columns


async def test_empty_columns_are_filled_and_full_ones_stay(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    early = belongings.now - timedelta(days=900)
    await belongings.give(
        GOES,
        middle_name="Anne",
        birth_date=date(1980, 2, 29),
        sex="female",
        invoice_email="goes@example.no",
        company_name="Tesen AS",
        company_registration_number="999999999",
        created_at=early,
    )
    await belongings.give(STAYS, invoice_email="stays@example.no", company_name="Tesen AS")
    result = await merge()
    found = await columns(connection)
    assert (found["first_name"], found["middle_name"], found["last_name"]) == ("Kari", "Anne", "Nordmann")
    assert (found["birth_date"], found["sex"]) == (date(1980, 2, 29), "female")
    assert (found["company_name"], found["company_registration_number"]) == ("Tesen AS", "999999999")
    assert found["invoice_email"] == "stays@example.no"
    assert found["created_at"] == early
    assert result.let_go["columns"] == [{"invoiceEmailAddress": "goes@example.no"}]


async def test_two_names_are_not_mixed(belongings: Belongings, merge: Merger, connection: Connection) -> None:
    await belongings.give(GOES, first_name="Ola", middle_name="Normann", last_name="Hansen")
    await belongings.give(STAYS)
    result = await merge()
    found = await columns(connection)
    assert (found["first_name"], found["middle_name"], found["last_name"]) == ("Kari", None, "Nordmann")
    assert result.let_go["columns"] == [{"firstName": "Ola", "middleName": "Normann", "lastName": "Hansen"}]


async def test_a_customer_without_a_name_gets_the_others(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    await belongings.give(GOES)
    await belongings.give(STAYS, first_name=None, last_name="-")
    await merge()
    found = await columns(connection)
    assert (found["first_name"], found["last_name"]) == ("Kari", "Nordmann")


def national_id(number: str, secrets: Secrets = SECRETS) -> str | None:
    return sealed(Party(persons_social_security_number=number), secrets).persons_social_security_number


async def test_the_same_national_identity_number_is_known_though_it_is_sealed_anew(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    await belongings.give(GOES, sealed_national_id=national_id("01010012356"), birth_date=date(2000, 1, 2))
    await belongings.give(STAYS, sealed_national_id=national_id("01010012356"), birth_date=date(2000, 1, 1))
    # It outweighs a birth date that was mistyped.
    result = await merge()
    assert result.let_go["columns"] == [{"birthDate": "2000-01-02"}]
    texts = await connection.fetch("select coalesce(before::text, '') || coalesce(after::text, '') from audit_log")
    assert all("SecurityNumber" not in row[0] for row in texts)


async def test_different_national_identity_numbers_are_refused_unless_somebody_says_so(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    await belongings.give(GOES, sealed_national_id=national_id("01010012356"))
    await belongings.give(STAYS, sealed_national_id=national_id("01010012437"))
    kept = (await columns(connection))["sealed_national_id"]
    before = await rows(connection, "customer")
    with pytest.raises(Conflict, match="different national identity numbers"):
        await merge()
    assert await rows(connection, "customer") == before
    result = await merge(although_different=True)
    assert (await columns(connection))["sealed_national_id"] == kept
    assert result.let_go["columns"] == [{"personsSocialSecurityNumber": "another one"}]


async def test_different_birth_dates_are_refused_unless_somebody_says_so(
    belongings: Belongings, merge: Merger, connection: Connection
) -> None:
    await belongings.give(GOES, birth_date=date(1980, 2, 29))
    await belongings.give(STAYS, birth_date=date(1980, 2, 28))
    with pytest.raises(Conflict, match="different birth dates"):
        await merge()
    await merge(although_different=True)
    assert (await columns(connection))["birth_date"] == date(1980, 2, 28)


async def test_sealed_numbers_that_cannot_be_read_count_as_different(belongings: Belongings, merge: Merger) -> None:
    await belongings.give(GOES, sealed_national_id=national_id("01010012356"))
    await belongings.give(STAYS, sealed_national_id=national_id("01010012356"))
    with pytest.raises(Conflict, match="national identity numbers"):
        await merge(secrets=None)


# Refusals and chains


@pytest.mark.parametrize(
    ("merged", "into", "error", "message"),
    [
        (GOES, GOES, InvalidRequest, "into itself"),
        (GOES, 9, NotFound, "customerNumber: there is no customer 9"),
        (9, STAYS, NotFound, "customerNumber: there is no customer 9"),
        (GOES, 2002, NotFound, "customerNumber: there is no customer 2002"),
    ],
)
async def test_what_cannot_be_merged_is_refused(
    both: Belongings,
    merge: Merger,
    playground: Playground,
    connection: Connection,
    merged: int,
    into: int,
    error: type[ApiError],
    message: str,
) -> None:
    await playground.add_reader("at.annan@example.no", 2002, partner_id=2)
    before = await named(connection, GOES)
    with pytest.raises(error, match=message):
        await merge(merged, into)
    assert await named(connection, GOES) == before


async def test_a_customer_that_is_gone_cannot_be_merged_again(both: Belongings, merge: Merger) -> None:
    await merge()
    for pair in ((GOES, STAYS), (STAYS, GOES)):
        with pytest.raises(NotFound, match="customer 1001 was merged into 1002"):
            await merge(*pair)


async def test_numbers_lead_to_the_last_of_a_chain(both: Belongings, merge: Merger, connection: Connection) -> None:
    await merge()
    await merge(STAYS, FRIEND)
    found = await connection.fetch("select merged_number, customer_number from customer_merge order by 1")
    assert [tuple(row) for row in found] == [
        (GOES, FRIEND),
        (STAYS, FRIEND),
        (GOES + 500, FRIEND),
        (STAYS + 500, FRIEND),
    ]
    # What each paid for the other, and for the friend, is paid by who has it.
    assert await connection.fetchval("select count(*) from subscription where payer_customer_number is not null") == 0
