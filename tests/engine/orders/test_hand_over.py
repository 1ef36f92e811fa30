"""What comes of a fulfilled order, and that it comes once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.orders.handover import HandOver
from kolofon.engine.orders.service import complete_order
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from tests.ordering import ARTICLE, DIGI, ISSUE, KNUT, MUG, OLA, PAPER, TRIAL, Ordering
from tests.playground import Playground


@pytest.fixture
async def catalogue(playground: Playground) -> LiveCatalogue:
    catalogue = LiveCatalogue()
    await catalogue.subscription.fetch(playground.connection)
    return catalogue


@pytest.fixture
def hand_over(pool: Pool, clock: Clock, catalogue: LiveCatalogue) -> HandOver:
    return HandOver(lambda: pool, clock, catalogue)


@pytest.fixture
def handed_over(
    ordering: Ordering, hand_over: HandOver, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> Any:
    """Register, complete and hand over an order; its row afterwards."""

    async def handed_over(*lines: Any, **columns: Any) -> Any:
        order_id = await ordering.order(*lines, **columns)
        await fulfil(connection, partner, clock, order_id)
        while await hand_over.do_next():
            pass
        return await connection.fetchrow("select * from customer_order where order_id = $1", order_id)

    return handed_over


async def fulfil(connection: Connection, partner: PartnerCatalogue, clock: Clock, order_id: int) -> None:
    async with connection.transaction():
        done = await complete_order(connection, partner, clock.now(), order_id, "client:x", "test")
    assert done.is_complete, done


async def test_an_order_becomes_customer_subscription_and_invoice(
    handed_over: Any, ordering: Ordering, connection: Connection
) -> None:
    order = await handed_over(PAPER)
    number = order["customer_number"]
    assert (order["status"], order["attempts"], order["next_attempt_at"]) == ("transferred", 1, None)
    customer = await connection.fetchrow("select customer_number, last_name from customer")
    assert customer is not None
    assert tuple(customer) == (number, "Nordmann")
    subscription = await connection.fetchrow("select * from subscription")
    assert subscription is not None
    assert (subscription["product_code"], subscription["customer_number"]) == ("PAPER", number)
    assert (subscription["coupon_code"], subscription["coupon_number"]) == ("PAPER", 10)
    assert (subscription["delivery_plan_id"], subscription["order_id"]) == (3, order["order_id"])
    invoice = await connection.fetchrow("select * from invoice")
    assert invoice is not None
    assert (invoice["customer_number"], invoice["net_minor"] + invoice["vat_minor"]) == (number, 99900 + 5900)
    assert (invoice["order_id"], invoice["status"], invoice["payment_method"]) == (
        order["order_id"],
        "open",
        "invoice",
    )
    line = await connection.fetchrow("select * from order_line")
    assert line is not None
    assert line["subscription_id"] == subscription["subscription_id"]
    assert (line["invoice_number"], line["receiver_customer_number"]) == (invoice["invoice_number"], number)
    period = await connection.fetchrow("select invoice_number, period_number from subscription_period")
    assert period is not None
    assert tuple(period) == (invoice["invoice_number"], 1)
    kinds = await connection.fetch("select kind, net_minor from invoice_line order by line_number")
    assert [tuple(row) for row in kinds] == [("subscription", 99900), ("distribution", 5900)]
    assert await ordering.changes(order["order_id"]) == ["preliminary", "fulfilled", "transferred"]


async def test_a_hand_over_is_told_of_and_written_down(handed_over: Any, connection: Connection) -> None:
    order = await handed_over(DIGI)
    events = await connection.fetch("select type, status, data from event order by event_id")
    kinds = [(row["type"], row["status"]) for row in events]
    assert kinds == [("order", "update"), ("customer", "new"), ("subscription", "start"), ("order", "update")]
    told = [row["data"] for row in events if row["type"] == "order"]
    assert told == [
        {"orderId": order["order_id"], "orderStatus": "fulfilled"},
        {"orderId": order["order_id"], "orderStatus": "transferred"},
    ]
    row = await connection.fetchrow("select * from audit_log where action = 'handOver'")
    assert row is not None
    assert (row["actor"], row["partner_id"], row["subject"]) == ("worker", 1, f"order:{order['order_id']}")
    assert row["after"] == {"status": "transferred", "customerNumber": order["customer_number"]}


async def test_of_a_gift_the_receiver_gets_the_goods_and_the_payer_the_invoice(
    handed_over: Any, connection: Connection
) -> None:
    order = await handed_over(PAPER | {"receiver": KNUT}, ARTICLE | {"receiver": KNUT}, DIGI)
    payer = order["customer_number"]
    receiver = await connection.fetchval("select customer_number from customer where last_name = 'Hansen'")
    assert receiver != payer
    subscriptions = await connection.fetch(
        "select product_code, customer_number, payer_customer_number from subscription order by product_code"
    )
    assert [tuple(row) for row in subscriptions] == [("DIGI", payer, None), ("PAPER", receiver, payer)]
    assert await connection.fetchval("select customer_number from customer_access") == receiver
    assert await connection.fetchval("select customer_number from invoice") == payer
    receivers = await connection.fetch("select distinct receiver_customer_number from invoice_line order by 1")
    assert [row[0] for row in receivers] == [receiver, None]
    assert await connection.fetchval("select count(*) from customer") == 2


async def test_what_costs_nothing_makes_no_invoice(handed_over: Any, ordering: Ordering) -> None:
    order = await handed_over(TRIAL, payment_method="free")
    assert order["status"] == "transferred"
    assert await ordering.count("invoice") == 0
    assert await ordering.connection.fetchval("select paid_until = end_time from subscription")


@pytest.mark.parametrize(
    ("info", "reference"),
    [({"transactionId": "t-1"}, "t-1"), ({"klarnaOrderId": "k-1", "recurringToken": "r"}, "k-1"), (None, "order")],
)
async def test_what_was_paid_beforehand_makes_a_paid_invoice(
    handed_over: Any, connection: Connection, info: Any, reference: str
) -> None:
    order = await handed_over(DIGI, payment_method="kco", prepaid=True, payment_info=info)
    invoice = await connection.fetchrow("select status, paid_minor from invoice")
    assert invoice is not None
    assert tuple(invoice) == ("paid", 100)
    payment = await connection.fetchrow("select amount_minor, payment_method, reference, paid_at from invoice_payment")
    assert payment is not None
    assert tuple(payment)[:2] == (100, "kco")
    assert payment["reference"] == (reference if info else f"order {order['order_id']}")
    assert payment["paid_at"] == order["order_time"]
    assert await connection.fetchval("select paid_until = end_time from subscription")


async def test_an_article_opens_for_its_days_and_an_issue_and_a_thing_wait_to_be_sent(
    handed_over: Any, connection: Connection, clock: Clock
) -> None:
    order = await handed_over(ARTICLE, ISSUE, MUG, unique_id=None)
    access = await connection.fetchrow("select * from customer_access")
    assert access is not None
    assert (access["kind"], access["code"], access["customer_number"]) == ("article", "a-1", order["customer_number"])
    assert access["end_time"] - access["start_time"] == timedelta(days=30)
    lines = await connection.fetch("select product_spec_type, delivery_status from order_line order by line_number")
    assert [tuple(row) for row in lines] == [("article", "delivered"), ("issue", "waiting"), ("product", "waiting")]
    assert await connection.fetchval("select count(*) from subscription") == 0
    kinds = await connection.fetch("select kind, vat_minor from invoice_line order by line_number")
    assert [tuple(row) for row in kinds] == [("article", 0), ("issue", 2500), ("product", 3980)]
    assert await connection.fetchval("select net_minor + vat_minor from invoice") == order["amount_minor"]


async def test_what_comes_with_a_coupon_starts_too_and_is_not_renewed(
    handed_over: Any, connection: Connection, catalogue: LiveCatalogue
) -> None:
    await connection.execute("update coupon set extra_products = '{WEEKEND}' where coupon_code = 'PAPER'")
    await catalogue.subscription.fetch(connection)
    order = await handed_over(PAPER)
    rows = await connection.fetch("select * from subscription order by product_code")
    paper, weekend = rows
    assert weekend["end_time"] == paper["end_time"]
    assert weekend["renew_at"] is None
    assert weekend["paid_until"] == weekend["end_time"]
    assert paper["renew_at"] is not None
    assert await connection.fetchval("select net_minor + vat_minor from invoice") == order["amount_minor"]


async def test_a_wanted_start_is_kept_and_one_that_has_gone_by_is_now(
    handed_over: Any, connection: Connection, clock: Clock
) -> None:
    later = clock.now() + timedelta(days=20)
    await handed_over(DIGI | {"start_time": later})
    await handed_over(PAPER | {"start_time": clock.now() - timedelta(days=1)}, payer=KNUT)
    rows = await connection.fetch("select product_code, state, start_time from subscription order by product_code")
    assert [row["state"] for row in rows] == ["waiting", "active"]
    assert abs(rows[0]["start_time"] - later) <= timedelta(days=1)


async def test_the_users_next_order_finds_the_same_customer_and_prolongs(
    handed_over: Any, connection: Connection, playground: Playground
) -> None:
    reader = await playground.add_reader("ola@example.no")
    first = await handed_over(DIGI, unique_id=reader.unique_id)
    second = await handed_over(DIGI, unique_id=reader.unique_id)
    assert first["customer_number"] == second["customer_number"]
    assert await connection.fetchval("select customer_number from user_customer") == first["customer_number"]
    assert await connection.fetchval("select count(*) from subscription") == 1
    assert await connection.fetchval("select count(*) from subscription_period") == 2


async def test_a_reward_is_the_payers(handed_over: Any, connection: Connection) -> None:
    order = await handed_over(DIGI | {"reward_partner_id": 7, "reward_id": "r-1", "receiver": KNUT})
    assert await connection.fetchval("select customer_number from customer_reward") == order["customer_number"]


async def test_temporary_access_and_hand_over_agree_on_the_customer(
    handed_over: Any, connection: Connection, playground: Playground
) -> None:
    reader = await playground.add_reader("ola@example.no")
    access = {"allow_access_product": "DIGI", "allow_access_seconds": 60}
    order = await handed_over(DIGI | access, unique_id=reader.unique_id)
    assert await connection.fetchval("select customer_number from customer_access") == order["customer_number"]
    assert await connection.fetchval("select count(*) from customer") == 1


async def test_many_orders_of_two_partners_are_handed_over_once_by_several_workers(
    ordering: Ordering, hand_over: HandOver, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    for number in range(60):
        other: dict[str, Any] = (
            {"partner_id": 2, "currency": "SEK", "client_id": "se.annan.web"} if number % 4 == 0 else {}
        )
        payer, receiver = (OLA, KNUT) if number % 2 else (KNUT, OLA)
        order_id = await ordering.order(DIGI | {"receiver": receiver}, payer=payer, **other)
        await connection.execute(
            "update customer_order set status = 'fulfilled', next_attempt_at = $2 where order_id = $1",
            order_id,
            clock.now(),
        )

    async def work() -> None:
        while await hand_over.do_next():
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    # Who met another worker's lock in the wrong order waits for its next attempt.
    while await connection.fetchval("select count(*) from customer_order where status = 'fulfilled'"):
        clock.move(timedelta(minutes=1))
        await work()
    statuses = await connection.fetch("select distinct status, partner_id from customer_order order by partner_id")
    assert [tuple(row) for row in statuses] == [("transferred", 1), ("transferred", 2)]
    assert await ordering.count("invoice") == 60
    assert await ordering.count("subscription_period") == 60
    for partner_id, orders in ((1, 45), (2, 15)):
        numbers = await connection.fetch(
            "select invoice_number from invoice where partner_id = $1 order by 1", partner_id
        )
        assert [row[0] for row in numbers] == list(range(1, orders + 1))
    assert await connection.fetchval("select count(*) from order_change where status = 'transferred'") == 60


async def test_one_order_that_cannot_be_handed_over_holds_up_no_other_and_is_not_lost(
    ordering: Ordering, hand_over: HandOver, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    good = [await ordering.order() for _ in range(3)]
    bad = await ordering.order(DIGI | {"coupon_code": "GONE"})
    more = await ordering.order()
    for order_id in (*good, bad, more):
        await fulfil(connection, partner, clock, order_id)
    assert await hand_over.do_next()
    assert [await ordering.status(order_id) for order_id in (*good, more)] == ["transferred"] * 4
    row = await connection.fetchrow("select status, attempts, problem from customer_order where order_id = $1", bad)
    assert row is not None
    assert tuple(row) == ("fulfilled", 1, "KeyError")
    assert await ordering.count("invoice") == 4
    for attempt in range(2, 12):
        assert not await hand_over.do_next()
        clock.move(timedelta(hours=1, minutes=1))
        assert await hand_over.do_next()
        row = await connection.fetchrow("select status, attempts from customer_order where order_id = $1", bad)
        assert row is not None
        assert tuple(row) == ("fulfilled", attempt)
    await connection.execute("update order_line set coupon_code = 'DIGI' where order_id = $1", bad)
    clock.move(timedelta(hours=1, minutes=1))
    assert await hand_over.do_next()
    row = await connection.fetchrow("select status, problem from customer_order where order_id = $1", bad)
    assert row is not None
    assert tuple(row) == ("transferred", None)


async def test_a_hand_over_that_breaks_at_its_end_leaves_nothing(
    ordering: Ordering, hand_over: HandOver, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    order_id = await ordering.order(PAPER, ARTICLE)
    await fulfil(connection, partner, clock, order_id)
    # The last thing a hand-over writes.
    await connection.execute("alter table order_line add constraint stop check (invoice_number is null)")
    assert await hand_over.do_next()
    problem = await connection.fetchval("select problem from customer_order")
    assert problem == "CheckViolationError 23514"
    for table in ("customer", "subscription", "invoice", "customer_access"):
        assert await ordering.count(table) == 0
    assert await connection.fetchval("select next_number from invoice_counter where partner_id = 1") == 1


async def test_what_one_worker_has_taken_no_other_takes(
    ordering: Ordering, hand_over: HandOver, connection: Connection, partner: PartnerCatalogue, clock: Clock
) -> None:
    await fulfil(connection, partner, clock, await ordering.order())
    taken = await hand_over.take()
    assert taken is not None
    assert await hand_over.take() is None
    clock.move(timedelta(minutes=6))
    again = await hand_over.take()
    assert again is not None
    await hand_over.do(again)
    # The first one wakes up again: there is nothing left to do.
    await hand_over.do(taken)
    assert await ordering.count("invoice") == 1


@pytest.mark.parametrize("paid", [0, 60])
async def test_what_was_not_paid_beforehand_is_asked_for_by_invoice(
    handed_over: Any, connection: Connection, paid: int
) -> None:
    await handed_over(DIGI, payment_method="other", prepaid=True, prepaid_minor=paid)
    invoice = await connection.fetchrow(
        "select status, paid_minor, payment_method, remind_at = created_at from invoice"
    )
    assert invoice is not None
    assert tuple(invoice) == ("open", paid, "invoice", True)
    payments = await connection.fetch("select amount_minor, payment_method from invoice_payment")
    assert [tuple(row) for row in payments] == ([(paid, "other")] if paid else [])


@pytest.mark.parametrize(("recurring", "method"), [(False, "invoice"), (True, "kco")])
async def test_what_may_not_be_charged_again_is_renewed_by_invoice(
    handed_over: Any, connection: Connection, recurring: bool, method: str
) -> None:
    await handed_over(DIGI, payment_method="kco", prepaid=True, recurring=recurring)
    assert await connection.fetchval("select payment_method from subscription") == method


async def test_a_free_period_beside_something_else_hangs_on_no_invoice(
    handed_over: Any, connection: Connection
) -> None:
    order = await handed_over(TRIAL, MUG)
    assert await connection.fetchval("select invoice_number from subscription_period") is None
    assert await connection.fetchval("select count(subscription_id) from invoice_line") == 0
    assert await connection.fetchval("select net_minor + vat_minor from invoice") == order["amount_minor"]
    assert await connection.fetchval("select count(*) from order_line where invoice_number is not null") == 2
