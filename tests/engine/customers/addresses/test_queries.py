"""What the database finds is what the model says, for every day of a year; and other readers go by the same rule."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kolofon.engine.customers.addresses import queries, rules
from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.engine.customers.addresses.queries import find_delivery_address
from kolofon.engine.customers.addresses.rules import AddressRow, Plan
from kolofon.engine.customers.queries import find_place
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from tests.engine.customers.addresses.model import DAYS, FIRST_DAY, PRODUCTS, Model, Refused, a_day, content, told
from tests.playground import Playground

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
NUMBER = 1001


@pytest.fixture
async def customer(playground: Playground, connection: Connection) -> Connection:
    await connection.execute("insert into customer (partner_id, customer_number, created_at) values (1, 1001, $1)", NOW)
    return connection


async def write(connection: Connection, plan: Plan) -> None:
    await queries.change_periods(connection, 1, NUMBER, plan.changed)
    await queries.add_addresses(connection, 1, NUMBER, plan.added, NOW)


def a_change(
    chance: random.Random, model: Model, rows: list[AddressRow]
) -> tuple[Callable[[], None], Callable[[], Plan]]:
    """The same change for the model and for the rules."""
    today, word = model.today, chance.choice(["Storgata", "Kirkeveien", "Hytta"])
    first = today + timedelta(days=chance.randrange(-3, 90))
    until = chance.choice([None, first + timedelta(days=chance.randrange(1, 30))])
    row = chance.choice(rows) if rows else None
    kind = chance.choice(["correct", "move", "change", "change", "change", "cancel", "dates", "dates"])
    if kind == "correct" or row is None:
        return lambda: model.correct(word), lambda: rules.correct_home(rows, today, content(word))
    if kind == "move":
        return lambda: model.move(word, first), lambda: rules.move_home(rows, today, content(word), first)
    if kind == "change":
        products = tuple(chance.sample(PRODUCTS, chance.randrange(1, 3)))
        return (
            lambda: model.change(products, word, first, until),
            lambda: rules.change_for_a_time(rows, today, products, content(word), first, until),
        )
    key = row.product_code, row.valid_from
    if kind == "cancel":
        return lambda: model.cancel(key), lambda: rules.cancel(rows, today, row.address_id)
    return (
        lambda: model.move_dates(key, first, until),
        lambda: rules.move_dates(rows, today, row.address_id, first, until),
    )


@pytest.mark.parametrize("seed", range(4))
async def test_deliveries_of_every_day_of_a_year_and_the_list_are_those_of_the_model(
    customer: Connection, seed: int
) -> None:
    chance, model = random.Random(seed), Model()  # noqa: S311 (not for secrets)
    done = 0
    for _ in range(60):
        # As the operation reads them: without what is over.
        rows = await queries.list_changeable(customer, 1, NUMBER, 0, model.today)
        of_model, of_rules = a_change(chance, model, rows)
        try:
            of_model()
        except Refused:
            with pytest.raises(InvalidRequest):
                of_rules()
        else:
            await write(customer, of_rules())
            done += 1
        model.today += timedelta(days=chance.randrange(0, 6))
    assert done > 20
    assert {told(row) for row in await queries.list_addresses(customer, 1, NUMBER, None, model.today)} == model.rows()
    for number in range(DAYS):
        day = a_day(number)
        for product in (None, *PRODUCTS, "DIGI"):
            found = await find_delivery_address(customer, 1, NUMBER, product, day)
            assert (found.data.street if found is not None else None) == model.address(product, day), (product, day)


async def test_all_that_an_address_says_comes_back_as_it_was_written(customer: Connection) -> None:
    data = AddressData(
        care_of="Hansen",
        street="Storgata",
        street_number=1,
        entrance="B",
        floor_type="H",
        floor=3,
        suite="01",
        postal_code="0150",
        postal_place="OSLO",
        country_code="NO",
        postal_address="Postboks 7",
        postal_address_postal_code="0101",
        postal_address_postal_place="OSLO",
    )
    row = AddressRow(product_code="PAPER", valid_from=FIRST_DAY, valid_until=a_day(3), data=data)
    [number] = await queries.add_addresses(customer, 1, NUMBER, [row], NOW)
    [found] = await queries.list_addresses(customer, 1, NUMBER, "PAPER", FIRST_DAY)
    assert (found.address_id, found.data, told(found)) == (number, data, told(row))


async def test_prices_go_by_the_home_address_of_the_day_and_by_no_change_for_a_time(customer: Connection) -> None:
    def at(code: str) -> AddressData:
        return AddressData(street="Storgata", postal_code=code, country_code="NO")

    await write(customer, rules.correct_home([], FIRST_DAY, at("0150")))
    [home] = await queries.list_changeable(customer, 1, NUMBER, 0, FIRST_DAY)
    await write(customer, rules.change_for_a_time([home], FIRST_DAY, PRODUCTS, at("9008"), None, None))
    await write(customer, rules.move_home([home], FIRST_DAY, at("5003"), a_day(10)))
    assert [await find_place(customer, 1, NUMBER, a_day(number)) for number in (-1, 0, 9, 10, 300)] == [
        None,
        ("NO", "0150"),
        ("NO", "0150"),
        ("NO", "5003"),
        ("NO", "5003"),
    ]


async def test_the_home_address_is_looked_up_by_its_key_and_not_by_a_function(customer: Connection) -> None:
    await customer.execute("set enable_seqscan = off")
    lines = await customer.fetch(
        """
        explain select c.customer_number, a.postal_code
        from customer c
        left join lateral home_address(c.partner_id, c.customer_number, date '2027-01-01') a on true
        where c.partner_id = 1 and c.customer_number = 1001
        """
    )
    plan = "\n".join(line[0] for line in lines)
    assert "Index Scan using customer_address_pkey on customer_address" in plan
    assert "Function Scan" not in plan
