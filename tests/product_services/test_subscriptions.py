import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import pytest

from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.dates import start_of_day
from kolofon.product_services.subscription.queries import LIST
from tests.browser_session import Server, bearer
from tests.calling import sell_anew
from tests.engine.subscriptions.desk import ZONE, Desk, open_desk
from tests.ordering import DIGI, Ordering
from tests.playground import OTHER, OTHER_SECRET, Playground, Reader
from tests.selling import FIRST

PATH = "/capi/v1/subscription"
SHARED = "/capi/v1/subscription/shared"


@pytest.fixture
async def desk(playground: Playground) -> Desk:
    """On a quarter past nine of 15 January 2027."""
    playground.clock.move(
        start_of_day(date(2027, 1, 15), ZONE) + timedelta(hours=9, minutes=15) - playground.clock.now()
    )
    return await open_desk(playground)


@pytest.fixture
async def kari(desk: Desk, playground: Playground) -> Reader:
    """A reader who subscribes to nothing yet."""
    return await playground.add_reader("kari@example.no", 1001)


_tokens: WeakKeyDictionary[Server, dict[str, tuple[str, datetime]]] = WeakKeyDictionary()


async def signed_in(server: Server, reader: Reader) -> dict[str, str]:
    """The header of a reader's calls. Signing in is limited, so a token is used for as long as it is good."""
    known, now = _tokens.setdefault(server, {}), server.parts.clock.now()
    if reader.credential not in known or now > known[reader.credential][1] + timedelta(hours=6):
        known[reader.credential] = await server.user_token(reader.credential), now
    return bearer(known[reader.credential][0])


def last_second(day: date) -> int:
    return epoch_milliseconds(start_of_day(day + timedelta(days=1), ZONE)) - 1000


async def listed(server: Server, reader: Reader, mode: str | None = None) -> list[dict[str, Any]]:
    """What the user sees; the client sees the same."""
    query = {"subscriptionSourceFetchMode": mode} if mode is not None else {}
    user = await signed_in(server, reader)
    answer = await server.http.get(PATH, headers=user, params=query)
    assert answer.status_code == 200, answer.text
    client = bearer(await server.client_token())
    same = await server.http.get(f"/capi/v1/client/subscription/{reader.customer_number}", headers=client, params=query)
    assert same.json() == answer.json()
    return list(answer.json()["subscriptions"])


async def start(server: Server, reader: Reader, **members: Any) -> httpx.Response:
    body = {"product": "DIGI", "startTime": 0, "couponCode": "DIGI", "couponNumber": 1} | members
    body = {name: value for name, value in body.items() if value is not None}
    return await server.http.post(PATH, json=body, headers=await signed_in(server, reader))


async def refused(server: Server, reader: Reader, **members: Any) -> str:
    answer = await start(server, reader, **members)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["errorMessage"])


async def test_who_subscribes_to_nothing_or_is_no_customer_gets_an_empty_list(
    server: Server, desk: Desk, kari: Reader, playground: Playground
) -> None:
    assert await listed(server, kari) == []
    ola = await playground.add_reader("ola@example.no")
    answer = await server.http.get(PATH, headers=await signed_in(server, ola))
    assert answer.json() == {"subscriptions": []}


async def test_an_unpaid_month_with_its_price_and_the_one_that_follows(
    server: Server, desk: Desk, kari: Reader
) -> None:
    await desk.order(1001, ("DIGI", 1), sales_person="Ola")
    assert await listed(server, kari) == [
        {
            "product": "DIGI",
            "stopped": False,
            "startTime": epoch_milliseconds(desk.day()),
            "endTime": last_second(date(2027, 2, 14)),
            "paid": False,
            "priceDetails": [
                {"price": 1.0, "periodLength": 1, "periodType": "months"},
                {"price": 299.0, "periodLength": 1, "periodType": "months"},
            ],
            "sharable": False,
            "salesPerson": "Ola",
        }
    ]


async def test_the_end_is_the_last_paid_day_and_paid_is_about_the_present_period(
    server: Server, desk: Desk, kari: Reader
) -> None:
    first = await desk.order(1001, ("PAPER", 10))
    await desk.order(1001, ("PAPER", 10))
    await desk.connection.execute("update subscription set paid_until = $1", first.end_time)
    (found,) = await listed(server, kari)
    assert (found["endTime"], found["paid"]) == (last_second(date(2027, 4, 14)), True)
    assert found["productDeliveryPlanId"] == 3
    # In the second period, which is not paid, the last paid day has gone by.
    desk.go_to(desk.day(100))
    (found,) = await listed(server, kari)
    assert (found["endTime"], found["paid"], found["stopped"]) == (last_second(date(2027, 4, 14)), False, False)


async def test_what_is_renewed_costs_what_the_renewal_does(server: Server, desk: Desk, kari: Reader) -> None:
    first = await desk.order(1001, ("DIGI", 1))
    await desk.connection.execute(
        """
        insert into subscription_period
            (partner_id, customer_number, subscription_id, period_number, start_time, end_time)
        values (1, 1001, $1, 2, $2, $3)
        """,
        first.subscription_id,
        first.end_time,
        desk.day(59),
    )
    await desk.connection.execute("update subscription set end_time = $1", desk.day(59))
    desk.go_to(desk.day(40))
    (found,) = await listed(server, kari)
    assert found["priceDetails"] == [{"price": 299.0, "periodLength": 1, "periodType": "months"}]


async def test_a_period_costs_what_it_was_ordered_for_also_on_the_day_the_price_changes(
    server: Server, desk: Desk, kari: Reader, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no", 1002)
    await playground.connection.execute(
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type)
        values (1, 'DIGI', 1, $1, 'NOK', true, 500, 1, 'months')
        """,
        desk.now,
    )
    # A coupon that there was not yet when the day began.
    await playground.connection.execute(
        "update coupon_price set valid_from = $1 where partner_id = 1 and coupon_code = 'PAPER'", desk.now
    )
    await sell_anew(server, playground)
    ordering = Ordering(playground.connection, desk.clock)
    for customer_number, version in ((1001, FIRST), (1002, desk.now)):
        order_id = await ordering.order(DIGI | {"price_version": version})
        await desk.order(customer_number, ("DIGI", 1), order_id=order_id, line_number=1)
    await desk.order(1002, ("PAPER", 10))
    assert [[each["priceDetails"][0]["price"] for each in await listed(server, who)] for who in (kari, ola)] == [
        [1.0],
        [5.0, 999.0],
    ]


async def test_one_that_never_ends_has_no_end_and_one_that_does_not_renew_no_next_price(
    server: Server, desk: Desk, kari: Reader
) -> None:
    await desk.order(1001, ("DIGI", 1), period=None, costs=False)
    await desk.order(1001, ("PAPER", 10), period=None, end_time=desk.day(10))
    endless, limited = await listed(server, kari)
    assert "endTime" not in endless
    assert endless["paid"] is True
    assert [detail["price"] for detail in limited["priceDetails"]] == [999.0]


async def test_after_the_paid_days_the_publication_day_of_the_last_received_issue_counts(
    server: Server, desk: Desk, kari: Reader
) -> None:
    started = await desk.order(1001, ("MAG", 20))
    await desk.connection.execute("update subscription set paid_until = $1", desk.day(20))
    await desk.connection.execute(
        """
        insert into product_issue
            (partner_id, product_code, issue_code, publication_date, distribution_planned_date, distribution_date)
        values (1, 'MAG', 'A', '2027-02-10', '2027-02-09', '2027-02-09'),
            (1, 'MAG', 'B', '2027-03-10', '2027-03-09', null)
        """
    )
    await desk.connection.execute("select pg_notify('kolofon_catalogue', '')")
    assert started.period_number == 1
    (found,) = await listed(server, kari)
    assert found["endTime"] == last_second(date(2027, 2, 3))  # nothing has come yet
    desk.go_to(desk.day(45))
    (found,) = await listed(server, kari)
    assert (found["endTime"], found["paid"]) == (last_second(date(2027, 2, 10)), False)


async def test_stopped_is_told_by_the_time_and_not_by_when_the_worker_came(
    server: Server, desk: Desk, kari: Reader
) -> None:
    await desk.order(1001, ("TRIAL", 5), costs=False)
    desk.go_to(desk.day(14) - timedelta(seconds=1))
    assert [(one["stopped"], one["paid"]) for one in await listed(server, kari)] == [(False, True)]
    desk.go_to(desk.day(1))
    assert [(one["stopped"], one["paid"]) for one in await listed(server, kari)] == [(True, True)]
    await desk.live()
    assert [one["stopped"] for one in await listed(server, kari)] == [True]


async def test_where_they_come_from_decides_which_are_listed(server: Server, desk: Desk, kari: Reader) -> None:
    await desk.order(1001, ("DIGI", 1))
    await desk.order(1001, ("PAPER", 10))
    await desk.connection.execute(
        "update subscription set received_b2b = true, distribution_level = 'N' where product_code = 'PAPER'"
    )
    assert [one["product"] for one in await listed(server, kari)] == ["DIGI"]
    assert [one["product"] for one in await listed(server, kari, "ORDINARY")] == ["DIGI"]
    (received,) = await listed(server, kari, "B2B")
    assert (received["product"], received["distributionLevel"]) == ("PAPER", "N")
    assert [one["product"] for one in await listed(server, kari, "ALL")] == ["DIGI", "PAPER"]
    answer = await server.http.get(
        PATH,
        params={"subscriptionSourceFetchMode": "SOME"},
        headers=await signed_in(server, kari),
    )
    assert answer.status_code == 400
    assert "subscriptionSourceFetchMode" in answer.json()["errorMessage"]


async def test_nobody_sees_what_others_have(server: Server, desk: Desk, kari: Reader, playground: Playground) -> None:
    await desk.order(1001, ("DIGI", 1))
    ola = await playground.add_reader("ola@example.no", 1002)
    assert await listed(server, ola) == []
    stranger = bearer(await server.client_token(OTHER, OTHER_SECRET))
    for number in (1001, 999_999):
        answer = await server.http.get(f"/capi/v1/client/subscription/{number}", headers=stranger)
        assert answer.status_code == 404


async def test_nothing_is_shared_yet(server: Server, desk: Desk, kari: Reader) -> None:
    answer = await server.http.get(SHARED, headers=await signed_in(server, kari))
    assert (answer.status_code, answer.json()) == (200, {"sharedSubscriptions": []})


async def test_the_example_starts_a_subscription_with_its_invoice(server: Server, desk: Desk, kari: Reader) -> None:
    answer = await start(
        server,
        kari,
        companyCode="HOUSE",
        startTime=epoch_milliseconds(desk.now),
        copies="2",
        customerReference="Desk 7",
    )
    assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
    (found,) = await listed(server, kari)
    assert (found["startTime"], found["paid"]) == (epoch_milliseconds(desk.day()), False)
    invoice = await desk.connection.fetchrow("select * from invoice")
    assert invoice is not None
    assert (invoice["customer_number"], invoice["net_minor"], invoice["vat_minor"]) == (1001, 200, 0)
    assert (invoice["status"], invoice["customer_reference"]) == ("open", "Desk 7")
    period = await desk.connection.fetchrow("select * from subscription_period")
    assert period is not None
    assert (period["company_code"], period["invoice_number"]) == ("HOUSE", invoice["invoice_number"])
    assert await desk.events(1001) == [("start", "DIGI", date(2027, 2, 14))]
    actor = await desk.connection.fetchval("select actor from subscription_change")
    assert actor == f"user:{kari.unique_id.hex}"
    assert await desk.connection.fetchval("select action from audit_log order by 1 desc limit 1") == "startSubscription"


async def test_what_costs_nothing_has_no_invoice(server: Server, desk: Desk, kari: Reader) -> None:
    answer = await start(server, kari, couponCode="TRIAL", couponNumber=5, copies=None)
    assert answer.status_code == 200
    assert await desk.connection.fetchval("select count(*) from invoice") == 0
    (found,) = await listed(server, kari)
    assert (found["paid"], found["endTime"]) == (True, last_second(date(2027, 1, 28)))


async def test_what_is_delivered_needs_an_address_and_its_distribution_is_paid(
    server: Server, desk: Desk, kari: Reader
) -> None:
    paper = {"product": "PAPER", "couponCode": "PAPER", "couponNumber": 10}
    assert "no address" in await refused(server, kari, **paper)
    await desk.connection.execute(
        """
        insert into customer_address (partner_id, customer_number, country_code, postal_code, valid_from, created_at)
        values (1, 1001, 'NO', '9008', '2027-01-01', $1)
        """,
        desk.now,
    )
    assert (await start(server, kari, **paper)).status_code == 200
    lines = await desk.connection.fetch("select kind, net_minor from invoice_line order by line_number")
    assert [tuple(line) for line in lines] == [("subscription", 99900), ("distribution", 9900)]


async def test_an_end_is_kept_to_by_what_is_free_and_has_to_be_that_of_the_period_otherwise(
    server: Server, desk: Desk, kari: Reader
) -> None:
    problem = await refused(server, kari, endTime=epoch_milliseconds(desk.day(10)))
    assert problem == "endTime: expected the last day of the period, 2027-02-14, or none"
    assert await desk.connection.fetchval("select count(*) from subscription") == 0
    assert (await start(server, kari, endTime=last_second(date(2027, 2, 14)))).status_code == 200
    assert await desk.connection.fetchval("select state from subscription") == "stopping"
    trial = {"couponCode": "TRIAL", "couponNumber": 5}
    assert (await start(server, kari, **trial, endTime=last_second(date(2027, 2, 20)))).status_code == 200
    (found,) = await listed(server, kari)
    assert found["startTime"] == epoch_milliseconds(desk.day())
    assert await desk.connection.fetchval("select end_time from subscription") == start_of_day(date(2027, 2, 21), ZONE)


async def test_an_end_that_the_customer_has_already_is_not_paid_for_again(
    server: Server, desk: Desk, kari: Reader
) -> None:
    wanted = {"endTime": last_second(date(2027, 2, 14))}
    for _ in range(2):
        assert (await start(server, kari, **wanted)).status_code == 200
    assert await desk.connection.fetchval("select count(*) from subscription_period") == 1
    assert await desk.connection.fetchval("select count(*) from invoice") == 1


async def test_what_cannot_be_started_is_refused_with_the_name_of_the_field(
    server: Server, desk: Desk, kari: Reader
) -> None:
    for members, field in (
        ({"product": "NOTHING"}, "product"),
        ({"product": "MUG", "couponCode": None, "couponNumber": None}, "product"),
        ({"product": "x" * 13}, "product"),
        ({"companyCode": "OTHER"}, "companyCode"),
        ({"couponNumber": None}, "couponNumber"),
        ({"couponCode": None}, "couponCode"),
        ({"couponNumber": 99}, "couponNumber"),
        ({"couponCode": "MAG", "couponNumber": 20}, "couponNumber"),
        ({"couponCode": "OLD", "couponNumber": 1}, "couponNumber"),
        ({"couponCode": "MKT", "couponNumber": 7}, "couponNumber"),
        ({"couponCode": None, "couponNumber": None}, "couponCode"),
        ({"copies": "0"}, "copies"),
        ({"copies": "two"}, "copies"),
        ({"startTime": 10**17}, "startTime"),
        ({"startTime": -1}, "startTime"),
        ({"startTime": epoch_milliseconds(desk.day(4000))}, "startTime"),
        ({"endTime": epoch_milliseconds(desk.day(-2))}, "endTime"),
        ({"endTime": 10**17}, "endTime"),
        ({"customerReference": "x" * 256}, "customerReference"),
        ({"startTime": None}, "startTime"),
    ):
        assert field in await refused(server, kari, **members), members
    assert await desk.connection.fetchval("select count(*) from subscription") == 0


async def test_who_is_no_customer_cannot_start_anything(
    server: Server, desk: Desk, kari: Reader, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no")
    assert (await start(server, ola)).status_code == 404


async def test_a_repeated_request_starts_it_once(server: Server, desk: Desk, kari: Reader) -> None:
    headers = await signed_in(server, kari) | {"Idempotency-Key": "start-1"}
    body = {"product": "DIGI", "startTime": 0, "couponCode": "DIGI", "couponNumber": 1}
    answers = [await server.http.post(PATH, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await desk.connection.fetchval("select count(*) from subscription_period") == 1
    assert await desk.connection.fetchval("select count(*) from invoice") == 1


async def test_requests_at_the_same_moment_are_periods_one_behind_the_other_each_with_its_invoice(
    server: Server, desk: Desk, kari: Reader
) -> None:
    await signed_in(server, kari)
    answers = await asyncio.gather(*(start(server, kari) for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert await desk.connection.fetchval("select count(*) from subscription") == 1
    numbers = await desk.connection.fetch("select invoice_number from subscription_period order by 1")
    assert len({row["invoice_number"] for row in numbers}) == 6


async def test_one_that_waits_reads_the_moment_its_start_has_come(server: Server, desk: Desk, kari: Reader) -> None:
    await desk.order(1001, ("DIGI", 1), start_time=desk.day(3))
    headers = await signed_in(server, kari)

    async def reads() -> bool:
        answer = await server.http.post("/capi/v1/customer/access", json={"product": "DIGI"}, headers=headers)
        return bool(answer.json()["access"])

    assert not await reads()
    desk.clock.move(start_of_day(date(2027, 1, 18), ZONE) - desk.now)
    headers = await signed_in(server, kari)
    assert await desk.connection.fetchval("select state from subscription") == "waiting"
    assert await reads()


async def test_a_list_is_read_by_primary_keys(desk: Desk) -> None:
    await desk.connection.execute("set enable_seqscan = off")
    plan = "\n".join(row[0] for row in await desk.connection.fetch(f"explain {LIST}", 1, 1001, desk.now, [False, True]))
    assert "subscription_pkey" in plan
    assert "subscription_period_pkey" in plan
    assert "Seq Scan" not in plan
