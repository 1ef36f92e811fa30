"""Changes at the same moment, repeated ones, half done ones, and what is written down of them."""

import asyncio
from typing import Any

import asyncpg
import pytest

from kolofon.platform.database import Connection
from tests.customer_data.address.mover import PATH, Mover, id_of
from tests.privacy.customer import audit_rows

PAPER = {"product": "PAPER"}
NYGATA = Mover.storgata | {"streetAddress": "Nygata"}


async def live(connection: Connection) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        "select product_code, street from customer_address where dropped is null order by valid_from, address_id"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("change", "parts", "left"),
    [
        ("create", [PAPER, Mover.cabin, 3], [(None, "Storgata"), ("PAPER", "Hytteveien")]),
        ("createPermanent", [NYGATA, 3], [(None, "Storgata"), (None, "Nygata")]),
        ("createPermanent", [NYGATA, 0], [(None, "Nygata")]),
        ("update", [NYGATA], [(None, "Nygata")]),
    ],
)
async def test_twenty_equal_changes_at_the_same_moment_are_one(
    at_home: Mover, connection: Connection, change: str, parts: list[Any], left: list[tuple[str | None, str]]
) -> None:
    told = [at_home.period(part) if isinstance(part, int) else part for part in parts]
    assert set(await at_home.at_once(20, change, *told)) == {200}
    assert await live(connection) == left
    assert len(await audit_rows(connection)) == 2


async def test_of_changes_that_overlap_at_the_same_moment_one_is_made(at_home: Mover, connection: Connection) -> None:
    places = [Mover.cabin | {"streetNumber": number} for number in range(10)]
    answers = await asyncio.gather(*(at_home.send("create", PAPER, place, at_home.period(3, 5)) for place in places))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert await live(connection) == [(None, "Storgata"), ("PAPER", "Hytteveien")]


async def test_first_addresses_at_the_same_moment_follow_each_other(kari: Mover, connection: Connection) -> None:
    places = [Mover.storgata | {"streetNumber": number} for number in range(1, 11)]
    answers = await asyncio.gather(*(kari.send("update", place) for place in places))
    assert {answer.status_code for answer in answers} == {200}
    assert await live(connection) == [(None, "Storgata")]
    assert await connection.fetchval("select count(*) from customer_address where dropped = 'corrected'") == 9


async def test_a_move_that_is_cancelled_while_another_is_planned_leaves_no_gap(
    at_home: Mover, connection: Connection
) -> None:
    planned = id_of(await at_home("createPermanent", NYGATA, at_home.period(10)), "Nygata")
    await asyncio.gather(
        at_home.send("delete", planned),
        at_home.send("createPermanent", Mover.brygga, at_home.period(20)),
        at_home.send("update", planned, at_home.period(5)),
        at_home.send("createPermanent", Mover.cabin, at_home.period(15)),
    )
    gaps = await connection.fetchval(
        """
        select count(*) from (
            select valid_until, lead(valid_from) over (order by valid_from) as following
            from customer_address where dropped is null
        ) home
        where valid_until is distinct from following
        """
    )
    assert gaps == 0


async def test_a_repeat_with_the_same_key_is_answered_as_the_first(at_home: Mover, connection: Connection) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await at_home.send("create", PAPER, Mover.cabin, at_home.period(3, 4), **key)
    await at_home("delete", id_of(first.json()["addresses"], "Hytteveien", "PAPER"))
    again = await at_home.send("create", PAPER, Mover.cabin, at_home.period(3, 4), **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await live(connection) == [(None, "Storgata")]


async def test_a_change_is_written_down_with_what_was_and_what_is(at_home: Mover, connection: Connection) -> None:
    await at_home("createPermanent", NYGATA, at_home.period(3))
    change = (await audit_rows(connection))[-1]
    assert (change["action"], change["subject"], change["partner_id"]) == ("changeAddresses", "customer:1001", 1)
    [home] = change["before"]["addresses"]
    ended, moved = change["after"]["addresses"]
    assert change["before"]["changeType"] == change["after"]["changeType"] == "createPermanent"
    day = at_home.day(3).isoformat()
    assert ended == home | {"valid_until": day}
    assert (moved["street"], moved["valid_from"]) == ("Nygata", day)
    assert moved["address_id"] > home["address_id"]


async def test_whoever_listens_is_told(at_home: Mover, connection: Connection) -> None:
    told = "select count(*) from event where type = 'customer' and status = 'update' and data = $1"
    before = await connection.fetchval(told, {"customerNumber": 1001})
    await at_home("update", NYGATA)
    assert await connection.fetchval(told, {"customerNumber": 1001}) == before + 1


async def test_nothing_is_written_when_nothing_changes(at_home: Mover, connection: Connection) -> None:
    stored = await connection.fetch("select xmin::text, * from customer_address")
    events = await connection.fetchval("select count(*) from event")
    await at_home("update", Mover.storgata)
    await at_home("createPermanent", Mover.storgata)
    assert await connection.fetch("select xmin::text, * from customer_address") == stored
    assert await connection.fetchval("select count(*) from event") == events
    assert len(await audit_rows(connection)) == 1


async def test_a_change_that_fails_half_way_leaves_nothing(at_home: Mover, connection: Connection) -> None:
    # The last thing a change does is to tell of it.
    await connection.execute("alter table event add constraint full_up check (event_id < 0) not valid")
    assert (await at_home.send("createPermanent", NYGATA, at_home.period(3))).status_code == 500
    assert await live(connection) == [(None, "Storgata")]
    assert await connection.fetchval("select valid_until from customer_address") is None


async def test_the_database_takes_no_two_addresses_on_a_day(at_home: Mover, connection: Connection) -> None:
    again = """
        insert into customer_address
            (partner_id, customer_number, product_code, valid_from, valid_until, dropped, created_at)
        values (1, 1001, $1, $2::date, $3::date, $4, now())
    """
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(again, None, at_home.day(7), at_home.day(8), None)
    await connection.execute(again, None, at_home.day(7), at_home.day(8), "cancelled")
    await connection.execute(again, "PAPER", at_home.day(7), at_home.day(9), None)
    await connection.execute(again, "PAPER", at_home.day(9), None, None)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(again, "PAPER", at_home.day(8), at_home.day(9), None)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(again, "MAG", at_home.day(8), at_home.day(8), None)


async def test_a_change_can_be_sent_and_answered_in_xml(at_home: Mover) -> None:
    start = at_home.period(3)["period"]["startTime"]
    answer = await at_home.server.http.post(
        PATH,
        content=(
            "<change><changeType>create</changeType><product>PAPER</product><streetAddress>Hytteveien</streetAddress>"
            "<streetNumber>7</streetNumber><postalCode>2680</postalCode><countryCode>NO</countryCode><id/>"
            f"<period><startTime>{start}</startTime></period></change>"
        ),
        headers=at_home.headers | {"Content-Type": "application/xml", "Accept": "application/xml"},
    )
    assert answer.status_code == 200, answer.text
    assert "<streetAddress>Hytteveien</streetAddress>" in answer.text
    assert f"<startTime>{start}</startTime>" in answer.text
