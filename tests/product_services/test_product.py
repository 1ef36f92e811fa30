"""What a partner sells, as lists for shops and for who keeps a copy."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kolofon.platform.clock import epoch_milliseconds
from tests.browser_session import Server, bearer
from tests.calling import Shop, other_shop, sell_anew, shop
from tests.playground import Playground

ALL = ["ARTICLE", "DIGI", "MAG", "MUG", "PAPER", "WEEKEND"]
SUBSCRIPTIONS = ["DIGI", "MAG", "PAPER", "WEEKEND"]


async def listed(client: Shop, path: str = "/product") -> list[str]:
    return codes(await client.get(path))


async def checked(client: Shop, body: dict[str, Any], query: str = "") -> list[str]:
    return codes(await client.post(f"/product{query}", body))


def codes(answer: dict[str, Any]) -> list[str]:
    assert set(answer) == {"products"}
    return [entry["product"] for entry in answer["products"]]


def literal(time: datetime) -> str:
    return f"'{time.isoformat()}'::timestamptz"


async def test_all_products_are_listed_with_their_prices(server: Server) -> None:
    found = (await (await shop(server)).get("/product"))["products"]
    assert [entry["product"] for entry in found] == ALL
    assert found[ALL.index("MUG")] == {
        "companyCode": "HOUSE",
        "product": "MUG",
        "description": "MUG",
        "productType": "single",
        "weight": None,
        "campaigns": None,
        "currency": "NOK",
        "webOfferPrice": 199.0,
        "retailPrice": 249.0,
        "vatPercent": 25.0,
        "digital": False,
        "startTime": None,
        "endTime": None,
    }
    digital = found[ALL.index("DIGI")]
    assert (digital["digital"], digital["vatPercent"], digital["currency"]) == (True, 0.0, None)


async def test_every_member_is_told(server: Server, playground: Playground) -> None:
    start, end = playground.clock.now() - timedelta(days=1), playground.clock.now() + timedelta(days=1)
    change = f"""
        update product set weight = 350.5, campaigns = 'SPRING', vat_kind = null,
            start_time = {literal(start)}, end_time = {literal(end)}
        where product_code = 'MUG'
        """
    await sell_anew(server, playground, change)
    [found] = (await (await shop(server)).get("/product?productId=MUG"))["products"]
    assert (found["weight"], found["campaigns"], found["vatPercent"]) == (350.5, "SPRING", 0.0)
    assert (found["startTime"], found["endTime"]) == (epoch_milliseconds(start), epoch_milliseconds(end))


async def test_one_product_is_found_by_its_id_and_an_unknown_one_is_an_empty_list(server: Server) -> None:
    client = await shop(server)
    assert await listed(client, "/product?productId=PAPER") == ["PAPER"]
    assert await listed(client, "/product?productId=paper") == []
    assert await listed(client, "/product?productId=NOTHING") == []
    assert await listed(client, "/product?productId=") == ALL
    await client.get(f"/product?productId={'X' * 13}", 400)


@pytest.mark.parametrize(
    ("query", "in_shop"), [("shop", True), ("shop=true", True), ("shop=false", False), ("shop=0", False)]
)
async def test_a_shop_asks_for_what_is_sold_there(
    server: Server, playground: Playground, query: str, in_shop: bool
) -> None:
    await sell_anew(server, playground, "update product set shop = false where product_code in ('WEEKEND', 'MUG')")
    client = await shop(server)
    out = {"WEEKEND", "MUG"} if in_shop else set()
    assert await listed(client, f"/product?{query}") == [code for code in ALL if code not in out]
    assert await checked(client, {}, f"?{query}") == [code for code in ALL if code not in out]
    found = await listed(client, f"/product/subscription?{query}")
    assert found == [code for code in SUBSCRIPTIONS if code not in out]


async def test_products_of_one_type_are_listed(server: Server) -> None:
    client = await shop(server)
    assert await listed(client, "/product/subscription") == SUBSCRIPTIONS
    assert await listed(client, "/product/single") == ["MUG"]
    assert await listed(client, "/product/article") == ["ARTICLE"]
    assert await listed(client, "/product/issue") == []
    assert await listed(client, "/product/subscription?productId=PAPER") == ["PAPER"]
    assert await listed(client, "/product/subscription?productId=MUG") == []


@pytest.mark.parametrize("word", ["books", "Subscription", "x" * 300])
async def test_a_type_that_there_is_not_is_refused_with_the_field(server: Server, word: str) -> None:
    refused = await (await shop(server)).get(f"/product/{word}", 400)
    assert refused["errorMessage"].startswith("productType: ")


async def test_what_changed_after_a_moment_is_found_and_the_moment_is_not_included(
    server: Server, playground: Playground
) -> None:
    now = playground.clock.now().replace(microsecond=0)
    await sell_anew(server, playground, f"update product set changed_at = {literal(now)} where product_code = 'PAPER'")
    client = await shop(server)
    moment = epoch_milliseconds(now)
    assert await checked(client, {"changedAfter": moment - 1}) == ["PAPER"]
    assert await checked(client, {"changedAfter": moment}) == []
    assert await checked(client, {}) == ALL
    assert await checked(client, {"changedAfter": -(2**60)}) == ALL
    assert await checked(client, {"changedAfter": 2**60}) == []


async def test_a_price_that_comes_into_force_is_a_change(server: Server, playground: Playground) -> None:
    price_time = (playground.clock.now() + timedelta(hours=1)).replace(microsecond=0)
    change = f"""
        insert into product_price (partner_id, product_code, valid_from, currency, vat_included, retail_price_minor)
        values (1, 'MUG', {literal(price_time)}, 'NOK', true, 29900)
        """
    await sell_anew(server, playground, change)
    client = await shop(server)
    body = {"changedAfter": epoch_milliseconds(price_time) - 1}
    assert await checked(client, body) == []
    playground.clock.move(timedelta(hours=1, seconds=1))
    [found] = (await client.post("/product", body))["products"]
    assert (found["product"], found["retailPrice"], found["webOfferPrice"]) == ("MUG", 299.0, None)


async def test_only_what_is_sold_now_is_active(server: Server, playground: Playground) -> None:
    now = playground.clock.now()
    await sell_anew(
        server,
        playground,
        f"update product set start_time = {literal(now + timedelta(hours=1))} where product_code = 'DIGI'",
        f"update product set end_time = {literal(now + timedelta(hours=1))} where product_code = 'PAPER'",
    )
    client = await shop(server)
    found = []
    for _ in range(2):
        found.append([code for code in await checked(client, {"onlyActive": True}) if code in {"DIGI", "PAPER"}])
        playground.clock.move(timedelta(hours=1))
    assert found == [["PAPER"], ["DIGI"]]
    assert await checked(client, {"onlyActive": False}) == ALL
    assert await listed(client) == ALL


async def test_both_conditions_combine(server: Server, playground: Playground) -> None:
    now = playground.clock.now()
    await sell_anew(
        server,
        playground,
        f"update product set changed_at = {literal(now)} where product_code in ('DIGI', 'PAPER')",
        f"update product set end_time = {literal(now)} where product_code = 'PAPER'",
    )
    body = {"changedAfter": epoch_milliseconds(now) - 1, "onlyActive": True}
    assert await checked(await shop(server), body) == ["DIGI"]


async def test_what_was_taken_from_sale_is_told_once_more_as_ended_to_who_keeps_a_copy(
    server: Server, playground: Playground
) -> None:
    taken = playground.clock.now().replace(microsecond=0)
    change = f"update product set retired = true, changed_at = {literal(taken)} where product_code = 'PAPER'"
    await sell_anew(server, playground, change)
    client = await shop(server)
    assert "PAPER" not in await listed(client)
    assert await listed(client, "/product?productId=PAPER") == []
    moment = epoch_milliseconds(taken)
    [found] = (await client.post("/product", {"changedAfter": moment - 1}))["products"]
    assert (found["product"], found["endTime"]) == ("PAPER", moment)
    assert await checked(client, {"changedAfter": moment - 1, "onlyActive": True}) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [({"changedAfter": "yesterday"}, "changedAfter"), ({"onlyActive": "perhaps"}, "onlyActive"), (None, "the body")],
)
async def test_what_is_malformed_is_refused_with_the_field(server: Server, body: Any, field: str) -> None:
    headers = bearer(await server.client_token())
    answer = await server.http.post("/capi/v1/client/product", json=body, headers=headers)
    assert answer.status_code == 400
    assert field in answer.json()["errorMessage"]


async def test_each_partner_lists_its_own(server: Server, playground: Playground) -> None:
    await sell_anew(
        server,
        playground,
        "update product set name = 'Theirs' where partner_id = 2",
        "insert into product (partner_id, product_code, company_code, name, product_type) "
        "values (2, 'SECRET', 'HOUSE', 'Secret', 'single')",
    )
    here, there = await shop(server), await other_shop(server)
    assert await listed(here, "/product?productId=SECRET") == []
    assert await listed(there, "/product?productId=SECRET") == ["SECRET"]
    assert "Theirs" not in {entry["description"] for entry in (await here.get("/product"))["products"]}


async def test_the_list_is_written_as_xml_for_who_asks_for_it(server: Server) -> None:
    headers = bearer(await server.client_token()) | {"Accept": "application/xml"}
    answer = await server.http.get("/capi/v1/client/product?productId=MUG", headers=headers)
    assert "<products><product><companyCode>HOUSE</companyCode><product>MUG</product>" in answer.text
