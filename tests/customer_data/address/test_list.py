"""What the four lists of addresses hold."""

from datetime import date, timedelta

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.calling import other_shop, shop
from tests.customer_data.address.mover import OSLO, PATH, Mover, id_of, milliseconds, mover
from tests.playground import Playground

PAPER = {"product": "PAPER"}


async def test_who_has_no_address_has_an_empty_list(kari: Mover) -> None:
    assert await kari.listed() == []
    assert await kari.listed("PAPER") == []


async def test_the_home_address_has_all_its_parts_and_no_period(at_home: Mover) -> None:
    [home] = await at_home.listed()
    number = home.pop("id")
    assert isinstance(number, int)
    assert home == Mover.storgata | {"addressType": "current", "permanent": True}


async def test_a_change_has_its_product_and_its_first_and_last_moment(at_home: Mover) -> None:
    await at_home("create", PAPER, Mover.cabin, at_home.period(3, 9, hour=15))
    _, change = await at_home.listed()
    first, last = at_home.day(3), at_home.day(9)
    assert change == Mover.cabin | PAPER | {
        "id": change["id"],
        "addressType": "future",
        "permanent": False,
        "period": {"startTime": milliseconds(first), "endTime": milliseconds(last + timedelta(days=1), second=-1)},
    }


async def test_they_come_as_home_then_what_runs_then_what_is_planned_then_what_is_over(
    at_home: Mover,
) -> None:
    moved_in = at_home.today
    await at_home("create", {"product": "MAG"}, Mover.brygga, at_home.period(0, 0))
    await at_home.days_go_by(2)
    await at_home("createPermanent", Mover.storgata | {"streetAddress": "Nygata"}, at_home.period(20))
    await at_home("create", PAPER, Mover.cabin, at_home.period(5, 6))
    await at_home("create", PAPER, Mover.cabin, at_home.period(0, 1))
    await at_home("update", Mover.storgata | {"streetAddress": "Kirkeveien"})
    assert await at_home.short() == [
        ("current", "Kirkeveien", None),
        ("current", "Hytteveien", "PAPER"),
        ("future", "Hytteveien", "PAPER"),
        ("future", "Nygata", None),
        ("historical", "Storgata", None),
        ("historical", "Brygga", "MAG"),
    ]
    planned, former = (await at_home.listed())[3:5]
    assert (planned["permanent"], planned["period"]) == (True, {"startTime": milliseconds(at_home.day(20))})
    assert former["period"] == {
        "startTime": milliseconds(moved_in),
        "endTime": milliseconds(at_home.today, second=-1),
    }


async def test_a_former_address_is_listed_once_and_the_home_address_not_as_a_former_one(
    at_home: Mover,
) -> None:
    for street in ("Kirkeveien", "Storgata", "Kirkeveien", "Storgata"):
        await at_home.days_go_by(1)
        await at_home("update", Mover.storgata | {"streetAddress": street})
    assert await at_home.short() == [("current", "Storgata", None), ("historical", "Kirkeveien", None)]


async def test_what_was_wrong_for_a_part_of_a_day_or_was_cancelled_is_not_listed(
    at_home: Mover, connection: Connection
) -> None:
    await at_home("update", Mover.storgata | {"streetAddress": "Storgaten"})
    planned = await at_home("create", PAPER, Mover.cabin, at_home.period(2, 3))
    await at_home("delete", id_of(planned, "Hytteveien", "PAPER"))
    assert await at_home.short() == [("current", "Storgaten", None)]
    kept = await connection.fetch("select street, dropped from customer_address order by address_id")
    assert [tuple(row) for row in kept] == [
        ("Storgata", "corrected"),
        ("Storgaten", None),
        ("Hytteveien", "cancelled"),
    ]


async def test_a_list_for_a_product_leaves_changes_of_others_out(at_home: Mover) -> None:
    await at_home("create", {"product": "PAPER,MAG"}, Mover.cabin, at_home.period(1, 2))
    assert [product for _, _, product in await at_home.short("PAPER")] == [None, "PAPER"]
    assert [product for _, _, product in await at_home.short("WEEKEND")] == [None]
    assert [product for _, _, product in await at_home.short()] == [None, "PAPER", "MAG"]


async def test_a_product_that_is_not_there_is_not_found(at_home: Mover) -> None:
    answer = await at_home.server.http.get(f"{PATH}/NOTHING", headers=at_home.headers)
    assert (answer.status_code, answer.json()["errorMessage"]) == (404, "productCode: there is no product NOTHING")
    client = await shop(at_home.server)
    assert "productCode" in str(await client.get("/customer/address/1001/NOTHING", 404))


async def test_a_client_gets_the_same_lists_of_any_customer_of_its_publisher(at_home: Mover, server: Server) -> None:
    await at_home("create", {"product": "PAPER,MAG"}, Mover.cabin, at_home.period(1, 2))
    client = await shop(server)
    assert (await client.get("/customer/address/1001"))["addresses"] == await at_home.listed()
    assert (await client.get("/customer/address/1001/MAG"))["addresses"] == await at_home.listed("MAG")


@pytest.mark.parametrize("path", ["/customer/address/1001", "/customer/address/1001/PAPER"])
async def test_another_publishers_customers_are_not_found(at_home: Mover, server: Server, path: str) -> None:
    client = await other_shop(server)
    await client.get(path, 404)


async def test_customers_see_nothing_of_each_other(at_home: Mover, neighbour: Mover) -> None:
    assert [a["streetNumber"] for a in await at_home.listed()] == [1]
    assert [a["streetNumber"] for a in await neighbour.listed()] == [3]


async def test_who_is_no_customer_has_no_addresses(server: Server, playground: Playground, today: date) -> None:
    await playground.add_reader("loner@example.no")
    loner = await mover(server, "loner@example.no", today)
    assert (await server.http.get(PATH, headers=loner.headers)).status_code == 404
    assert await loner.refusal("update", Mover.storgata, status=404) == "the user is not a customer here"


async def test_the_day_is_that_of_the_publishers_time_zone(at_home: Mover, connection: Connection) -> None:
    rows = await connection.fetch("select valid_from, time_zone from customer_address join partner using (partner_id)")
    assert [tuple(row) for row in rows] == [(at_home.today, OSLO)]


async def test_of_a_long_history_the_latest_are_listed(at_home: Mover, connection: Connection) -> None:
    await connection.execute(
        """
        insert into customer_address
            (partner_id, customer_number, product_code, street, country_code, valid_from, valid_until, created_at)
        select 1, 1001, 'PAPER', 'Gate ' || n, 'NO', $1::date - n, $1::date - n + 1, now()
        from generate_series(1, 500) n
        """,
        at_home.today,
    )
    listed = await at_home.short()
    assert len(listed) == 150
    assert listed[:3] == [
        ("current", "Storgata", None),
        ("historical", "Gate 1", "PAPER"),
        ("historical", "Gate 2", "PAPER"),
    ]
