import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.kid import DoesNotFit, payment_reference
from kolofon.engine.billing.service import Draft, Paid, credit_invoice, make_invoices, write_off
from kolofon.platform.database import Connection
from kolofon.platform.errors import Conflict, NotFound
from tests.engine.billing.counter import MONTH, MUG, Counter, columns, draft
from tests.waiting import until_waiting


async def test_an_invoice_has_the_next_number_a_reference_and_a_due_date(counter: Counter) -> None:
    [first] = await counter.make()
    [second] = await counter.make(draft(MONTH, MUG, customer_reference="Ref 7"))
    assert (first.invoice_number, second.invoice_number) == (1, 2)
    assert second.kid == payment_reference(counter.desk.partner.offers.companies["HOUSE"], 1001, 2)
    assert (second.total_minor, second.due_date) == (49800, date(2027, 1, 29))
    row = await counter.invoice(2)
    names = ["kind", "status", "currency", "net_minor", "vat_minor", "fees_minor", "paid_minor", "customer_reference"]
    assert columns(row, names) == ("invoice", "open", "NOK", 45820, 3980, 0, 0, "Ref 7")
    assert columns(row, ["invoice_date", "due_date", "kid"]) == (date(2027, 1, 15), second.due_date, second.kid)
    assert await counter.lines(2) == [("subscription", "DIGI", 29900, 0), ("product", "MUG", 15920, 3980)]


async def test_an_invoice_of_late_evening_has_the_partners_day(counter: Counter) -> None:
    counter.desk.go_to(counter.desk.day(1))
    [made] = await counter.make()
    assert (await counter.invoice(made.invoice_number))["invoice_date"] == date(2027, 1, 16)


async def test_several_are_made_at_once_in_the_order_of_the_drafts(counter: Counter) -> None:
    await counter.connection.execute(
        "insert into company (partner_id, company_code, name) values (1, 'ANNEX', 'Annex')"
    )
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.desk.customer(1002)
    made = await counter.make(
        draft(MUG),
        draft(MONTH, company_code="ANNEX"),
        draft(MONTH, customer_number=1002),
        draft(MUG, company_code="ANNEX", customer_number=1002),
    )
    assert [(one.company_code, one.invoice_number) for one in made] == [
        ("HOUSE", 1),
        ("ANNEX", 1),
        ("HOUSE", 2),
        ("ANNEX", 2),
    ]
    assert [one.total_minor for one in made] == [19900, 29900, 29900, 19900]
    rows = await counter.connection.fetch("select company_code, invoice_number, customer_number from invoice_look_up")
    assert {tuple(row) for row in rows} == {
        ("HOUSE", 1, 1001),
        ("ANNEX", 1, 1001),
        ("HOUSE", 2, 1002),
        ("ANNEX", 2, 1002),
    }


async def test_none_is_none(counter: Counter) -> None:
    async with counter.connection.transaction():
        assert await make_invoices(counter.connection, counter.desk.partner, counter.desk.now, []) == []


prices = st.lists(
    st.tuples(st.sampled_from(["0", "6", "12", "25", "25.5"]), st.booleans(), st.integers(0, 10**7)),
    min_size=1,
    max_size=6,
)


@given(prices=prices)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_lines_come_to_the_invoice_and_its_vat_is_that_of_each_rates_sum(
    counter: Counter, prices: list[tuple[str, bool, int]]
) -> None:
    lines = [
        msgspec.structs.replace(MUG, vat_percent=Decimal(percent), vat_included=included, price_minor=price)
        for percent, included, price in prices
    ]
    [made] = await counter.make(draft(*lines))
    row = await counter.invoice(made.invoice_number)
    written = await counter.lines(made.invoice_number)
    assert row["net_minor"] == sum(net for _, _, net, _ in written)
    assert row["vat_minor"] == sum(vat for _, _, _, vat in written)
    assert made.total_minor == row["net_minor"] + row["vat_minor"]
    for percent in {percent for percent, _, _ in prices}:
        rates = [(price, included) for rate, included, price in prices if rate == percent]
        exact = sum(
            (price * Decimal(percent) / (100 + Decimal(percent) if included else 100) for price, included in rates),
            Decimal(0),
        )
        vat = sum(entry[3] for entry, line in zip(written, prices, strict=True) if line[0] == percent)
        assert abs(vat - exact) <= Decimal("0.5")


async def test_what_an_order_has_reckoned_is_not_reckoned_again(counter: Counter) -> None:
    line = msgspec.structs.replace(MUG, price_minor=3, vat_included=False, share_minor=(3, 7))
    [made] = await counter.make(draft(line, MUG))
    assert await counter.lines(made.invoice_number) == [("product", "MUG", 3, 7), ("product", "MUG", 15920, 3980)]
    assert made.total_minor == 10 + 19900


async def test_what_comes_to_nothing_takes_no_number(counter: Counter) -> None:
    transaction = counter.connection.transaction()
    await transaction.start()
    await make_invoices(counter.connection, counter.desk.partner, counter.desk.now, [draft(), draft()])
    await transaction.rollback()
    [made] = await counter.make()
    assert made.invoice_number == 1


async def test_a_number_that_does_not_fit_the_reference_takes_none(counter: Counter) -> None:
    await counter.desk.customer(12345678)
    with pytest.raises(DoesNotFit, match="customer number 12345678 does not fit into the 7 digits"):
        await counter.make(draft(), draft(customer_number=12345678))
    assert (await counter.make())[0].invoice_number == 1


async def test_many_at_once_leave_no_gap_although_some_come_to_nothing(
    counter: Counter, other_connection: Connection
) -> None:
    partner, now = counter.desk.partner, counter.desk.now

    async def make(connection: Connection, drafts: Sequence[Draft], fails: bool) -> list[int]:
        transaction = connection.transaction()
        await transaction.start()
        made = await make_invoices(connection, partner, now, drafts)
        if fails:
            await transaction.rollback()
            return []
        await transaction.commit()
        return [one.invoice_number for one in made]

    async def many(connection: Connection, seed: int) -> list[int]:
        made = []
        for round_ in range(20):
            made += await make(connection, [draft()] * (1 + round_ % 3), fails=(round_ + seed) % 4 == 0)
        return made

    made = await asyncio.gather(many(counter.connection, 0), many(other_connection, 1))
    numbers = sorted(made[0] + made[1])
    assert numbers == list(range(1, len(numbers) + 1))
    assert await counter.numbers() == numbers


async def test_who_makes_an_invoice_waits_for_who_took_a_number_before(
    counter: Counter, other_connection: Connection
) -> None:
    transaction = counter.connection.transaction()
    await transaction.start()
    await make_invoices(counter.connection, counter.desk.partner, counter.desk.now, [draft()])

    async def make() -> int:
        async with other_connection.transaction():
            [made] = await make_invoices(other_connection, counter.desk.partner, counter.desk.now, [draft()])
        return made.invoice_number

    waiting = asyncio.create_task(make())
    await until_waiting(counter.connection)
    await transaction.rollback()
    assert await waiting == 1


async def test_the_period_that_is_asked_for_knows_its_invoice(counter: Counter) -> None:
    started, made = await counter.sell()
    row = await counter.connection.fetchrow("select * from subscription_period")
    assert row is not None
    assert columns(row, ["subscription_id", "company_code", "invoice_number"]) == (
        started.subscription_id,
        "HOUSE",
        made.invoice_number,
    )
    assert (await counter.desk.row(started.subscription_id))["paid_until"] is None


async def test_the_period_of_a_gift_is_that_of_who_gets_it(counter: Counter) -> None:
    await counter.desk.customer(1002)
    _, made = await counter.sell(1002, payer_customer_number=1001)
    row = await counter.connection.fetchrow("select * from subscription_period")
    assert row is not None
    assert (row["customer_number"], row["invoice_number"]) == (1002, made.invoice_number)
    assert (await counter.invoice(made.invoice_number))["customer_number"] == 1001


async def test_what_was_paid_beforehand_is_paid_and_not_sent(counter: Counter) -> None:
    started = await counter.desk.order(1001, ("DIGI", 1))
    line = msgspec.structs.replace(MONTH, subscription_id=started.subscription_id, period_number=1)
    paid = Paid(amount_minor=29900, reference="K-1", paid_at=counter.desk.now)
    [made] = await counter.make(draft(line, payment_method="kco", paid=paid))
    row = await counter.invoice(made.invoice_number)
    assert columns(row, ["status", "paid_minor", "remind_at"]) == ("paid", 29900, None)
    payment = await counter.connection.fetchrow("select * from invoice_payment")
    assert payment is not None
    assert columns(payment, ["amount_minor", "payment_method", "reference"]) == (29900, "kco", "K-1")
    assert (await counter.desk.row(started.subscription_id))["paid_until"] == started.end_time


async def test_what_was_paid_beforehand_in_part_is_open(counter: Counter) -> None:
    paid = Paid(amount_minor=10000, reference="K-1", paid_at=counter.desk.now)
    [made] = await counter.make(draft(paid=paid))
    row = await counter.invoice(made.invoice_number)
    assert columns(row, ["status", "paid_minor"]) == ("open", 10000)


async def test_partners_have_numbers_of_their_own(counter: Counter) -> None:
    await counter.connection.execute(
        "insert into customer (partner_id, customer_number, created_at) values (2, 1001, $1)", counter.desk.now
    )
    await counter.make()
    other = (await read_catalogue(counter.connection)).partner(2)
    async with counter.connection.transaction():
        [made] = await make_invoices(counter.connection, other, counter.desk.now, [draft(currency="SEK")])
    assert made.invoice_number == 1
    await counter.make()
    assert (await counter.numbers(1), await counter.numbers(2)) == ([1, 2], [1])


async def credit(counter: Counter, number: int, company_code: str = "HOUSE") -> int:
    async with counter.connection.transaction():
        made = await credit_invoice(counter.connection, counter.desk.partner, counter.desk.now, company_code, number)
    return made.invoice_number


async def test_a_credit_note_takes_an_invoice_back_line_by_line(counter: Counter) -> None:
    [made] = await counter.make(draft(MONTH, MUG))
    number = await credit(counter, made.invoice_number)
    assert number == made.invoice_number + 1
    row = await counter.invoice(number)
    names = ["kind", "status", "net_minor", "vat_minor", "credited_invoice_number", "customer_number", "remind_at"]
    assert columns(row, names) == ("creditNote", "credited", -45820, -3980, made.invoice_number, 1001, None)
    assert await counter.lines(number) == [("subscription", "DIGI", -29900, 0), ("product", "MUG", -15920, -3980)]
    assert columns(await counter.invoice(made.invoice_number), ["status", "remind_at"]) == ("credited", None)
    assert columns(row, ["kid"]) == (payment_reference(counter.desk.partner.offers.companies["HOUSE"], 1001, number),)


@pytest.mark.parametrize("twice", ["invoice", "credit note"])
async def test_what_is_taken_back_cannot_be_taken_back_again_and_takes_no_number(counter: Counter, twice: str) -> None:
    [made] = await counter.make()
    note = await credit(counter, made.invoice_number)
    with pytest.raises(Conflict):
        await credit(counter, made.invoice_number if twice == "invoice" else note)
    assert (await counter.make())[0].invoice_number == note + 1


async def test_the_database_itself_holds_one_credit_note_of_an_invoice(counter: Counter) -> None:
    [made] = await counter.make()
    await credit(counter, made.invoice_number)
    await counter.connection.execute(
        "update invoice set status = 'open' where invoice_number = $1", made.invoice_number
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await credit(counter, made.invoice_number)


async def test_an_unknown_invoice_is_not_there_and_takes_no_number(counter: Counter) -> None:
    for number, company_code in ((1, "HOUSE"), (1, "ANNEX")):
        with pytest.raises(NotFound):
            await credit(counter, number, company_code)
    assert (await counter.make())[0].invoice_number == 1


async def test_two_who_credit_at_the_same_moment_make_one_note(counter: Counter, other_connection: Connection) -> None:
    [made] = await counter.make()
    partner, now = counter.desk.partner, counter.desk.now

    async def credit_by(connection: Connection) -> bool:
        try:
            async with connection.transaction():
                await credit_invoice(connection, partner, now, "HOUSE", made.invoice_number)
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(credit_by(counter.connection), credit_by(other_connection))) == [False, True]
    assert await counter.numbers() == [1, 2]


async def test_what_is_written_off_is_asked_for_no_more(counter: Counter) -> None:
    [made] = await counter.make()
    async with counter.connection.transaction():
        await write_off(counter.connection, counter.desk.partner, "HOUSE", made.invoice_number)
    assert columns(await counter.invoice(made.invoice_number), ["status", "remind_at"]) == ("writtenOff", None)
    with pytest.raises(Conflict):
        async with counter.connection.transaction():
            await write_off(counter.connection, counter.desk.partner, "HOUSE", made.invoice_number)
    with pytest.raises(Conflict):
        await credit(counter, made.invoice_number)
    with pytest.raises(NotFound):
        await write_off(counter.connection, counter.desk.partner, "HOUSE", 99)
