import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.engine.billing.dunning import remind
from kolofon.engine.billing.service import Paid, credit_invoice, pay_invoice, write_off
from kolofon.platform.database import Connection
from kolofon.platform.errors import NotFound
from tests.engine.billing.counter import Counter, columns
from tests.waiting import until_waiting


async def state(counter: Counter, number: int = 1) -> tuple[object, ...]:
    return columns(await counter.invoice(number), ["status", "paid_minor"])


async def test_an_invoice_that_is_paid_is_not_reminded_of_and_pays_its_period(counter: Counter) -> None:
    started, made = await counter.sell()
    assert await counter.pay(made.invoice_number)
    assert await state(counter) == ("paid", 29900)
    assert (await counter.invoice(1))["remind_at"] is None
    assert (await counter.desk.row(started.subscription_id))["paid_until"] == started.end_time


async def test_a_payment_does_not_wait_for_a_receiver_who_is_nobody(counter: Counter) -> None:
    _, made = await counter.sell()
    await counter.connection.execute("update invoice_line set receiver_customer_number = 987654")
    async with asyncio.timeout(30):
        assert await counter.pay(made.invoice_number)
    assert await state(counter) == ("paid", 29900)


async def test_parts_add_up(counter: Counter) -> None:
    started, made = await counter.sell()
    await counter.pay(made.invoice_number, 10000, "bank 1")
    assert await state(counter) == ("open", 10000)
    assert (await counter.invoice(1))["remind_at"] is not None
    assert (await counter.desk.row(started.subscription_id))["paid_until"] is None
    await counter.pay(made.invoice_number, 19900, "bank 2")
    assert await state(counter) == ("paid", 29900)
    assert (await counter.desk.row(started.subscription_id))["paid_until"] == started.end_time


async def test_the_same_reference_is_taken_once(counter: Counter) -> None:
    await counter.make()
    assert await counter.pay(1, 10000)
    assert not await counter.pay(1, 10000)
    assert not await counter.pay(1, 19900)
    assert await state(counter) == ("open", 10000)


async def test_the_same_reference_may_pay_two_invoices(counter: Counter) -> None:
    await counter.make()
    await counter.make()
    assert await counter.pay(1)
    assert await counter.pay(2)


async def test_what_is_too_much_is_kept(counter: Counter) -> None:
    await counter.make()
    await counter.pay(1, 40000)
    await counter.pay(1, 500, "bank 2")
    assert await state(counter) == ("paid", 40500)


@given(amounts=st.lists(st.integers(1, 20000), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_an_invoice_is_paid_when_its_payments_reach_it(counter: Counter, amounts: list[int]) -> None:
    [made] = await counter.make()
    for place, amount in enumerate(amounts):
        await counter.pay(made.invoice_number, amount, f"bank {place}")
    status = "paid" if sum(amounts) >= 29900 else "open"
    assert await state(counter, made.invoice_number) == (status, sum(amounts))


@pytest.mark.parametrize("pays_for", ["a subscription", "a thing"])
async def test_two_payments_at_the_same_moment_are_both_counted(
    counter: Counter, other_connection: Connection, pays_for: str
) -> None:
    await (counter.sell() if pays_for == "a subscription" else counter.make())
    partner, now = counter.desk.partner, counter.desk.now
    transaction = counter.connection.transaction()
    await transaction.start()
    first = Paid(amount_minor=15000, reference="bank 1", paid_at=now)
    await pay_invoice(counter.connection, partner, now, "HOUSE", 1, first)

    async def pay() -> None:
        async with other_connection.transaction():
            second = Paid(amount_minor=14900, reference="bank 2", paid_at=now)
            await pay_invoice(other_connection, partner, now, "HOUSE", 1, second)

    waiting = asyncio.create_task(pay())
    await until_waiting(counter.connection)
    await transaction.commit()
    await waiting
    assert await state(counter) == ("paid", 29900)
    assert not await counter.connection.fetchval("select exists (select from subscription where paid_until is null)")


async def test_the_same_payment_told_twice_at_the_same_moment_is_taken_once(
    counter: Counter, other_connection: Connection
) -> None:
    await counter.make()
    partner, now = counter.desk.partner, counter.desk.now

    async def pay(connection: Connection) -> bool:
        async with connection.transaction():
            paid = Paid(amount_minor=29900, reference="bank 1", paid_at=now)
            return await pay_invoice(connection, partner, now, "HOUSE", 1, paid)

    assert sorted(await asyncio.gather(pay(counter.connection), pay(other_connection))) == [False, True]
    assert await state(counter) == ("paid", 29900)


async def test_what_was_given_back_is_open_again_and_reminded_of(counter: Counter) -> None:
    await counter.make()
    await counter.pay(1)
    await counter.pay(1, -29900, "bank 2")
    assert await state(counter) == ("open", 0)
    # 14 days after it is due.
    assert (await counter.invoice(1))["remind_at"] == counter.desk.day(28)


async def test_paying_one_that_was_written_off_pays_it(counter: Counter) -> None:
    await counter.make()
    async with counter.connection.transaction():
        await write_off(counter.connection, counter.desk.partner, "HOUSE", 1)
    await counter.pay(1, 10000)
    assert await state(counter) == ("writtenOff", 10000)
    assert (await counter.invoice(1))["remind_at"] is None
    await counter.pay(1, 19900, "bank 2")
    assert await state(counter) == ("paid", 29900)


async def test_what_is_paid_of_one_that_was_taken_back_is_kept_and_opens_nothing(counter: Counter) -> None:
    started, _ = await counter.sell()
    async with counter.connection.transaction():
        await credit_invoice(counter.connection, counter.desk.partner, counter.desk.now, "HOUSE", 1)
    await counter.pay(1)
    assert await state(counter) == ("credited", 29900)
    assert (await counter.desk.row(started.subscription_id))["paid_until"] is None


@pytest.fixture
async def third_connection(database_url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("work", ["pay", "stop"])
async def test_customers_and_subscriptions_are_locked_before_invoices(
    counter: Counter, other_connection: Connection, third_connection: Connection, work: str
) -> None:
    await counter.sell(coupon=("DIGI", 2))
    await counter.connection.execute("delete from reminder_rule")
    desk = counter.desk
    partner = desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.remind()
    desk.go_to(desk.day(40))
    now = desk.now

    async def pay() -> None:
        async with other_connection.transaction():
            paid = Paid(amount_minor=29900, reference="bank 1", paid_at=now)
            await pay_invoice(other_connection, partner, now, "HOUSE", 1, paid)

    transaction = counter.connection.transaction()
    await transaction.start()
    for lock in ("select from subscription for update", "select from customer for update"):
        await counter.connection.execute(lock)
    waiting = asyncio.create_task(pay() if work == "pay" else remind_until_done(other_connection, partner, now))
    await until_waiting(counter.connection)
    # Whoever holds the customer can have the invoice too.
    await third_connection.execute("select from invoice for update nowait")
    await transaction.rollback()
    await waiting
    row = await counter.invoice(1)
    assert columns(row, ["paid_minor", "remind_at"]) == ((29900 if work == "pay" else 0), None)


async def remind_until_done(connection: Connection, partner: PartnerCatalogue, now: datetime) -> None:
    while await remind(connection, partner, now):
        pass


async def test_paying_opens_what_not_paying_has_stopped(counter: Counter) -> None:
    started, _ = await counter.sell(coupon=("DIGI", 2))
    desk = counter.desk
    for _ in range(90):
        desk.go_to(desk.day(1))
        while await counter.remind():
            pass
    row = await desk.row(started.subscription_id)
    assert columns(row, ["state", "stop_reason"]) == ("stopped", "unpaid")
    desk.go_to(desk.day(1) + timedelta(hours=10))
    await counter.pay(1)
    row = await desk.row(started.subscription_id)
    assert columns(row, ["state", "stop_reason"]) == ("active", None)
    assert row["end_time"] > desk.now


@pytest.mark.parametrize(("company_code", "number"), [("HOUSE", 2), ("ANNEX", 1), ("HOUSE", 3)])
async def test_an_unknown_invoice_or_a_credit_note_takes_no_payment(
    counter: Counter, company_code: str, number: int
) -> None:
    await counter.make()
    if number == 2:
        async with counter.connection.transaction():
            await credit_invoice(counter.connection, counter.desk.partner, counter.desk.now, "HOUSE", 1)
    paid = Paid(amount_minor=100, reference="bank 1", paid_at=counter.desk.now)
    with pytest.raises(NotFound):
        await pay_invoice(counter.connection, counter.desk.partner, counter.desk.now, company_code, number, paid)


async def test_another_partners_invoice_is_not_there(counter: Counter) -> None:
    await counter.make()
    other = (await read_catalogue(counter.connection)).partner(2)
    paid = Paid(amount_minor=100, reference="bank 1", paid_at=counter.desk.now)
    with pytest.raises(NotFound):
        await pay_invoice(counter.connection, other, counter.desk.now, "HOUSE", 1, paid)
    assert await state(counter) == ("open", 0)


async def test_of_two_partners_invoices_with_one_number_the_right_one_is_paid(counter: Counter) -> None:
    await counter.connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (2, 1001, $1)", counter.desk.now
    )
    await counter.make()
    await counter.pay(1, 100)
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(2)
    await counter.make()
    await counter.pay(1)
    found = [columns(await counter.invoice(1, partner), ["status", "paid_minor"]) for partner in (1, 2)]
    assert found == [("open", 100), ("paid", 29900)]
