"""The customer's products, as existing clients read them: productId and accessType."""

from typing import Any

from kolofon.platform.clock import epoch_milliseconds
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, Playground, Reader


async def products(server: Server, token: str) -> list[dict[str, Any]]:
    answer = await server.http.get("/capi/v1/customer/product", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"products"}
    return list(answer.json()["products"])


async def test_each_product_has_the_access_it_gives_now(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "WEEKEND")
    start, end = await playground.subscribe(1002, "MAG", state="stopping", days=(-10, 20))
    await playground.subscribe(1002, "DIGI", state="stopped", days=(-90, -10))
    assert end is not None
    assert await products(server, await server.user_token("ola@example.no")) == [
        {"productId": "DIGI", "accessType": "D"},
        {
            "productId": "MAG",
            "accessType": "B",
            "startTime": epoch_milliseconds(start),
            "endTime": epoch_milliseconds(end),
        },
        {"productId": "WEEKEND", "accessType": "A"},
    ]


async def test_what_comes_along_by_a_rule_is_listed_too(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER")
    assert await products(server, await server.user_token("ola@example.no")) == [
        {"productId": "DIGI", "accessType": "A"},
        {"productId": "PAPER", "accessType": "A"},
    ]


async def test_access_from_an_order_counts_and_an_article_is_no_product(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.give_access(1002, "product", "MAG")
    await playground.give_access(1002, "article", "DIGI")
    found = await products(server, await server.user_token("ola@example.no"))
    assert [(entry["productId"], entry["accessType"]) for entry in found] == [("MAG", "B")]


async def test_a_product_that_was_taken_from_sale_is_still_the_customers(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.connection.execute("update product set retired = true where product_code = 'DIGI'")
    assert await products(server, await server.user_token(reader.credential)) == [
        {"productId": "DIGI", "accessType": "A"}
    ]


async def test_the_list_agrees_with_the_access_check(server: Server, playground: Playground) -> None:
    await playground.add_reader("ola@example.no", 1002)
    await playground.subscribe(1002, "PAPER", state="paused")
    await playground.subscribe(1002, "DIGI", state="stopping", days=(-10, 20))
    await playground.subscribe(1002, "MAG", state="waiting", days=(1, 20))
    token = await server.user_token("ola@example.no")
    listed = {entry["productId"]: entry["accessType"] for entry in await products(server, token)}
    for product in ("DIGI", "PAPER", "WEEKEND", "MAG"):
        answer = await server.http.post("/capi/v1/customer/access", json={"product": product}, headers=bearer(token))
        (entry,) = answer.json()["accesses"]
        assert listed.get(product, "D") == entry["accessType"], product
    assert listed == {"DIGI": "B", "PAPER": "D", "MAG": "D"}


async def test_who_is_no_customer_has_none(server: Server, playground: Playground) -> None:
    await playground.add_reader("loner@example.no")
    assert await products(server, await server.user_token("loner@example.no")) == []


async def test_each_partner_lists_what_it_sold(server: Server, playground: Playground, reader: Reader) -> None:
    await playground.link(reader.unique_id, 1001, partner_id=2)
    await playground.subscribe(1001, "MAG", partner_id=2)
    form = {"grant_type": "authorization_code", "redirect_uri": OTHER_CALLBACK}
    form["code"] = await server.code(reader.credential, client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    there = (await server.token(form, (OTHER, OTHER_SECRET))).json()["access_token"]
    here = await server.user_token(reader.credential)
    found = [[entry["productId"] for entry in await products(server, token)] for token in (here, there)]
    assert found == [["DIGI"], ["MAG"]]
