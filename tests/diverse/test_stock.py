"""Stock: lists, and new figures from a warehouse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.calling import Shop, other_shop, shop
from tests.playground import Playground
from tests.waiting import until_waiting

UPDATE = "/stock/update"


def update(quantity: int | None, warehouse: str | None = "MAIN", product: str | None = "MUG") -> dict[str, Any]:
    members = {"productId": product, "warehouse": warehouse, "quantity": quantity}
    return {name: value for name, value in members.items() if value is not None}


async def change(client: Shop, *updates: dict[str, Any]) -> None:
    assert await client.post(UPDATE, {"updates": list(updates)}) == {"status": "ok"}


async def movements(playground: Playground) -> list[tuple[str, str, int]]:
    rows = await playground.connection.fetch(
        "select product_code, warehouse, quantity from stock_movement where partner_id = 1 order by stock_movement_id"
    )
    return [tuple(row) for row in rows]


async def figure(playground: Playground, warehouse: str = "MAIN", partner_id: int = 1) -> int:
    return int(
        await playground.connection.fetchval(
            "select quantity from stock where partner_id = $1 and product_code = 'MUG' and warehouse = $2",
            partner_id,
            warehouse,
        )
    )


async def test_stocks_are_listed_without_anything_around_them(server: Server) -> None:
    client = await shop(server)
    await change(client, update(2, "NORTH"), update(0, "MAIN", "PAPER"))
    main = {"productId": "MUG", "warehouse": "MAIN", "quantity": 5}
    north = {"productId": "MUG", "warehouse": "NORTH", "quantity": 2}
    paper = {"productId": "PAPER", "warehouse": "MAIN", "quantity": 0}
    assert await client.get("/stock") == [main, north, paper]
    assert await client.get("/stock/MUG") == [main, north]
    assert await client.get("/stock/DIGI") == []
    assert await client.get("/stock/NOTHING") == []
    await client.get(f"/stock/{'X' * 13}", 400)


async def test_a_figure_is_absolute_and_its_movement_tells_the_difference_and_who_said_so(
    server: Server, playground: Playground
) -> None:
    client = await shop(server)
    before = playground.clock.now()
    await change(client, update(12))
    await change(client, update(10))
    assert await figure(playground) == 10
    assert await movements(playground) == [("MUG", "MAIN", 7), ("MUG", "MAIN", -2)]
    row = await playground.connection.fetchrow("select cause, moved_at, order_id from stock_movement limit 1")
    assert row is not None
    assert row["cause"] == "reported by client:no.example.web"
    assert before <= row["moved_at"] <= playground.clock.now()
    assert row["order_id"] is None


async def test_a_new_warehouse_is_made(server: Server, playground: Playground) -> None:
    await change(await shop(server), update(3, "NORTH"))
    assert await figure(playground, "NORTH") == 3
    assert await movements(playground) == [("MUG", "NORTH", 3)]


async def test_a_figure_that_is_as_it_was_moves_nothing(server: Server, playground: Playground) -> None:
    await change(await shop(server), update(5))
    assert await movements(playground) == []


async def test_of_two_figures_for_one_place_the_later_counts(server: Server, playground: Playground) -> None:
    await change(await shop(server), update(50), update(6))
    assert await figure(playground) == 6
    assert await movements(playground) == [("MUG", "MAIN", 1)]


async def test_without_a_warehouse_the_only_one_is_meant(server: Server, playground: Playground) -> None:
    client = await shop(server)
    await change(client, update(8, None), update(4, None, "PAPER"))
    assert [entry["quantity"] for entry in await client.get("/stock")] == [8, 4]
    assert (await client.get("/stock/PAPER"))[0]["warehouse"] == "MAIN"
    await change(client, update(1, "NORTH"))
    message = await client.refused(UPDATE, {"updates": [update(1), update(9, None)]})
    assert message == "updates[1].warehouse: expected one of MAIN, NORTH, where MUG is kept"
    assert await figure(playground) == 8


@pytest.mark.parametrize("body", [{}, {"updates": []}, {"updates": None}])
async def test_nothing_to_change_is_fine(server: Server, playground: Playground, body: dict[str, Any]) -> None:
    assert await (await shop(server)).post(UPDATE, body) == {"status": "ok"}
    assert await movements(playground) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (update(1, "MAIN", "NOTHING"), "updates[1].productId: there is no product NOTHING"),
        (update(None), "quantity"),
        (update(-1), "updates[1].quantity"),
        (update(2**31), "updates[1].quantity"),
        (update(1, ""), "updates[1].warehouse"),
        (update(1, "W" * 41), "updates[1].warehouse"),
        (update(1, "MAIN", "X" * 13), "updates[1].productId"),
        (update(1, "MAIN", None), "productId"),
        ({"productId": "MUG", "quantity": 1.5}, "updates[1].quantity"),
    ],
)
async def test_one_wrong_line_is_named_and_none_is_taken(
    server: Server, playground: Playground, wrong: dict[str, Any], message: str
) -> None:
    assert message in await (await shop(server)).refused(UPDATE, {"updates": [update(99), wrong]})
    assert await figure(playground) == 5


async def test_each_partner_has_its_own_stock(server: Server, playground: Playground) -> None:
    await change(await other_shop(server), update(77), update(1, "SECRET"))
    assert await figure(playground) == 5
    assert await figure(playground, partner_id=2) == 77
    assert "SECRET" not in {entry["warehouse"] for entry in await (await shop(server)).get("/stock")}


async def test_an_update_can_be_repeated(server: Server, playground: Playground) -> None:
    client = await shop(server)
    again = Shop(server, client.headers | {"Idempotency-Key": "stock-1"})
    await change(again, update(9))
    await change(client, update(3))
    await change(again, update(9))
    assert await figure(playground) == 3


@asynccontextmanager
async def connected_to(database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def take_one(database_url: str) -> None:
    """As an order does when it is completed: a difference, under the row's lock."""
    async with connected_to(database_url) as connection, connection.transaction():
        left = await connection.fetchval(
            """
            update stock set quantity = quantity - 1
            where partner_id = 1 and product_code = 'MUG' and warehouse = 'MAIN' returning quantity
            """
        )
        assert left >= 0
        await connection.execute(
            """
            insert into stock_movement (partner_id, product_code, warehouse, quantity, cause, moved_at)
            values (1, 'MUG', 'MAIN', -1, 'an order', '2026-01-01')
            """
        )


async def test_updates_and_orders_at_the_same_moment_lose_nothing(
    server: Server, playground: Playground, database_url: str
) -> None:
    client = await shop(server)
    places = ["MAIN", "NORTH", "SOUTH"]

    async def report(number: int) -> None:
        # In another order each time, as warehouses do.
        turned = places[number % 3 :] + places[: number % 3]
        await change(client, *(update(100 + number, place) for place in turned))

    await change(client, update(100))
    await asyncio.gather(*(report(n) for n in range(12)), *(take_one(database_url) for _ in range(12)))
    moved = await movements(playground)
    for place in places:
        begun = 5 if place == "MAIN" else 0
        assert await figure(playground, place) == begun + sum(m[2] for m in moved if m[1] == place)
    assert moved.count(("MUG", "MAIN", -1)) >= 12


async def test_an_update_waits_for_an_order_and_its_movement_begins_where_the_order_s_ended(
    server: Server, playground: Playground, database_url: str
) -> None:
    client = await shop(server)
    async with connected_to(database_url) as connection:
        order = connection.transaction()
        await order.start()
        await connection.execute(
            "update stock set quantity = quantity - 1 where partner_id = 1 and product_code = 'MUG'"
        )
        reporting = asyncio.create_task(change(client, update(20)))
        await until_waiting(connection)
        await order.commit()
        await reporting
    assert await figure(playground) == 20
    assert await movements(playground) == [("MUG", "MAIN", 16)]


async def test_places_are_locked_in_one_order_so_that_no_two_wait_for_each_other(
    server: Server, playground: Playground, database_url: str
) -> None:
    client = await shop(server)
    await change(client, update(1, "EAST"))
    async with connected_to(database_url) as connection:
        order = connection.transaction()
        await order.start()
        await connection.execute("update stock set quantity = 4 where partner_id = 1 and warehouse = 'EAST'")
        # MAIN stands first, in this request and in the table.
        reporting = asyncio.create_task(change(client, update(20, "MAIN"), update(20, "EAST")))
        await until_waiting(connection)
        # It waits for EAST and has not touched MAIN, which comes after it.
        free = await playground.connection.fetch(
            "select from stock where partner_id = 1 and warehouse = 'MAIN' for update skip locked"
        )
        assert len(free) == 1
        await order.commit()
        await reporting
    assert [await figure(playground, place) for place in ("MAIN", "EAST")] == [20, 20]


async def test_the_list_has_a_name_in_xml_and_updates_may_come_in_it(server: Server, playground: Playground) -> None:
    headers = bearer(await server.client_token()) | {"Accept": "application/xml", "Content-Type": "application/xml"}
    body = (
        "<r><updates><update><productId>MUG</productId><warehouse>MAIN</warehouse><quantity>4</quantity></update>"
        "</updates></r>"
    )
    answer = await server.http.post(f"/capi/v1/client{UPDATE}", content=body, headers=headers)
    assert "<result><status>ok</status></result>" in answer.text
    assert await figure(playground) == 4
    listed = await server.http.get("/capi/v1/client/stock", headers=headers)
    assert "<stocks><stock><productId>MUG</productId>" in listed.text
