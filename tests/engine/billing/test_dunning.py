import asyncio
from datetime import date, timedelta

import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.engine.billing.dunning import remind
from kolofon.engine.billing.service import make_invoices
from kolofon.platform.database import Connection
from tests.engine.billing.counter import MONTH, MUG, Counter, columns, draft
from tests.engine.subscriptions.desk import Desk
from tests.playground import Playground
from tests.waiting import until_waiting

KARI = "kari@example.no"
PERIOD = "15. jan.\N{EN DASH}14. feb. 2027"


async def until(counter: Counter, day: date) -> None:
    """Day by day, as the worker does it."""
    desk: Desk = counter.desk
    while desk.today < day:
        desk.go_to(desk.day(1) + timedelta(hours=3))
        while await counter.remind():
            pass


async def test_an_invoice_is_sent_once_it_is_made(counter: Counter) -> None:
    await counter.email(KARI, "second@example.no")
    await counter.make(draft(MONTH, MUG))
    assert await counter.mails() == []
    assert await counter.remind() == 1
    [mail] = await counter.mails()
    assert (mail["recipient"], mail["subject"]) == (KARI, "Faktura 1 fra The House")
    assert await counter.reminders(1) == [(0, "invoice", date(2027, 1, 29), 0, KARI)]
    assert await counter.remind() == 0
    row = await counter.invoice(1)
    assert columns(row, ["reminder_number", "remind_at"]) == (0, counter.desk.day(28))


async def test_an_invoice_says_what_is_to_be_paid_how_and_until_when(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute("update customer set first_name = 'Kari', last_name = '& Co', company_name = null")
    [made] = await counter.make(draft(MONTH, MUG))
    await counter.remind()
    [mail] = await counter.mails()
    for text in (mail["text"], mail["html"]):
        plain = text.replace("\xa0", " ")
        assert f"KID: {made.kid}" in plain
        for words in (
            "Her er fakturaen din.",
            "DIGI",
            "299,00 kr",
            "MUG",
            "199,00 kr",
            "0 % merverdiavgift av 299,00 kr: 0,00 kr",
            "25 % merverdiavgift av 159,20 kr: 39,80 kr",
            "Kunde: Kari & Co (1001)" if text is mail["text"] else "Kunde: Kari &amp; Co (1001)",
            "Å betale: 498,00 kr",
            "Forfall: 29. januar 2027",
            "Konto: 1503 20 80119",
            "Fakturadato: 15. januar 2027",
            "Organisasjonsnummer: 999999999",
        ):
            assert words in plain
        assert "gebyr" not in plain
        assert "Allerede betalt" not in plain


async def test_the_line_of_a_subscription_says_which_days_it_is_for(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.sell()
    await counter.remind()
    [mail] = await counter.mails()
    assert PERIOD in mail["text"].replace("\N{THIN SPACE}", "")
    assert PERIOD in mail["html"].replace("\N{THIN SPACE}", "")


async def test_the_address_for_invoices_goes_before_all_others(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute("update customer set invoice_email = 'regning@example.no'")
    await counter.make()
    await counter.remind()
    assert [mail["recipient"] for mail in await counter.mails()] == ["regning@example.no"]


async def test_a_customer_without_an_address_is_written_to_where_its_user_is_reached(
    counter: Counter, playground: Playground
) -> None:
    reader = await playground.add_reader("aa.unverified@example.no", 1001, level="notVerified")
    await playground.add_credential(reader.unique_id, "+4790000001")
    await counter.make(draft(MONTH))
    await counter.remind()
    assert await counter.mails() == []
    await playground.add_credential(reader.unique_id, "kari.leser@example.no")
    await counter.make(draft(MONTH))
    await counter.remind()
    assert [mail["recipient"] for mail in await counter.mails()] == ["kari.leser@example.no"]
    await counter.email(KARI)
    await counter.make(draft(MONTH))
    await counter.remind()
    assert [mail["recipient"] for mail in await counter.mails()] == ["kari.leser@example.no", KARI]


async def test_a_gift_is_asked_of_who_gives_it(counter: Counter) -> None:
    await counter.desk.customer(1002)
    await counter.email("ola@example.no", customer_number=1002)
    await counter.email(KARI)
    await counter.sell(1002, payer_customer_number=1001)
    await counter.remind()
    assert [mail["recipient"] for mail in await counter.mails()] == [KARI]


async def test_what_readers_have_written_stays_text_in_the_mail(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute("update company set name = E'<b>House</b>\\nBcc: x@y.z' where partner_id = 1")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.make()
    await counter.remind()
    [mail] = await counter.mails()
    assert mail["subject"] == "Faktura 1 fra <b>House</b> Bcc: x@y.z"
    assert "&lt;b&gt;House" in mail["html"]
    assert "<b>" not in mail["html"]


@pytest.mark.parametrize("method", ["kco", "vippsRecurring", "other"])
async def test_what_is_charged_by_a_provider_is_not_sent(counter: Counter, method: str) -> None:
    await counter.email(KARI)
    await counter.make(draft(payment_method=method))
    assert await counter.remind() == 0


async def test_an_unpaid_invoice_is_reminded_of_warned_about_and_stopped(counter: Counter) -> None:
    await counter.email(KARI)
    started, _ = await counter.sell(coupon=("DIGI", 2))
    # Due on 29 January; each reminder 14 days after what went before was due, and 14 days to pay.
    await until(counter, date(2027, 2, 11))
    assert len(await counter.mails()) == 1
    await until(counter, date(2027, 2, 12))
    assert await counter.reminders(1) == [
        (0, "invoice", date(2027, 1, 29), 0, KARI),
        (1, "reminder", date(2027, 2, 26), 3800, KARI),
    ]
    assert columns(await counter.invoice(1), ["fees_minor", "reminder_number", "status"]) == (3800, 1, "open")
    await until(counter, date(2027, 3, 11))
    assert len(await counter.mails()) == 2
    await until(counter, date(2027, 4, 8))
    assert (await counter.reminders(1))[2:] == [(2, "warning", date(2027, 3, 26), 3800, KARI)]
    assert (await counter.desk.row(started.subscription_id))["state"] == "active"
    await until(counter, date(2027, 4, 9))
    row = await counter.desk.row(started.subscription_id)
    assert columns(row, ["state", "stop_reason"]) == ("stopped", "unpaid")
    row = await counter.invoice(1)
    assert columns(row, ["status", "fees_minor", "remind_at"]) == ("open", 7600, None)
    await until(counter, date(2027, 12, 1))
    assert len(await counter.mails()) == 3


async def test_reminders_tell_their_fee_and_the_warning_of_debt_collection(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    await until(counter, date(2027, 2, 12))
    await counter.pay(1, 10000)
    await until(counter, date(2027, 3, 12))
    _, reminder, warning = await counter.mails()
    assert reminder["subject"] == "Påminnelse om faktura 1 fra The House"
    text = reminder["text"].replace("\xa0", " ")
    for words in ("Vi har ikke sett betalingen", "Purregebyr: 38,00 kr", "Å betale: 337,00 kr", "26. februar 2027"):
        assert words in text
    assert warning["subject"] == "Inkassovarsel: faktura 1 fra The House"
    text = warning["text"].replace("\xa0", " ")
    for words in (
        "ikke er betalt innen 26. mars 2027, går til inkasso",
        "Purregebyr: 76,00 kr",
        "Allerede betalt: 100,00 kr",
        "Å betale: 275,00 kr",
    ):
        assert words in text


async def test_a_reader_in_sweden_is_reminded_in_swedish_and_pays_one_fee(counter: Counter) -> None:
    partner = (await read_catalogue(counter.connection)).partner(2)
    counter.desk.partner = partner
    await counter.connection.execute(
        "insert into customer (partner_id, customer_number, created_at, invoice_email) values (2, 7, $1, 'a@b.se')",
        counter.desk.now,
    )
    async with counter.connection.transaction():
        await make_invoices(counter.connection, partner, counter.desk.now, [draft(customer_number=7, currency="SEK")])
    await until(counter, date(2027, 4, 1))
    first, reminder, warning = await counter.mails()
    assert first["subject"] == "Faktura 1 från The House"
    assert "Förfallodag: 29 januari 2027" in first["text"]
    assert "Att betala: 337,00 kr" in reminder["text"].replace("\xa0", " ")
    assert "inkasso" in warning["text"]
    assert [entry[3] for entry in await counter.reminders(1)] == [0, 3800, 0]


async def test_what_is_paid_is_neither_sent_nor_reminded_of(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make(draft(), draft(), draft())
    await counter.pay(1)
    await until(counter, date(2027, 2, 1))
    subjects = sorted(mail["subject"] for mail in await counter.mails())
    assert subjects == ["Faktura 2 fra The House", "Faktura 3 fra The House"]
    await counter.pay(2)
    await until(counter, date(2027, 3, 1))
    assert [mail["subject"] for mail in await counter.mails()][2:] == ["Påminnelse om faktura 3 fra The House"]
    # A fee that is left is not reminded of.
    await counter.pay(3)
    row = await counter.invoice(3)
    assert columns(row, ["status", "fees_minor", "paid_minor", "remind_at"]) == ("paid", 3800, 29900, None)


async def test_the_fee_is_that_of_the_rule_of_the_due_date(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute(
        """
        insert into reminder_rule
        select partner_id, reminder_number, '2027-01-30', kind, days_after_due, days_to_pay, 4200 from reminder_rule
        """
    )
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.make()
    await until(counter, date(2027, 1, 16))
    await counter.make()
    await until(counter, date(2027, 3, 1))
    assert (await counter.reminders(1))[1][3] == 3800
    assert (await counter.reminders(2))[1][3] == 4200


async def test_a_reminder_that_comes_too_early_for_a_fee_is_free(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute("update reminder_rule set days_after_due = 5 where reminder_number = 2")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    await counter.make()
    await until(counter, date(2027, 3, 3))
    assert [entry[2:4] for entry in await counter.reminders(1)] == [
        (date(2027, 1, 29), 0),
        (date(2027, 2, 26), 3800),
        (date(2027, 3, 17), 0),
    ]


async def test_who_pays_while_the_stop_is_on_its_way_is_not_stopped(
    counter: Counter, other_connection: Connection
) -> None:
    await counter.connection.execute("delete from reminder_rule")
    partner = counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    started, _ = await counter.sell(coupon=("DIGI", 2))
    await counter.remind()
    counter.desk.go_to(counter.desk.day(40))
    transaction = counter.connection.transaction()
    await transaction.start()
    assert await counter.pay(1)
    stopping = asyncio.create_task(remind(other_connection, partner, counter.desk.now))
    await until_waiting(counter.connection)
    await transaction.commit()
    assert await stopping == 0
    assert (await counter.desk.row(started.subscription_id))["state"] == "active"


async def test_nothing_is_sent_or_charged_without_an_address_and_it_stops_all_the_same(counter: Counter) -> None:
    started, _ = await counter.sell(coupon=("DIGI", 2))
    await until(counter, date(2027, 4, 10))
    assert await counter.mails() == []
    assert [entry[3:] for entry in await counter.reminders(1)] == [(0, None)] * 3
    assert (await counter.invoice(1))["fees_minor"] == 0
    assert (await counter.desk.row(started.subscription_id))["state"] == "stopped"


@pytest.mark.parametrize("email", ["kari@example.no\nBcc: x@y.z", "", "x" * 400 + "@example.no"])
async def test_an_address_that_is_none_holds_up_no_others(counter: Counter, email: str) -> None:
    await counter.connection.execute("update customer set invoice_email = $1", email)
    await counter.desk.customer(1002)
    await counter.email("ola@example.no", customer_number=1002)
    await counter.make(draft(), draft(customer_number=1002))
    assert await counter.remind() == 2
    assert [mail["recipient"] for mail in await counter.mails()] == ["ola@example.no"]
    assert (await counter.reminders(1))[0][4] is None


async def test_who_gets_an_invoice_late_has_time_to_pay_all_the_same(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    counter.desk.go_to(counter.desk.day(40))
    assert await counter.remind() == 1
    assert await counter.remind() == 0
    assert (await counter.invoice(1))["remind_at"] == counter.desk.day(14)


async def test_a_reminder_that_comes_late_counts_its_days_from_when_it_comes(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    await counter.remind()
    counter.desk.go_to(counter.desk.day(60))
    assert await counter.remind() == 1
    due = counter.desk.today + timedelta(days=14)
    assert (await counter.reminders(1))[1:] == [(1, "reminder", due, 3800, KARI)]
    assert await counter.remind() == 0


async def test_a_clock_that_is_turned_back_reminds_of_nothing_twice(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    await until(counter, date(2027, 2, 12))
    counter.desk.clock.move(timedelta(days=-20))
    await until(counter, date(2027, 2, 20))
    assert len(await counter.mails()) == 2


async def test_a_partner_without_reminders_stops_after_its_days(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.connection.execute("delete from reminder_rule")
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(1)
    started, _ = await counter.sell(coupon=("DIGI", 2))
    await until(counter, date(2027, 2, 11))
    assert (await counter.desk.row(started.subscription_id))["state"] == "active"
    await until(counter, date(2027, 2, 12))
    assert (await counter.desk.row(started.subscription_id))["state"] == "stopped"
    assert len(await counter.mails()) == 1


async def test_two_runs_at_once_send_nothing_twice(counter: Counter, other_connection: Connection) -> None:
    await counter.email(KARI)
    await counter.make(*[draft()] * 40)
    partner, now = counter.desk.partner, counter.desk.now

    async def run(connection: Connection) -> int:
        done = 0
        while sent := await remind(connection, partner, now, 7):
            done += sent
        return done

    assert sum(await asyncio.gather(run(counter.connection), run(other_connection))) == 40
    while await counter.remind():
        pass
    assert sorted(mail["subject"] for mail in await counter.mails()) == sorted(
        f"Faktura {number} fra The House" for number in range(1, 41)
    )


async def test_who_pays_at_the_same_moment_is_left_to_the_next_run(
    counter: Counter, other_connection: Connection
) -> None:
    await counter.email(KARI)
    await counter.make(draft(), draft())
    async with other_connection.transaction():
        await other_connection.execute("select from invoice where invoice_number = 1 for update")
        assert await counter.remind() == 1
        assert await counter.remind() == 0
    assert await counter.remind() == 1


async def test_a_run_that_fails_has_sent_nothing(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    await counter.connection.execute("alter table invoice_reminder add constraint never check (fee_minor < 0)")
    with pytest.raises(Exception, match="never"):
        await counter.remind()
    assert await counter.mails() == []
    await counter.connection.execute("alter table invoice_reminder drop constraint never")
    assert await counter.remind() == 1


async def test_another_partners_invoices_are_left_alone(counter: Counter) -> None:
    await counter.email(KARI)
    await counter.make()
    counter.desk.partner = (await read_catalogue(counter.connection)).partner(2)
    assert await counter.remind() == 0


async def test_renewals_are_sent_like_all_others(counter: Counter) -> None:
    await counter.email(KARI)
    started, _ = await counter.sell()
    await counter.remind()
    counter.desk.go_to(started.end_time - timedelta(days=14))
    await counter.renew()
    assert len(await counter.mails()) == 1
    await counter.remind()
    assert [mail["subject"] for mail in await counter.mails()][1:] == ["Faktura 2 fra The House"]
