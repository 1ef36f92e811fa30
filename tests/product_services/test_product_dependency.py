"""Check product dependency discount."""

from typing import Any

import pytest

from tests.browser_session import Server
from tests.calling import other_shop, sell_anew, shop
from tests.playground import Playground, Reader

PATH = "/productdependency/discount"
ASKED = {"customerNumber": 1001, "product": "MAG"}
NO_DISCOUNT = {"product": "MAG", "discount": False, "productDependencies": []}
BY_PAPER = {"product": "PAPER", "discountPercent": 20.0, "discountAmount": 0.0}


async def test_who_subscribes_to_the_other_product_gets_the_discount(
    server: Server, playground: Playground, reader: Reader
) -> None:
    client = await shop(server)
    assert await client.post(PATH, ASKED) == NO_DISCOUNT
    await playground.subscribe(1001, "PAPER")
    assert await client.post(PATH, ASKED) == {"product": "MAG", "discount": True, "productDependencies": [BY_PAPER]}


async def test_a_subscription_that_has_ended_or_not_begun_gives_none(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.subscribe(1001, "PAPER", state="stopped", days=(-60, -30))
    await playground.subscribe(1001, "PAPER", state="waiting", days=(10, 40))
    assert await (await shop(server)).post(PATH, ASKED) == NO_DISCOUNT


async def test_all_that_apply_are_told(server: Server, playground: Playground, reader: Reader) -> None:
    amount = "insert into product_dependency values (1, 'MAG', 'DIGI', 0, 1550), (1, 'MAG', 'WEEKEND', 0, 100)"
    await sell_anew(server, playground, amount)
    await playground.subscribe(1001, "PAPER")
    found = await (await shop(server)).post(PATH, ASKED)
    by_digi = {"product": "DIGI", "discountPercent": 0.0, "discountAmount": 15.5}
    assert found["productDependencies"] == [by_digi, BY_PAPER]


async def test_a_product_without_dependencies_gives_no_discount(server: Server, reader: Reader) -> None:
    found = await (await shop(server)).post(PATH, ASKED | {"product": "DIGI"})
    assert found == NO_DISCOUNT | {"product": "DIGI"}


async def test_a_number_that_is_no_customer_of_the_partner_is_not_found(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.subscribe(1001, "PAPER")
    here = await (await shop(server)).post(PATH, ASKED | {"customerNumber": 1002}, 404)
    there = await (await other_shop(server)).post(PATH, ASKED, 404)
    assert here["errorMessage"].replace("1002", "1001") == there["errorMessage"]


async def test_the_same_number_at_another_partner_is_somebody_else(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.subscribe(1001, "PAPER")
    await playground.add_reader("namesake@annan.se", 1001, partner_id=2)
    assert await (await other_shop(server)).post(PATH, ASKED) == NO_DISCOUNT


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"product": "NOTHING"}, "product: there is no product NOTHING"),
        ({"product": None}, "product"),
        ({"product": "X" * 13}, "product"),
        ({"customerNumber": None}, "customerNumber"),
        ({"customerNumber": 0}, "customerNumber"),
        ({"customerNumber": 2**53}, "customerNumber"),
    ],
)
async def test_what_is_malformed_is_refused_with_the_field(
    server: Server, reader: Reader, members: dict[str, Any], message: str
) -> None:
    assert message in await (await shop(server)).refused(PATH, ASKED | members)
