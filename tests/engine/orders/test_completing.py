"""Completing and ending orders: what they take, who wins, and what is left behind."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.orders.rules import OrderStatus
from kolofon.engine.orders.service import Completion, complete_order, end_order
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import Conflict, NotFound
from tests.ordering import DIGI, KNUT, MUG, OLA, Ordering
from tests.playground import Playground

REWARD = DIGI | {"reward_partner_id": 7, "reward_id": "points-1"}
AT_ONCE = 20


@pytest.fixture
def complete(connection: Connection, partner: PartnerCatalogue, clock: Clock) -> Any:
    async def complete(order_id: int) -> Completion:
        async with connection.transaction():
            return await complete_order(connection, partner, clock.now(), order_id, "client:x", "test")

    return complete


async def complete_at_once(pool: Pool, partner: PartnerCatalogue, clock: Clock, order_ids: list[int]) -> Any:
    async def one(order_id: int) -> Completion:
        async with pool.acquire() as connection, connection.transaction():
            return await complete_order(connection, partner, clock.now(), order_id, "client:x", "test")

    return await asyncio.gather(*(one(order_id) for order_id in order_ids))


async def stock(connection: Connection) -> int:
    return int(await connection.fetchval("select quantity from stock where partner_id = 1 and product_code = 'MUG'"))


async def used(connection: Connection, code: str) -> int:
    query = "select used from voucher where partner_id = 1 and voucher_code = $1"
    return int(await connection.fetchval(query, code))


async def test_a_preliminary_order_becomes_fulfilled_is_due_at_once_and_told_of(
    ordering: Ordering, complete: Any, connection: Connection, clock: Clock
) -> None:
    order_id = await ordering.order()
    before = clock.now()
    assert await complete(order_id) == Completion(order_id=order_id, status="fulfilled")
    row = await connection.fetchrow("select * from customer_order")
    assert row is not None
    assert before <= row["fulfilled_at"] == row["next_attempt_at"] <= clock.now()
    change = await connection.fetchrow("select * from order_change order by order_change_id desc limit 1")
    assert change is not None
    assert (change["status_before"], change["status"], change["cause"]) == ("preliminary", "fulfilled", "test")
    assert change["actor"] == "client:x"
    event = await connection.fetchrow("select type, status, data from event")
    assert event is not None
    assert tuple(event) == ("order", "update", {"orderId": order_id, "orderStatus": "fulfilled"})


async def test_completing_again_changes_nothing_and_tells_the_same(
    ordering: Ordering, complete: Any, connection: Connection
) -> None:
    order_id = await ordering.order(DIGI | {"voucher_code": "GIFT-MANY"})
    assert not (await complete(order_id)).was_done
    assert await complete(order_id) == Completion(order_id=order_id, status="fulfilled", was_done=True)
    assert await used(connection, "GIFT-MANY") == 1
    assert await ordering.changes(order_id) == ["preliminary", "fulfilled"]


async def test_an_order_of_another_partner_is_not_there(
    ordering: Ordering, complete: Any, playground: Playground
) -> None:
    order_id = await ordering.order(partner_id=2, currency="SEK", client_id="se.annan.web")
    with pytest.raises(NotFound):
        await complete(order_id)
    assert await ordering.status(order_id) == "preliminary"


async def test_an_order_that_was_left_too_long_expires_and_takes_nothing(
    ordering: Ordering, complete: Any, clock: Clock, connection: Connection
) -> None:
    order_id = await ordering.order(DIGI | {"voucher_code": "GIFT-ONE"})
    clock.move(timedelta(hours=72))
    done = await complete(order_id)
    assert (done.status, done.problem) == ("expired", "the order was not completed in time")
    assert await used(connection, "GIFT-ONE") == 0
    again = await complete(order_id)
    assert (again.status, again.problem, again.was_done) == ("expired", "the order was not completed in time", True)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (DIGI | {"voucher_code": "GIFT-ONE"}, "orderLines[0].voucherCode: GIFT-ONE is used up"),
        (MUG | {"quantity": 5}, "there is not enough of MUG in stock"),
        (REWARD, "orderLines[0].rewardId: points-1 has been given before"),
    ],
)
async def test_what_is_gone_fails_the_order_with_its_cause(
    ordering: Ordering, complete: Any, connection: Connection, line: Mapping[str, Any], problem: str
) -> None:
    first, second = await ordering.order(line), await ordering.order(line)
    assert (await complete(first)).is_complete
    for was_done in (False, True):
        failed = Completion(order_id=second, status="failed", problem=problem, was_done=was_done)
        assert await complete(second) == failed
    assert await ordering.changes(second) == ["preliminary", "failed"]
    told = await connection.fetch("select data from event order by event_id")
    assert [row["data"]["orderStatus"] for row in told] == ["fulfilled", "failed"]


async def test_an_order_that_fails_leaves_nothing_taken(
    ordering: Ordering, complete: Any, connection: Connection, playground: Playground
) -> None:
    reader = await playground.add_reader("ola@example.no")
    await complete(await ordering.order(REWARD))
    rest = await stock(connection)
    access = {"allow_access_product": "DIGI", "allow_access_seconds": 60}
    lines = (DIGI | {"voucher_code": "GIFT-MANY"} | access, MUG, REWARD)
    failed = await complete(await ordering.order(*lines, unique_id=reader.unique_id))
    assert failed.problem == "orderLines[2].rewardId: points-1 has been given before"
    assert await used(connection, "GIFT-MANY") == 0
    assert await stock(connection) == rest
    assert [await ordering.count(table) for table in ("voucher_use", "customer_access", "customer")] == [0, 0, 0]


async def test_movements_explain_the_stock(ordering: Ordering, complete: Any, connection: Connection) -> None:
    order_id = await ordering.order(MUG | {"quantity": 2}, MUG, REWARD)
    assert (await complete(order_id)).is_complete
    assert await stock(connection) == 1
    rows = await connection.fetch("select line_number, quantity, order_id from stock_movement order by line_number")
    assert [tuple(row) for row in rows] == [(1, -2, order_id), (2, -1, order_id), (3, -1, order_id)]


async def test_one_voucher_is_used_by_one_of_many_orders(
    ordering: Ordering, pool: Pool, partner: PartnerCatalogue, clock: Clock, connection: Connection
) -> None:
    orders = [await ordering.order(DIGI | {"voucher_code": "GIFT-ONE"}) for _ in range(AT_ONCE)]
    done = await complete_at_once(pool, partner, clock, orders)
    assert Counter(one.status for one in done) == {"fulfilled": 1, "failed": AT_ONCE - 1}
    assert await used(connection, "GIFT-ONE") == await ordering.count("voucher_use") == 1


async def test_the_last_things_in_stock_go_to_as_many_orders_as_there_are(
    ordering: Ordering, pool: Pool, partner: PartnerCatalogue, clock: Clock, connection: Connection
) -> None:
    orders = [await ordering.order(MUG) for _ in range(AT_ONCE)]
    done = await complete_at_once(pool, partner, clock, orders)
    assert Counter(one.status for one in done) == {"fulfilled": 5, "failed": AT_ONCE - 5}
    assert await stock(connection) == 0


async def test_one_reward_is_given_once(
    ordering: Ordering, pool: Pool, partner: PartnerCatalogue, clock: Clock
) -> None:
    orders = [await ordering.order(REWARD) for _ in range(AT_ONCE)]
    done = await complete_at_once(pool, partner, clock, orders)
    assert Counter(one.status for one in done) == {"fulfilled": 1, "failed": AT_ONCE - 1}
    assert await ordering.count("customer_reward") == 1


async def test_one_order_is_completed_once_by_many_requests(
    ordering: Ordering, pool: Pool, partner: PartnerCatalogue, clock: Clock, connection: Connection
) -> None:
    order_id = await ordering.order(DIGI | {"voucher_code": "GIFT-MANY"}, MUG)
    done = await complete_at_once(pool, partner, clock, [order_id] * AT_ONCE)
    assert {one.status for one in done} == {"fulfilled"}
    assert sum(not one.was_done for one in done) == 1
    assert await used(connection, "GIFT-MANY") == 1
    assert await stock(connection) == 4
    assert await ordering.changes(order_id) == ["preliminary", "fulfilled"]


async def test_orders_that_want_the_same_in_another_order_do_not_lock_each_other_out(
    ordering: Ordering, pool: Pool, partner: PartnerCatalogue, clock: Clock, connection: Connection
) -> None:
    await connection.execute("update voucher set uses_allowed = 100")
    await connection.execute("update stock set quantity = 1000")
    await connection.execute("insert into stock values (1, 'DIGI', 'B', 1000, $1)", clock.now())
    one, other = DIGI | {"voucher_code": "GIFT-ONE"}, DIGI | {"voucher_code": "GIFT-MANY"}
    thing = MUG | {"product_code": "DIGI"}
    orders = []
    for number in range(AT_ONCE):
        lines = (one, other, MUG, thing) if number % 2 else (thing, MUG, other, one)
        orders.append(await ordering.order(*lines))
    done = await complete_at_once(pool, partner, clock, orders)
    assert {done_one.status for done_one in done} == {"fulfilled"}


async def test_temporary_access_opens_at_once_for_the_user_whose_order_it_is(
    ordering: Ordering, complete: Any, connection: Connection, playground: Playground, clock: Clock
) -> None:
    reader = await playground.add_reader("ola@example.no")
    access = {"allow_access_product": "DIGI", "allow_access_category_type": "SPORT", "allow_access_seconds": 86400}
    order_id = await ordering.order(DIGI | access, unique_id=reader.unique_id)
    await complete(order_id)
    rows = await connection.fetch("select * from customer_access order by kind")
    assert [(row["kind"], row["code"]) for row in rows] == [("categoryType", "SPORT"), ("product", "DIGI")]
    assert {row["end_time"] - row["start_time"] for row in rows} == {timedelta(days=1)}
    number = await connection.fetchval("select customer_number from user_customer")
    assert {row["customer_number"] for row in rows} == {number}
    assert await connection.fetchval("select customer_number from customer_order") == number


@pytest.mark.parametrize("columns", [{}, {"receiver": KNUT}])
async def test_nobodys_order_and_a_gift_open_no_temporary_access(
    ordering: Ordering, complete: Any, playground: Playground, columns: dict[str, Any]
) -> None:
    reader = await playground.add_reader("ola@example.no")
    access = {"allow_access_product": "DIGI", "allow_access_seconds": 86400}
    owner: dict[str, Any] = {"unique_id": reader.unique_id} if columns else {}
    assert (await complete(await ordering.order(DIGI | access | columns, **owner))).is_complete
    assert await ordering.count("customer_access") == 0


async def end(
    connection: Connection, partner: PartnerCatalogue, clock: Clock, order_id: int, status: Any = "cancelled"
) -> None:
    async with connection.transaction():
        await end_order(connection, partner, clock.now(), order_id, status, "client:x", "test")


async def test_an_order_that_ends_after_all_gives_everything_back(
    ordering: Ordering, complete: Any, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    order_id = await ordering.order(REWARD | {"voucher_code": "GIFT-ONE"}, MUG | {"quantity": 2})
    await complete(order_id)
    assert (await used(connection, "GIFT-ONE"), await stock(connection)) == (1, 2)
    await end(connection, partner, clock, order_id)
    assert (await used(connection, "GIFT-ONE"), await stock(connection)) == (0, 5)
    assert [await ordering.count(table) for table in ("voucher_use", "customer_reward")] == [0, 0]
    assert await connection.fetchval("select sum(quantity) from stock_movement") == 0
    await end(connection, partner, clock, order_id)
    assert await stock(connection) == 5
    assert await ordering.changes(order_id) == ["preliminary", "fulfilled", "cancelled"]
    assert (await complete(order_id)).status == "cancelled"
    assert (await complete(await ordering.order(REWARD | {"voucher_code": "GIFT-ONE"}, MUG))).is_complete


async def test_an_order_that_ends_after_all_closes_what_it_has_opened_and_nothing_else(
    ordering: Ordering,
    complete: Any,
    connection: Connection,
    partner: PartnerCatalogue,
    clock: Clock,
    playground: Playground,
) -> None:
    reader = await playground.add_reader("ola@example.no", 1001)
    await playground.give_access(1001, "product", "DIGI")
    access = {"allow_access_product": "DIGI", "allow_access_seconds": 31_536_000}
    ended, other = [await ordering.order(DIGI | access, unique_id=reader.unique_id) for _ in range(2)]
    await complete(ended)
    await complete(other)
    await end(connection, partner, clock, ended)
    left = await connection.fetch("select order_id from customer_access order by order_id")
    assert [row["order_id"] for row in left] == [other, None]


@pytest.mark.parametrize("status", ["cancelled", "failed", "expired"])
async def test_what_has_ended_stays_as_it_is(
    ordering: Ordering, connection: Connection, partner: PartnerCatalogue, clock: Clock, status: OrderStatus
) -> None:
    order_id = await ordering.order(status=status)
    await end(connection, partner, clock, order_id, "failed")
    assert await ordering.status(order_id) == status
    assert await ordering.changes(order_id) == ["preliminary"]


async def test_what_is_handed_over_cannot_be_ended(
    ordering: Ordering, connection: Connection, partner: PartnerCatalogue, clock: Clock, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no", 1001)
    order_id = await ordering.order(status="transferred", customer_number=1001, payer=OLA)
    with pytest.raises(Conflict):
        await end(connection, partner, clock, order_id)
