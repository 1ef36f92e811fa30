"""An order is registered: what is kept of it, and who may."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from kolofon.platform.clock import Clock, epoch_milliseconds
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.calling import sell_anew
from tests.order_management.order.ordering import (
    ARTICLE,
    ISSUE,
    MAGAZINE,
    MONTH,
    MUG,
    PAPER,
    PAYER,
    TRIAL,
    Shop,
    kept,
    order,
    without,
)
from tests.playground import WEB, Playground, Reader


async def test_an_order_on_invoice_is_kept_as_preliminary_with_its_price(
    shop: Shop, connection: Connection, clock: Clock
) -> None:
    order_id = await shop.registered(order(MONTH, externalOrderId="web-7", customerReference="Bilag 3"))
    found = await kept(connection, order_id)
    expected = {
        "partner_id": 1,
        "client_id": WEB,
        "unique_id": None,
        "external_order_id": "web-7",
        "status": "preliminary",
        "payment_method": "invoice",
        "recurring": False,
        "prepaid": False,
        "company_code": "HOUSE",
        "currency": "NOK",
        "amount_minor": 100,
        "vat_minor": 0,
        "customer_reference": "Bilag 3",
        "customer_number": None,
    }
    assert {name: found.order[name] for name in expected} == expected
    assert found.order["payer"] == PAYER
    assert found.order["expires_at"] - found.order["registered_at"] == timedelta(hours=72)
    assert abs(found.order["order_time"] - clock.now()) < timedelta(minutes=1)
    [line] = found.lines
    assert (line["product_spec_type"], line["product_code"], line["quantity"]) == ("coupon", "DIGI", 1)
    assert (line["coupon_code"], line["coupon_number"], line["description"]) == ("DIGI", 1, "One month for 1")
    assert (line["unit_price_minor"], line["net_minor"], line["vat_minor"]) == (100, 100, 0)
    assert line["price_version"] == datetime(2000, 1, 1, tzinfo=UTC)
    assert (line["receiver"], line["recruiter"]) == (None, None)
    [change] = found.changes
    assert (change["status_before"], change["status"], change["cause"]) == (None, "preliminary", "registered")
    assert change["actor"] == f"client:{WEB}"


async def test_it_is_told_of_and_written_down_without_saying_who_it_is_for(shop: Shop, connection: Connection) -> None:
    order_id = await shop.registered(order())
    event = await connection.fetchrow("select partner_id, type, status, data from event")
    assert event is not None
    assert tuple(event) == (1, "order", "new", {"orderId": order_id, "orderStatus": "preliminary"})
    entry = await connection.fetchrow("select actor, client_id, action, subject, after from audit_log")
    assert entry is not None
    assert (entry["actor"], entry["action"]) == (f"client:{WEB}", "registerOrderClient")
    assert entry["subject"] == f"order:{order_id}"
    assert "Nordmann" not in str(dict(entry)) + str(dict(event))


async def test_every_kind_of_line_is_priced_with_vat_and_distribution(shop: Shop, connection: Connection) -> None:
    order_id = await shop.registered(order(MONTH, PAPER, MAGAZINE, MUG | {"quantity": 2}, ISSUE, ARTICLE, TRIAL))
    found = await kept(connection, order_id)
    money = [
        (line["net_minor"], line["vat_percent"], line["vat_minor"], line["distribution_net_minor"])
        for line in found.lines
    ]
    assert money == [
        (100, Decimal(0), 0, 0),
        (99900, Decimal(0), 0, 5900),
        (10000, Decimal(25), 2500, 4720),
        (31840, Decimal(25), 7960, 9440),
        (10000, Decimal(25), 2500, 4720),
        (1900, Decimal(0), 0, 0),
        (0, Decimal(0), 0, 0),
    ]
    names = [(line["product_code"], line["issue_code"], line["description"]) for line in found.lines]
    assert names[3:6] == [("MUG", None, "MUG"), ("MAG", "2026-03", "MAG 2026-03"), ("ARTICLE", None, "On tea")]
    assert found.lines[5]["article_ref"] == "a-1"
    parts = ("net_minor", "vat_minor", "distribution_net_minor", "distribution_vat_minor")
    assert found.order["amount_minor"] == sum(line[part] for line in found.lines for part in parts)


async def test_the_receivers_place_decides_distribution_and_vat(shop: Shop, connection: Connection) -> None:
    north = {"lastName": "Nord", "postalCode": "9008"}
    swede = {"lastName": "Svensson", "postalCode": "111 29", "countryCode": "se"}
    order_id = await shop.registered(order(PAPER, PAPER | {"receiver": north}, MAGAZINE | {"receiver": swede}))
    found = await kept(connection, order_id)
    assert [line["distribution_net_minor"] for line in found.lines][:2] == [5900, 9900]
    assert (found.lines[2]["vat_percent"], found.lines[2]["vat_minor"]) == (Decimal(6), 600)
    assert found.lines[2]["distribution_net_minor"] + found.lines[2]["distribution_vat_minor"] == 4900
    assert found.lines[2]["receiver"] == swede | {"postalCode": "11129", "countryCode": "SE"}


async def test_vat_of_all_lines_together_is_that_of_their_sum(
    server: Server, shop: Shop, playground: Playground, connection: Connection
) -> None:
    """One øre more or less for each line would add up."""
    changes = ["product_price set web_offer_price_minor = 333", "distribution_price set price_minor = 0"]
    await sell_anew(server, playground, *(f"update {change}" for change in changes), "update stock set quantity = 100")
    order_id = await shop.registered(order(*[MUG] * 7))
    found = await kept(connection, order_id)
    assert found.order["amount_minor"] == 7 * 333
    assert sum(line["vat_minor"] for line in found.lines) == round(7 * 333 / 5)


async def test_a_users_order_is_the_users_and_a_named_users_too(
    kari: Shop, shop: Shop, reader: Reader, connection: Connection
) -> None:
    own = await kept(connection, await kari.registered(order()))
    assert own.order["unique_id"] == reader.unique_id
    assert own.changes[0]["actor"] == f"user:{reader.unique_id.hex}"
    named = await kept(connection, await shop.registered(order(uniqueUserId=reader.unique_id.hex.upper())))
    assert named.order["unique_id"] == reader.unique_id


async def test_nobody_orders_in_another_users_name(kari: Shop, shop: Shop, playground: Playground) -> None:
    ola = await playground.add_reader("ola@example.no")
    assert await kari.refused(order(uniqueUserId=ola.unique_id.hex)) == "uniqueUserId: expected the logged-in user's"
    assert await shop.refused(order(uniqueUserId=uuid4().hex)) == "uniqueUserId: there is no such user"
    assert "uniqueUserId" in await shop.refused(order(uniqueUserId="somebody"))


async def test_a_user_may_name_the_own_customer_number_and_no_other(
    kari: Shop, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("ola@example.no", 1002)
    found = await kept(connection, await kari.registered(order(payer={"customerNumber": 1001})))
    assert found.order["payer"] == {"customerNumber": 1001}
    for number in (1002, 9999):
        told = await kari.refused(order(payer={"customerNumber": number}))
        assert told == f"payer.customerNumber: there is no customer {number}"
        gift = MONTH | {"receiver": {"customerNumber": number}}
        told = await kari.refused(order(gift))
        assert told == f"orderLines[0].receiver.customerNumber: there is no customer {number}"
        # Who recruited is only noted down.
        await kari.registered(order(MONTH | {"recruiter": {"customerNumber": number}}))


async def test_a_user_who_is_no_customer_yet_can_name_no_number(
    server: Server, playground: Playground, reader: Reader
) -> None:
    ola = await playground.add_reader("ola@example.no")
    by_ola = Shop(server, await server.user_token(ola.credential), is_client=False)
    assert "there is no customer 1001" in await by_ola.refused(order(payer=PAYER | {"customerNumber": 1001}))


async def test_a_client_may_name_the_partners_customers_only(shop: Shop, other_shop: Shop, reader: Reader) -> None:
    await shop.registered(order(payer={"customerNumber": 1001}))
    told = await other_shop.refused(order(payer={"customerNumber": 1001}))
    assert told == "payer.customerNumber: there is no customer 1001"


async def test_a_customers_address_on_file_decides_the_place(
    shop: Shop, reader: Reader, connection: Connection
) -> None:
    await connection.execute(
        """
        insert into customer_address
            (partner_id, customer_number, product_code, postal_code, country_code, valid_from, valid_until, created_at)
        values (1, 1001, null, '9008', null, '2020-01-01', '2999-01-01', '2020-01-01'),
            (1, 1001, null, '0150', 'NO', '2999-01-01', null, '2020-01-01'),
            (1, 1001, 'PAPER', '0150', 'NO', '2020-01-01', null, '2020-01-01')
        """
    )
    found = await kept(connection, await shop.registered(order(PAPER, payer={"customerNumber": 1001})))
    assert found.lines[0]["distribution_net_minor"] == 9900


async def test_who_subscribes_to_the_paper_gets_the_magazine_for_less(
    kari: Shop, shop: Shop, playground: Playground, connection: Connection
) -> None:
    full = await kept(connection, await kari.registered(order(MAGAZINE)))
    await playground.subscribe(1001, "PAPER")
    less = await kept(connection, await kari.registered(order(MAGAZINE)))
    assert (full.lines[0]["discount_minor"], less.lines[0]["discount_minor"]) == (0, 2000)
    assert (less.lines[0]["net_minor"], less.lines[0]["vat_minor"]) == (8000, 2000)
    gift = MAGAZINE | {"receiver": {"lastName": "Nord", "postalCode": "0150"}}
    given = await kept(connection, await kari.registered(order(gift)))
    assert given.lines[0]["discount_minor"] == 0
    by_number = await kept(connection, await shop.registered(order(MAGAZINE, payer={"customerNumber": 1001})))
    assert by_number.lines[0]["discount_minor"] == 2000


async def test_of_two_discounts_the_one_counts_that_takes_most_off_what_is_ordered(
    kari: Shop, server: Server, playground: Playground, connection: Connection
) -> None:
    # A dearer offer of the magazine, of which 20 % would be more than 50.00.
    await sell_anew(
        server,
        playground,
        "insert into product_dependency values (1, 'MAG', 'DIGI', 0, 5000)",
        """
        insert into coupon (partner_id, coupon_code, coupon_number, kind, product_code, description, changed_at)
        values (1, 'MAG', 21, 'subscription', 'MAG', 'Ten years', '2000-01-01')
        """,
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type)
        values (1, 'MAG', 21, '2000-01-01', 'NOK', false, 100000, 10, 'years')
        """,
    )
    await playground.subscribe(1001, "PAPER")
    made = await kept(connection, await kari.registered(order(MAGAZINE, MAGAZINE | {"productSpecNo": 21})))
    assert [line["discount_minor"] for line in made.lines] == [5000, 20000]


async def test_prices_of_later_do_not_touch_an_order_of_before(
    server: Server, shop: Shop, playground: Playground, connection: Connection
) -> None:
    order_id = await shop.registered(order())
    await sell_anew(
        server,
        playground,
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type)
        values (1, 'DIGI', 1, '2020-01-01', 'NOK', true, 500, 1, 'months')
        """,
    )
    later = await kept(connection, await shop.registered(order()))
    assert later.lines[0]["unit_price_minor"] == 500
    assert (await kept(connection, order_id)).lines[0]["unit_price_minor"] == 100


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1700000000000, "2023-11-14T22:13:20+00:00"),
        ("1700000000000", "2023-11-14T22:13:20+00:00"),
        ("2023-11-14", "2023-11-13T23:00:00+00:00"),
        ("2023-11-14T22:13:20+01:00", "2023-11-14T21:13:20+00:00"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00"),
        ("2023-07-14T12:00:00", "2023-07-14T10:00:00+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
    ],
)
async def test_order_dates_are_read_as_clients_write_them(
    shop: Shop, connection: Connection, written: object, read: str
) -> None:
    found = await kept(connection, await shop.registered(order(orderDate=written)))
    assert found.order["order_time"] == datetime.fromisoformat(read)


async def test_the_rest_of_an_order_and_of_its_lines_is_kept(
    shop: Shop, reader: Reader, connection: Connection, clock: Clock
) -> None:
    start = clock.now() + timedelta(days=30)
    line = PAPER | {
        "quantity": 2,
        "unitPrice": 999,
        "promotionCode": "SPRING",
        "categoryCode": "SKI",
        "voucherCode": "gift-many",
        "allowAccessProduct": "DIGI",
        "allowAccessCategoryType": "SPORT",
        "allowAccessSeconds": 86400,
        "startInfo": {"startDate": epoch_milliseconds(start)},
        "rewardPartnerId": 7,
        "rewardId": "points-1",
        "recruiter": {"customerNumber": 1001},
    }
    body = order(
        line,
        merchantId="m-1",
        orderAmount=2116,
        currency="nok",
        marketingCouponCode="MKT",
        marketingCouponNumber=7,
        campaignParameters="utm=1",
        companyCode="HOUSE",
        seller="anybody",
        salesMethod="TM",
        recurring=True,
    )
    found = await kept(connection, await shop.registered(body))
    head = {"merchant_id": "m-1", "marketing_coupon_code": "MKT", "marketing_coupon_number": 7, "recurring": True}
    head |= {"campaign_parameters": "utm=1", "seller": "anybody", "sales_method": "TM", "amount_minor": 211600}
    assert {name: found.order[name] for name in head} == head
    [stored] = found.lines
    told = {"quantity": 2, "promotion_code": "SPRING", "category_code": "SKI", "voucher_code": "GIFT-MANY"}
    told |= {"allow_access_product": "DIGI", "allow_access_category_type": "SPORT", "allow_access_seconds": 86400}
    told |= {"reward_partner_id": 7, "reward_id": "points-1", "recruiter": {"customerNumber": 1001}}
    assert {name: stored[name] for name in told} == told
    assert stored["start_time"] <= start < stored["start_time"] + timedelta(days=1)


async def test_a_first_issue_says_when_the_magazine_starts(
    server: Server, shop: Shop, playground: Playground, connection: Connection, clock: Clock
) -> None:
    day = (clock.now() + timedelta(days=40)).date()
    await sell_anew(
        server,
        playground,
        "update product_issue set publication_date = '2020-01-01' where issue_code = '2026-01'",
        f"update product_issue set publication_date = '{day}' where issue_code = '2026-02'",
    )
    out, coming = (MAGAZINE | {"startInfo": {"startIssue": code}} for code in ("2026-01", "2026-02"))
    found = await kept(connection, await shop.registered(order(out, coming)))
    assert [line["start_issue"] for line in found.lines] == ["2026-01", "2026-02"]
    assert found.lines[0]["start_time"] is None
    assert (found.lines[1]["start_time"] + timedelta(hours=3)).date() == day


async def test_what_is_unknown_is_ignored_and_blanks_are_not_there(shop: Shop, connection: Connection) -> None:
    payer = PAYER | {"middleName": "", "careOfAddress": "  ", "shoeSize": 43, "emails": ["", "Kari@Private.Example "]}
    body = order(MONTH | {"colour": "red", "voucherCode": ""}, payer=payer, marketingCouponCode="", gift=True)
    found = await kept(connection, await shop.registered(body))
    assert found.order["payer"] == PAYER
    assert found.lines[0]["voucher_code"] is None


async def test_numbers_of_house_and_floor_may_be_digits_in_a_string(shop: Shop, connection: Connection) -> None:
    payer = PAYER | {"streetNumber": "012", "floor": " 3 ", "floorType": "H"}
    found = await kept(connection, await shop.registered(order(payer=payer)))
    assert (found.order["payer"]["streetNumber"], found.order["payer"]["floor"]) == (12, 3)


async def test_ids_are_random_and_every_languages_numbers_can_hold_them(shop: Shop) -> None:
    ids = [await shop.registered(order()) for _ in range(8)]
    assert len(set(ids)) == 8
    assert all(0 < order_id <= 2**52 for order_id in ids)
    assert max(ids) - min(ids) > 2**40


async def test_a_repeated_request_with_its_key_registers_once(shop: Shop, connection: Connection) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = await shop.post("/order", order(), **key)
    again = await shop.post("/order", order(), **key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert await connection.fetchval("select count(*) from customer_order") == 1


async def test_the_least_that_is_needed_of_a_payer_is_enough(shop: Shop) -> None:
    for payer in (
        {"companyName": "Tesen AS", "postalCode": "0150", "phoneNumbers": ["90 00 00 01"]},
        {"lastName": "Nordmann", "postalCode": "0150", "emails": ["kari@example.no"]},
    ):
        await shop.registered(order(payer=payer))


async def test_a_national_identity_number_is_sealed(shop: Shop, connection: Connection) -> None:
    payer = PAYER | {"personsSocialSecurityNumber": "010190 00083"}
    answer = await shop.post("/order", order(payer=payer))
    assert answer.status_code == 200, answer.text
    found = await kept(connection, answer.json()["orderId"])
    sealed = found.order["payer"]["personsSocialSecurityNumber"]
    assert "01019000083" not in str(found)
    assert len(sealed) > 40
    audit = await connection.fetch("select after from audit_log")
    assert "010190" not in str([dict(row) for row in audit])


async def test_a_number_that_is_none_is_refused_without_being_repeated(shop: Shop) -> None:
    for number in ("01019000084", "12345", "190001010000"):
        told = await shop.refused(order(payer=PAYER | {"personsSocialSecurityNumber": number}))
        assert told.startswith("payer.personsSocialSecurityNumber: expected")
        assert number not in told


async def test_an_order_that_is_refused_leaves_nothing_behind(shop: Shop, connection: Connection) -> None:
    await shop.refused(order(payer=without(PAYER, "postalCode")))
    for table in ("customer_order", "order_line", "order_change", "event", "audit_log"):
        assert await connection.fetchval(f"select count(*) from {table}") == 0
