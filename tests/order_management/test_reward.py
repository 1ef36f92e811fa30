"""Check reward."""

from typing import Any

import pytest

from tests.browser_session import Server
from tests.calling import other_shop, shop
from tests.playground import WEB, Playground

PATH = "/reward/check"
ASKED = {"rewardPartnerId": 7, "rewardId": "r-1"}


async def give(playground: Playground, customer_number: int | None, reward_id: str = "r-1") -> None:
    """As completing an order does, and its hand-over."""
    now = playground.clock.now()
    await playground.connection.execute(
        """
        insert into customer_order (order_id, partner_id, client_id, status, registered_at, order_time, payment_method,
            recurring, prepaid, company_code, currency, amount_minor, vat_minor, payer, expires_at)
        values (4711, 1, $1, 'preliminary', $2, $2, 'free', false, false, 'HOUSE', 'NOK', 0, 0, '{}', $2)
        """,
        WEB,
        now,
    )
    await playground.connection.execute(
        """
        insert into order_line (order_id, line_number, partner_id, product_spec_type, product_code, description,
            quantity, vat_included, unit_price_minor, net_minor, vat_percent, vat_minor)
        values (4711, 1, 1, 'product', 'MUG', 'MUG', 1, true, 0, 0, 0, 0)
        """
    )
    await playground.connection.execute(
        """
        insert into customer_reward (partner_id, reward_partner_id, reward_id, product_code, order_id, line_number,
            customer_number, given_at)
        values (1, 7, $1, 'MUG', 4711, 1, $2, $3)
        """,
        reward_id,
        customer_number,
        now,
    )


async def test_a_reward_tells_whose_it_is_and_what(server: Server, playground: Playground) -> None:
    await give(playground, 1001)
    found = await (await shop(server)).post(PATH, ASKED)
    assert found == {"customerNumber": 1001, "product": "MUG", "rewardId": "r-1"}


async def test_before_the_order_is_handed_over_it_is_nobody_s_yet(server: Server, playground: Playground) -> None:
    await give(playground, None)
    assert await (await shop(server)).post(PATH, ASKED) == {"product": "MUG", "rewardId": "r-1"}


@pytest.mark.parametrize("asked", [{"rewardId": "r-2"}, {"rewardPartnerId": 8}, {"rewardId": "R-1"}])
async def test_a_reward_that_nobody_has_is_an_empty_object(
    server: Server, playground: Playground, asked: dict[str, Any]
) -> None:
    await give(playground, 1001)
    assert await (await shop(server)).post(PATH, ASKED | asked) == {}


async def test_another_partner_knows_nothing_of_it(server: Server, playground: Playground) -> None:
    await give(playground, 1001)
    assert await (await other_shop(server)).post(PATH, ASKED) == {}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"rewardId": None}, "rewardId"),
        ({"rewardId": ""}, "rewardId"),
        ({"rewardId": "x" * 37}, "rewardId"),
        ({"rewardPartnerId": None}, "rewardPartnerId"),
        ({"rewardPartnerId": "seven"}, "rewardPartnerId"),
        ({"rewardPartnerId": 2**31}, "rewardPartnerId"),
    ],
)
async def test_what_is_malformed_is_refused_with_the_field(server: Server, members: dict[str, Any], field: str) -> None:
    assert (await (await shop(server)).refused(PATH, ASKED | members)).startswith(field)
