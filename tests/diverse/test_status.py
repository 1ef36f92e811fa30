"""Status: notices that concern the customer now, and invoices that are overdue."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from kolofon.diverse.status.queries import Concern, list_concerns
from kolofon.platform.clock import Clock, epoch_milliseconds
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of, start_of_day
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, Playground, Reader

OSLO = "Europe/Oslo"
YEARS = timedelta(days=1000)


class Notices:
    """Puts notices, addresses and invoices in, and lists what a customer is shown."""

    def __init__(self, server: Server, playground: Playground, token: str) -> None:
        self._server = server
        self._playground = playground
        self._token = token

    @property
    def connection(self) -> Connection:
        return self._playground.connection

    @property
    def today(self) -> date:
        return day_of(self._playground.clock.now(), OSLO)

    async def add(self, code: str, **columns: Any) -> int:
        now = self._playground.clock.now()
        return await self._insert(
            "status_message",
            "status_message_id",
            {"partner_id": 1, "code": code, "message": f"About {code}.", "start_time": now - timedelta(hours=1)}
            | {"created_at": now}
            | columns,
        )

    async def live(self, postal_code: str | None, days: tuple[int, int | None] = (-30, None), **columns: Any) -> int:
        """An address from so many days from today, up to so many."""
        first, after = days
        return await self._insert(
            "customer_address",
            "address_id",
            {
                "partner_id": 1,
                "customer_number": 1001,
                "country_code": "NO",
                "postal_code": postal_code,
                "valid_from": self.today + timedelta(days=first),
                "valid_until": self.today + timedelta(days=after) if after is not None else None,
                "created_at": self._playground.clock.now(),
            }
            | columns,
        )

    async def _insert(self, table: str, key: str, values: dict[str, Any]) -> int:
        names = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        return int(
            await self.connection.fetchval(
                f"insert into {table} ({names}) values ({places}) returning {key}", *values.values()
            )
        )

    async def call(self) -> httpx.Response:
        return await self._server.http.get("/capi/v1/customer/status", headers=bearer(self._token))

    async def listed(self) -> list[dict[str, Any]]:
        answer = await self.call()
        assert answer.status_code == 200, answer.text
        return list(answer.json()["statusMessages"])

    async def codes(self) -> list[str]:
        return [message["code"] for message in await self.listed()]


@pytest.fixture
async def notices(server: Server, playground: Playground, reader: Reader) -> Notices:
    return Notices(server, playground, await server.user_token(reader.credential))


async def test_a_notice_of_everybody_is_shown_with_its_time(notices: Notices, clock: Clock) -> None:
    assert await notices.listed() == []
    start, end = clock.now() - timedelta(hours=2), clock.now() + timedelta(hours=3)
    await notices.add("strike", start_time=start, end_time=end, message="<b>No</b> paper today & tomorrow.")
    await notices.add("closed")
    strike, closed = await notices.listed()
    assert strike == {
        "code": "strike",
        "message": "<b>No</b> paper today & tomorrow.",
        "date": epoch_milliseconds(start),
        "endTime": epoch_milliseconds(end),
    }
    assert closed.keys() == {"code", "message", "date"}


async def test_a_notice_is_shown_from_its_start_until_just_before_its_end(notices: Notices, clock: Clock) -> None:
    now = clock.now()
    await notices.add("coming", start_time=now + timedelta(minutes=10))
    await notices.add("over", start_time=now - timedelta(days=2), end_time=now)
    await notices.add("endless", start_time=now - YEARS)
    await notices.add("ending", end_time=now + timedelta(minutes=9))
    assert await notices.codes() == ["endless", "ending"]
    clock.move(timedelta(minutes=11))
    assert await notices.codes() == ["endless", "coming"]
    clock.move(timedelta(minutes=-11))
    assert await notices.codes() == ["endless", "ending"]


async def test_the_moment_of_the_start_is_in_and_that_of_the_end_is_not(notices: Notices, clock: Clock) -> None:
    start = clock.now()
    end = start + timedelta(hours=1)
    await notices.add("strike", start_time=start, end_time=end)
    microsecond = timedelta(microseconds=1)
    for now, shown in ((start - microsecond, 0), (start, 1), (end - microsecond, 1), (end, 0)):
        running, _ = await list_concerns(notices.connection, Concern(1, 1001, now, notices.today, "NO"))
        assert len(running) == shown


async def test_a_sandbox_lives_by_its_own_time(server: Server, notices: Notices, clock: Clock) -> None:
    await notices.add("next-month", start_time=clock.now() + timedelta(days=30))
    assert await notices.codes() == []
    await notices.connection.execute("update partner set sandbox = true, clock_ahead = '31 days' where partner_id = 1")
    await server.parts.catalogue.subscription.fetch(notices.connection)
    assert await notices.codes() == ["next-month"]


@pytest.mark.parametrize(
    ("state", "days", "shown"),
    [
        ("waiting", (3, 300), True),
        ("active", (-30, 300), True),
        ("active", (-30, -1), True),  # its next period is prepared late
        ("paused", (-30, 300), True),
        ("stopping", (-30, 3), True),
        ("stopping", (-30, -1), False),
        ("stopped", (-30, -1), False),
        ("stopped", (-30, 300), False),
    ],
)
async def test_a_notice_of_a_product_is_for_who_has_it_or_will(
    notices: Notices, playground: Playground, state: str, days: tuple[int, int], shown: bool
) -> None:
    await notices.add("late", product_code="PAPER")
    await notices.add("other", product_code="MAG")
    assert await notices.codes() == []
    await playground.subscribe(1001, "PAPER", state, days)
    assert await notices.codes() == (["late"] if shown else [])


async def test_each_product_s_notice_is_its_own(notices: Notices, playground: Playground) -> None:
    await playground.subscribe(1001, "PAPER")
    await playground.subscribe(1001, "PAPER", "stopped", (-300, -100))
    for product in ("DIGI", "PAPER", "MAG"):
        await notices.add(f"about-{product}", product_code=product)
    assert [(message["code"], message["product"]) for message in await notices.listed()] == [
        ("about-DIGI", "DIGI"),
        ("about-PAPER", "PAPER"),
    ]


AREA = {"country_code": "NO", "postal_code_from": "0001", "postal_code_to": "0299"}


@pytest.mark.parametrize(
    ("postal_code", "shown"),
    [("0001", True), ("0150", True), ("0299", True), ("0000", False), ("0300", False), ("9008", False), (None, False)],
)
async def test_an_area_ends_at_its_postal_codes_both_included(
    notices: Notices, postal_code: str | None, shown: bool
) -> None:
    await notices.add("snow", **AREA)
    assert await notices.codes() == []
    await notices.live(postal_code)
    assert await notices.codes() == (["snow"] if shown else [])


@pytest.mark.parametrize(
    ("country", "postal_code", "shown"),
    [
        ("SE", "11220", True),
        ("SE", "11200", True),
        ("SE", "11299", True),
        ("SE", "11199", False),
        ("SE", "11300", False),
        ("NO", "1122", False),
        ("FI", "11220", False),
        (None, "11220", False),
    ],
)
async def test_five_digits_of_sweden_are_an_area_too(
    notices: Notices, country: str | None, postal_code: str, shown: bool
) -> None:
    await notices.add("snow", country_code="SE", postal_code_from="11200", postal_code_to="11299")
    await notices.live(postal_code, country_code=country)
    assert await notices.codes() == (["snow"] if shown else [])


async def test_a_country_is_an_area_and_an_address_without_one_lies_in_the_partner_s(notices: Notices) -> None:
    await notices.add("norway", country_code="NO")
    await notices.add("sweden", country_code="SE")
    await notices.live("0150", country_code=None)
    assert await notices.codes() == ["norway"]


async def test_the_address_of_today_counts(notices: Notices, clock: Clock) -> None:
    await notices.live("0150", (-30, 2))
    await notices.live("9008", (2, None))
    await notices.add("oslo", **AREA)
    await notices.add("north", country_code="NO", postal_code_from="9000", postal_code_to="9999")
    assert await notices.codes() == ["oslo"]
    await notices.connection.execute(
        "update customer_address set valid_from = valid_from - 1, valid_until = valid_until - 1"
    )
    assert await notices.codes() == ["oslo"]
    await notices.connection.execute(
        "update customer_address set valid_from = valid_from - 1, valid_until = valid_until - 1"
    )
    assert await notices.codes() == ["north"]


async def test_an_address_that_was_dropped_counts_for_nothing(notices: Notices) -> None:
    for dropped in ("corrected", "cancelled", "merged"):
        await notices.live("0150", dropped=dropped)
    await notices.add("oslo", **AREA)
    assert await notices.codes() == []


async def test_a_product_is_delivered_where_it_was_moved_to_for_a_time(
    notices: Notices, playground: Playground
) -> None:
    north = {"country_code": "NO", "postal_code_from": "9000", "postal_code_to": "9999"}
    for product in ("PAPER", "WEEKEND"):
        await playground.subscribe(1001, product)
        await notices.add(f"{product}-oslo", product_code=product, **AREA)
        await notices.add(f"{product}-north", product_code=product, **north)
    await notices.add("oslo", **AREA)
    await notices.add("north", **north)
    await notices.live("0150")
    assert sorted(await notices.codes()) == ["PAPER-oslo", "WEEKEND-oslo", "oslo"]
    await notices.live("9008", (-1, 7), product_code="PAPER")
    await notices.live("9008", (1, 7), product_code="WEEKEND")
    await notices.live("9008", (-7, 0), product_code="MAG")
    # Of any product: at home and where the paper is for a time.
    assert sorted(await notices.codes()) == ["PAPER-north", "WEEKEND-oslo", "north", "oslo"]


async def test_another_partner_s_notices_and_another_customer_s_things_are_none_of_it(
    server: Server, notices: Notices, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER")
    await notices.live("0150", customer_number=1002)
    await playground.add_reader("astrid@annan.se", 1001, partner_id=2)
    await playground.subscribe(1001, "PAPER", partner_id=2)
    await notices.live("0150", partner_id=2)
    await notices.add("theirs", partner_id=2)
    await notices.add("paper", product_code="PAPER")
    await notices.add("oslo", **AREA)
    await add_invoice(notices, 7, notices.today - timedelta(days=1), customer_number=1002)
    await add_invoice(notices, 7, notices.today - timedelta(days=1), partner_id=2)
    assert await notices.codes() == []
    form = {"grant_type": "authorization_code", "redirect_uri": OTHER_CALLBACK}
    form["code"] = await server.code("astrid@annan.se", client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    token = (await server.token(form, (OTHER, OTHER_SECRET))).json()["access_token"]
    assert sorted(await Notices(server, playground, token).codes()) == ["invoiceOverdue", "theirs"]


async def add_invoice(notices: Notices, number: int, due_date: date, **columns: Any) -> None:
    await notices._insert(
        "invoice",
        "invoice_number",
        {
            "partner_id": 1,
            "customer_number": 1001,
            "company_code": "HOUSE",
            "invoice_number": number,
            "kind": "invoice",
            "kid": "18",
            "currency": "NOK",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "invoice_date": due_date - timedelta(days=14),
            "due_date": due_date,
            "net_minor": 8000,
            "vat_minor": 2000,
            "status": "open",
            "payment_method": "invoice",
        }
        | columns,
    )


async def test_an_invoice_that_was_due_yesterday_and_is_not_paid_is_told_of(notices: Notices) -> None:
    await add_invoice(notices, 7, date(2026, 1, 31), paid_minor=9999)
    [overdue] = await notices.listed()
    assert overdue == {
        "code": "invoiceOverdue",
        "message": "Faktura 7 fra The House forfalt 31. januar 2026 og er ikke betalt ennå.",
        "date": epoch_milliseconds(start_of_day(date(2026, 1, 31), OSLO)),
    }


async def test_an_invoice_is_overdue_from_the_day_after_it_was_due(notices: Notices) -> None:
    await add_invoice(notices, 1, notices.today)
    await add_invoice(notices, 2, notices.today + timedelta(days=1))
    assert await notices.codes() == []
    await notices.connection.execute("update invoice set due_date = due_date - 1")
    assert [message["message"][:9] for message in await notices.listed()] == ["Faktura 1"]


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "paid", "paid_minor": 10000},
        {"status": "credited"},
        {"status": "writtenOff"},
        {"paid_minor": 10000},
        {"kind": "creditNote", "credited_invoice_number": 6, "net_minor": -8000, "vat_minor": -2000},
    ],
)
async def test_what_is_paid_taken_back_or_given_up_is_not_overdue(notices: Notices, columns: dict[str, Any]) -> None:
    await add_invoice(notices, 7, notices.today - timedelta(days=90), **columns)
    assert await notices.codes() == []


async def test_a_fee_of_a_reminder_is_still_to_be_paid(notices: Notices) -> None:
    await add_invoice(notices, 7, notices.today - timedelta(days=30), paid_minor=10000, fees_minor=3500)
    assert await notices.codes() == ["invoiceOverdue"]


async def test_what_began_first_stands_first(notices: Notices, clock: Clock) -> None:
    await notices.add("new", start_time=clock.now() - timedelta(hours=1))
    await notices.add("old", start_time=clock.now() - timedelta(days=40))
    await add_invoice(notices, 7, notices.today - timedelta(days=20))
    assert await notices.codes() == ["old", "invoiceOverdue", "new"]


async def test_who_is_no_customer_is_not_found(server: Server, playground: Playground) -> None:
    await playground.add_reader("stranger@example.no")
    stranger = Notices(server, playground, await server.user_token("stranger@example.no"))
    assert (await stranger.call()).status_code == 404


async def test_it_is_read_as_xml(server: Server, notices: Notices, reader: Reader) -> None:
    await notices.add("strike", message="a < b")
    headers = bearer(await server.user_token(reader.credential)) | {"Accept": "application/xml"}
    answer = await server.http.get("/capi/v1/customer/status", headers=headers)
    assert "<statusMessages><statusMessage><code>strike</code><message>a &lt; b</message><date>" in answer.text
