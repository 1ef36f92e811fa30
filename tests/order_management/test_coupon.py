"""Coupons: their price, and lists of them."""

from datetime import timedelta
from typing import Any

import pytest

from kolofon.platform.clock import epoch_milliseconds
from tests.browser_session import Server
from tests.calling import other_shop, sell_anew, shop
from tests.playground import Playground
from tests.selling import FIRST

PAPER = {"couponCode": "PAPER", "couponNumber": 10}
MAG = {"couponCode": "MAG", "couponNumber": 20}


async def test_a_price_comes_with_its_vat_and_without_a_place_without_distribution(server: Server) -> None:
    assert await (await shop(server)).post("/coupon/price", MAG | {"customerNumber": 1001}) == {
        "companyCode": "HOUSE",
        "product": "MAG",
        "price": 100.0,
        "vatAmount": 25.0,
        "vatpercent": 25.0,
        "vatInclude": False,
        "currency": "NOK",
        "distAmount": 0.0,
        "distAmountvat": 0.0,
        "customerNumber": 1001,
    }


@pytest.mark.parametrize(
    ("place", "amounts"),
    [
        ({"countryCode": "NO", "postalCode": "0150"}, (59.0, 0.0)),
        ({"countryCode": "no", "postalCode": "9008"}, (99.0, 0.0)),
        ({"countryCode": "SE", "postalCode": "112 34"}, (49.0, 2.77)),
        ({"countryCode": "DK", "postalCode": "1000"}, (0.0, 0.0)),
        ({"countryCode": "NO"}, (0.0, 0.0)),
        ({"postalCode": "0150"}, (0.0, 0.0)),
        ({"countryCode": "", "postalCode": "0150"}, (0.0, 0.0)),
    ],
)
async def test_distribution_is_priced_for_the_place(
    server: Server, place: dict[str, str], amounts: tuple[float, float]
) -> None:
    found = await (await shop(server)).post("/coupon/price", PAPER | place)
    assert (found["distAmount"], found["distAmountvat"]) == amounts
    assert found["price"] == 999.0


async def test_what_is_digital_has_no_distribution_and_the_vat_of_the_place(server: Server) -> None:
    body = {"couponCode": "DIGI", "couponNumber": 1, "countryCode": "SE", "postalCode": "11234"}
    found = await (await shop(server)).post("/coupon/price", body)
    assert (found["distAmount"], found["vatpercent"], found["vatAmount"]) == (0.0, 6.0, 0.06)


async def test_distribution_is_told_in_the_terms_of_the_price(server: Server) -> None:
    # The price of MAG is without VAT, that of bringing it with: 59.00 is 47.20 and 11.80.
    place = {"countryCode": "NO", "postalCode": "0150"}
    found = await (await shop(server)).post("/coupon/price", MAG | place)
    assert (found["distAmount"], found["distAmountvat"]) == (47.2, 11.8)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"couponNumber": 11}, "couponNumber: there is no coupon PAPER 11"),
        ({"couponCode": "paper"}, "couponNumber: there is no coupon paper 10"),
        ({"couponCode": "OLD", "couponNumber": 1}, "couponNumber: nothing is sold with OLD 1 now"),
        ({"couponCode": "MKT", "couponNumber": 7}, "couponNumber: nothing is sold with MKT 7 now"),
        ({"couponCode": None}, "couponCode"),
        ({"couponNumber": None}, "couponNumber"),
        ({"couponNumber": "ten"}, "couponNumber"),
        ({"couponNumber": 0}, "couponNumber"),
        ({"couponCode": "X" * 13}, "couponCode"),
        ({"countryCode": "NOR"}, "countryCode: expected two letters of ISO 3166, such as NO"),
        ({"countryCode": "N1"}, "countryCode: expected two letters of ISO 3166, such as NO"),
        ({"countryCode": "NORW"}, "countryCode"),
        ({"postalCode": "1" * 11}, "postalCode"),
        ({"customerNumber": -1}, "customerNumber"),
    ],
)
async def test_what_cannot_be_priced_is_refused_with_the_field(
    server: Server, members: dict[str, Any], message: str
) -> None:
    assert message in await (await shop(server)).refused("/coupon/price", PAPER | members)


async def test_a_list_has_what_may_be_ordered_with_now_and_what_renewals_cost(server: Server) -> None:
    found = await (await shop(server)).get("/coupon/DIGI")
    assert set(found) == {"coupons"}
    assert [(c["couponCode"], c["couponNumber"]) for c in found["coupons"]] == [("DIGI", 1), ("DIGI", 2), ("TRIAL", 5)]
    one, _, trial = found["coupons"]
    assert one == {
        "couponCode": "DIGI",
        "couponNumber": 1,
        "startTime": epoch_milliseconds(FIRST),
        "description": "One month for 1",
        "couponPrice": 1.0,
        "periodLength": 1,
        "periodType": "months",
        "renewal": {"renewalPrice": 299.0, "periodLength": 1, "periodType": "months"},
    }
    assert (trial["couponPrice"], trial["periodLength"], trial["periodType"]) == (0.0, 14, "days")
    assert "renewal" not in trial


async def test_a_coupon_tells_its_delivery_plan_and_what_comes_along(server: Server, playground: Playground) -> None:
    await sell_anew(
        server, playground, "update coupon set extra_products = '{DIGI,WEEKEND}' where coupon_code = 'PAPER'"
    )
    [found] = (await (await shop(server)).get("/coupon/PAPER"))["coupons"]
    assert found["productDeliveryPlanId"] == 3
    assert found["extraProducts"] == [
        {"productId": "DIGI", "description": "DIGI"},
        {"productId": "WEEKEND", "description": "WEEKEND"},
    ]


@pytest.mark.parametrize("path", ["/coupon/PAPER", "/coupon/PAPER/10"])
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", False),
        ("?marketing", True),
        ("?marketing=", True),
        ("?marketing=true", True),
        ("?marketing=1", True),
        ("?other&marketing", True),
        ("?marketing=false", False),
    ],
)
async def test_marketing_codes_come_when_asked_for_and_the_bare_word_asks(
    server: Server, playground: Playground, path: str, query: str, told: bool
) -> None:
    await playground.connection.execute(
        "update coupon set project = 'P1', market = 'M1', activity = 'A1', sales_method = 'WEB'"
    )
    await sell_anew(server, playground)
    [found] = (await (await shop(server)).get(path + query))["coupons"]
    codes = {"project": "P1", "market": "M1", "activity": "A1", "salesMethod": "WEB"}
    assert found.get("marketing") == (codes if told else None)


async def test_a_flag_that_is_neither_true_nor_false_is_refused(server: Server) -> None:
    refused = await (await shop(server)).get("/coupon/PAPER?marketing=maybe", 400)
    assert refused["errorMessage"].startswith("marketing: ")


async def test_a_coupon_comes_and_goes_with_its_time(server: Server, playground: Playground) -> None:
    now = playground.clock.now()
    await playground.connection.execute(
        "update coupon set start_time = $1, end_time = $2 where coupon_code = 'PAPER'",
        now + timedelta(hours=1),
        now + timedelta(hours=2),
    )
    await sell_anew(server, playground)
    client = await shop(server)
    counts = []
    for _ in range(3):
        counts.append([len((await client.get(path))["coupons"]) for path in ("/coupon/PAPER", "/coupon/PAPER/10")])
        playground.clock.move(timedelta(hours=1))
    assert counts == [[0, 0], [1, 1], [0, 0]]


async def test_the_price_of_the_moment_is_listed(server: Server, playground: Playground) -> None:
    await playground.connection.execute(
        """
        insert into coupon_price
        select partner_id, coupon_code, coupon_number, $1, currency, vat_included, 109900, period_length, period_type,
            renewal_price_minor, renewal_period_length, renewal_period_type
        from coupon_price where coupon_code = 'PAPER' and partner_id = 1
        """,
        playground.clock.now() + timedelta(hours=1),
    )
    await sell_anew(server, playground)
    client = await shop(server)
    prices = []
    for _ in range(2):
        prices.append((await client.get("/coupon/PAPER"))["coupons"][0]["couponPrice"])
        prices.append((await client.post("/coupon/price", PAPER))["price"])
        playground.clock.move(timedelta(hours=1))
    assert prices == [999.0, 999.0, 1099.0, 1099.0]


async def test_a_product_that_is_not_sold_has_no_coupons(server: Server, playground: Playground) -> None:
    client = await shop(server)
    assert await client.get("/coupon/NOTHING") == {"coupons": []}
    assert await client.get("/coupon/MUG") == {"coupons": []}
    await sell_anew(server, playground, "update product set retired = true where product_code = 'PAPER'")
    assert await client.get("/coupon/PAPER") == {"coupons": []}
    assert await client.get("/coupon/PAPER/10") == {"coupons": []}


async def test_one_coupon_is_found_by_code_and_number(server: Server) -> None:
    client = await shop(server)
    listed = (await client.get("/coupon/DIGI"))["coupons"]
    assert await client.get("/coupon/DIGI/2") == {"coupons": [listed[1]]}
    for path in ("/coupon/DIGI/3", "/coupon/NOTHING/1", "/coupon/OLD/1"):
        assert await client.get(path) == {"coupons": []}


async def test_a_marketing_coupon_is_found_by_its_number_alone(server: Server) -> None:
    found = await (await shop(server)).get("/coupon/MKT/7?marketing")
    start = epoch_milliseconds(FIRST)
    entry = {"couponCode": "MKT", "couponNumber": 7, "startTime": start, "description": "The letter of spring"}
    assert found == {"coupons": [entry | {"marketing": {}}]}


async def test_a_number_that_is_none_is_not_found_or_refused(server: Server) -> None:
    client = await shop(server)
    for path, status in (("/coupon/DIGI/one", 404), ("/coupon/DIGI/0", 400), (f"/coupon/DIGI/{2**70}", 400)):
        await client.get(path, status)


async def test_each_partner_lists_its_own(server: Server, playground: Playground) -> None:
    await playground.connection.execute("update coupon set retired = true where partner_id = 2 and coupon_number = 10")
    await sell_anew(server, playground, "update coupon set description = 'Ours' where partner_id = 2")
    here, there = await shop(server), await other_shop(server)
    assert len((await here.get("/coupon/PAPER"))["coupons"]) == 1
    assert await there.get("/coupon/PAPER") == {"coupons": []}
    assert (await here.get("/coupon/DIGI/1"))["coupons"][0]["description"] == "One month for 1"
    assert (await there.post("/coupon/price", {"couponCode": "DIGI", "couponNumber": 1}))["currency"] == "SEK"
