"""Discounts for who subscribes to something else, as an order asks for them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.engine.pricing.service import applying_dependency
from tests.playground import Playground

NUMBER = 1002


async def discount(playground: Playground, product_code: str = "MAG", price: int = 10000) -> str | None:
    partner: PartnerCatalogue = (await read_catalogue(playground.connection)).partner(1)
    now = playground.clock.now()
    found = await applying_dependency(playground.connection, partner, NUMBER, product_code, now, price)
    return None if found is None else found.required_product_code


async def depend(playground: Playground, required: str, percent: str = "0", minor: int = 0) -> None:
    await playground.connection.execute(
        "insert into product_dependency values (1, 'MAG', $1, $2, $3)", required, Decimal(percent), minor
    )


@pytest.fixture
async def subscriber(playground: Playground) -> Playground:
    await playground.add_reader("ola@example.no", NUMBER)
    return playground


@pytest.mark.parametrize(
    ("state", "days", "counts"),
    [
        ("active", (-30, 335), True),
        # The period is over and the next one is being prepared.
        ("active", (-30, -1), True),
        ("stopping", (-30, 1), True),
        ("stopping", (-30, 0), False),
        ("paused", (-30, 335), True),
        ("waiting", (1, 30), False),
        ("stopped", (-60, -30), False),
    ],
)
async def test_only_a_subscription_that_is_running_gives_a_discount(
    subscriber: Playground, state: str, days: tuple[int, int], counts: bool
) -> None:
    await subscriber.subscribe(NUMBER, "PAPER", state=state, days=days)
    assert (await discount(subscriber) == "PAPER") is counts


async def test_it_ends_with_the_subscription(subscriber: Playground) -> None:
    await subscriber.subscribe(NUMBER, "PAPER", state="stopping", days=(-30, 10))
    assert await discount(subscriber) == "PAPER"
    subscriber.clock.move(timedelta(days=10, seconds=1))
    assert await discount(subscriber) is None


async def test_nothing_else_gives_one(subscriber: Playground) -> None:
    await subscriber.subscribe(NUMBER, "DIGI")
    assert await discount(subscriber) is None
    await subscriber.link((await subscriber.add_reader("per@example.no")).unique_id, 1003)
    await subscriber.subscribe(1003, "PAPER")
    await subscriber.link((await subscriber.add_reader("pal@annan.se")).unique_id, NUMBER, partner_id=2)
    await subscriber.subscribe(NUMBER, "PAPER", partner_id=2)
    assert await discount(subscriber) is None
    await subscriber.subscribe(NUMBER, "PAPER")
    assert await discount(subscriber, "DIGI") is None
    assert await discount(subscriber, "NOTHING") is None


async def test_the_best_discount_wins_and_which_that_is_depends_on_the_price(subscriber: Playground) -> None:
    await depend(subscriber, "DIGI", minor=1500)
    await depend(subscriber, "WEEKEND", percent="10")
    for product in ("DIGI", "WEEKEND", "PAPER"):
        await subscriber.subscribe(NUMBER, product)
    assert await discount(subscriber, price=20000) == "PAPER"
    assert await discount(subscriber, price=5000) == "DIGI"
