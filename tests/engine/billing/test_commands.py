"""The commands about money, as they are typed."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from kolofon.commands.billing import NewPayment, pay
from kolofon.engine.billing.kid import payment_reference
from kolofon.engine.billing.service import make_invoices
from kolofon.failures import Failure
from kolofon.platform.clock import Clock
from tests.demo_server import environment_without_settings
from tests.engine.billing.counter import MONTH, MUG, Counter, columns, draft
from tests.engine.subscriptions.desk import Desk, open_desk
from tests.playground import Playground
from tests.processes import WAIT


class Office:
    """Somebody at the command line of an installation. The clock is the machine's."""

    def __init__(self, database_url: str, counter: Counter) -> None:
        self.counter = counter
        self._environment = environment_without_settings() | {"KOLOFON_DATABASE_URL": database_url, "COLUMNS": "200"}

    async def types(self, *arguments: str) -> str:
        """What a command prints; None of these goes wrong."""
        done = await self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def is_told(self, *arguments: str) -> str:
        """Why a command is refused, in one line."""
        done = await self._run(*arguments)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stderr.strip().splitlines()[-1]

    async def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "kolofon", *arguments]
        return await asyncio.to_thread(
            subprocess.run,
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )


@pytest.fixture
async def office(playground: Playground, database_url: str, clock: Clock) -> Office:
    desk: Desk = await open_desk(playground)
    await desk.customer(1001)
    return Office(database_url, Counter(desk))


async def test_renew_tells_what_it_would_do_and_then_does_it(office: Office) -> None:
    counter = office.counter
    started = await counter.desk.order(1001, ("DIGI", 1))
    await counter.desk.customer(1002)
    magazine = await counter.desk.order(1002, ("MAG", 20))
    await counter.connection.execute("update subscription set renew_at = $1", counter.desk.now - timedelta(seconds=1))
    preview = await office.types("renew", "--partner", "example", "--dry-run")
    lines = [line.split() for line in preview.splitlines()]
    assert ["DIGI", "1", "0", "1", "299.00", "NOK", "0.00", "NOK", "299.00", "NOK"] in lines
    assert ["MAG", "1", "0", "1", "100.00", "NOK", "25.00", "NOK", "125.00", "NOK"] in lines
    assert await counter.numbers() == []
    done = await office.types("renew", "--partner", "example")
    assert done == "example: 2 periods, 0 subscriptions are not renewed, 2 invoices, net 399.00 NOK, VAT 25.00 NOK\n"
    assert len(await counter.desk.periods(started.subscription_id)) == 2
    assert len(await counter.desk.periods(magazine.subscription_id)) == 2
    row = await counter.connection.fetchrow("select * from audit_log where action = 'renew'")
    assert row is not None
    assert columns(row, ["partner_id", "subject", "after"]) == (1, "partner:example", {"due": 2})
    assert row["actor"].startswith("command-line:")
    assert await office.types("renew", "--dry-run") == "example: nothing is due\nannan: nothing is due\n"
    assert (await office.types("renew")).count("0 periods") == 2


async def test_renew_of_an_unknown_partner_is_refused(office: Office) -> None:
    for options in ([], ["--dry-run"]):
        assert await office.is_told("renew", "--partner", "nobody", *options) == (
            "Error: --partner: there is no partner nobody"
        )


async def test_an_invoice_is_shown(office: Office) -> None:
    [made] = await office.counter.make(draft(MONTH, MUG))
    shown = await office.types("invoice", "show", "HOUSE", "1", "--partner", "example")
    for words in ("1001", "open", made.kid, "1503 20 80119", "458.20 NOK", "39.80 NOK", "498.00 NOK", "product MUG"):
        assert words in shown


async def test_a_payment_is_taken_by_number_or_reference_and_once(office: Office) -> None:
    counter = office.counter
    first, second = await counter.make(draft(), draft())
    pay = ("invoice", "pay", "HOUSE")
    line = await office.types(*pay, "1", "100.50", "--reference", "bank 1", "--partner", "example")
    assert line == "invoice 1 of HOUSE is open, 198.50 NOK open\n"
    line = await office.types(*pay, first.kid, "198.50", "--reference", "bank 2", "--partner", "example")
    assert line == "invoice 1 of HOUSE is paid, 0.00 NOK open\n"
    line = await office.types(*pay, "1", "198.50", "--reference", "bank 2", "--partner", "example")
    assert line == "the payment bank 2 was taken before\n"
    line = await office.types(*pay, second.kid, "--reference", "bank 2", "--partner", "example", "--", "-5")
    assert line == "invoice 2 of HOUSE is open, 304.00 NOK open\n"
    line = await office.types(*pay, second.kid, "400", "--reference", "bank 3", "--partner", "example")
    assert line == "invoice 2 of HOUSE is paid, 96.00 NOK too much\n"
    rows = await counter.connection.fetch("select subject, after from audit_log where action = 'invoicePay' order by 1")
    assert [tuple(row) for row in rows] == [
        ("invoice:HOUSE/1", {"amount": "100.50", "reference": "bank 1"}),
        ("invoice:HOUSE/1", {"amount": "198.50", "reference": "bank 2"}),
        ("invoice:HOUSE/2", {"amount": "-5", "reference": "bank 2"}),
        ("invoice:HOUSE/2", {"amount": "400", "reference": "bank 3"}),
    ]


async def test_what_cannot_be_paid_is_told_in_a_line(office: Office, clock: Clock) -> None:
    [made] = await office.counter.make()
    house = office.counter.desk.partner.offers.companies["HOUSE"]
    others = payment_reference(house, 1002, made.invoice_number)
    wrong = made.kid[:-1] + str((int(made.kid[-1]) + 1) % 10)
    for company_code, number, amount, problem in (
        ("HOUSE", "2", "100", "there is no invoice 2 of HOUSE"),
        ("HOUSE", wrong, "100", f"NUMBER_OR_KID: the check digit of {wrong} is wrong"),
        ("HOUSE", others, "100", f"NUMBER_OR_KID: no invoice has the payment reference {others}"),
        ("HOUSE", "one", "100", "NUMBER_OR_KID: expected an invoice number, or a payment reference of 15"),
        ("HOUSE", "²", "100", "NUMBER_OR_KID: expected an invoice number, or a payment reference of 15"),
        ("HOUSE", "9" * 19, "100", "NUMBER_OR_KID: expected an invoice number, or a payment reference of 15"),
        ("HOUSE", "1", "1.234", "AMOUNT: expected less than a billion with at most 2 decimals"),
        ("HOUSE", "1", "1e30", "AMOUNT: expected less than a billion with at most 2 decimals"),
        ("ANNEX", "1", "100", "COMPANY: there is no company ANNEX"),
    ):
        new = NewPayment("example", company_code, number, Decimal(amount), "bank 1")
        with pytest.raises(Failure, match=problem):
            await pay(office.counter.connection, clock, new, "command-line:test")
    assert (await office.counter.invoice(1))["paid_minor"] == 0
    arguments = ("HOUSE", "1", "nan", "--reference", "bank 1")
    assert await office.is_told("invoice", "pay", *arguments) == (
        "Error: Invalid value for 'AMOUNT': expected an amount such as 299.50"
    )
    told = await office.is_told("invoice", "show", "HOUSE", "1")
    assert told == "Error: --partner: needed, since several partners have a company HOUSE"


async def test_an_invoice_is_taken_back_or_written_off(office: Office) -> None:
    counter = office.counter
    await counter.make(draft(), draft())
    one = ("--partner", "example")
    line = await office.types("invoice", "credit", "HOUSE", "1", *one)
    assert line == "credit note 3 of HOUSE takes invoice 1 back\n"
    assert await office.is_told("invoice", "credit", "HOUSE", "1", *one) == (
        "Error: invoice 1 of HOUSE cannot be credited: it is credited"
    )
    assert await office.types("invoice", "write-off", "HOUSE", "2", *one) == "invoice 2 of HOUSE is written off\n"
    assert await office.is_told("invoice", "write-off", "HOUSE", "2", *one) == (
        "Error: invoice 2 of HOUSE cannot be written off: it is writtenOff"
    )
    assert "writtenOff" in await office.types("invoice", "show", "HOUSE", "2", *one)
    rows = await counter.connection.fetch("select action, subject from audit_log order by audit_id")
    assert [tuple(row) for row in rows] == [
        ("invoiceCredit", "invoice:HOUSE/1"),
        ("invoiceWriteOff", "invoice:HOUSE/2"),
    ]
    async with counter.connection.transaction():
        [made] = await make_invoices(counter.connection, counter.desk.partner, counter.desk.now, [draft()])
    assert made.invoice_number == 4
