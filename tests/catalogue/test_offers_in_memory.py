from datetime import date, timedelta
from decimal import Decimal

from kolofon.catalogue.memory import read_catalogue
from kolofon.catalogue.offers import Offers, Period, version_at
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.playground import Playground
from tests.selling import FIRST


async def offers_of(connection: Connection, partner_id: int = 1) -> Offers:
    return (await read_catalogue(connection)).partner(partner_id).offers


async def test_all_that_a_partner_sells_is_in_memory(playground: Playground) -> None:
    offers = await offers_of(playground.connection)
    assert (offers.country_code, offers.currency, offers.time_zone) == ("NO", "NOK", "Europe/Oslo")
    assert (offers.preliminary_hours, offers.renewal_days, offers.due_days, offers.stop_days) == (72, 14, 14, 14)
    assert offers.companies["HOUSE"].account_number == "15032080119"
    assert [coupon.coupon_code for coupon in offers.coupons_of("DIGI")] == ["DIGI", "DIGI", "OLD", "TRIAL"]
    digi = offers.coupons["DIGI", 1]
    assert (digi.prices[0].price_minor, digi.prices[0].period) == (100, Period(1, "months"))
    assert (digi.prices[0].renewal_price_minor, digi.prices[0].renewal_period) == (29900, Period(1, "months"))
    assert offers.coupons["TRIAL", 5].prices[0].renewal_period is None
    assert offers.coupons["MKT", 7].prices == ()
    assert offers.products["MUG"].prices[0].price_minor == 19900
    assert {category: prices[0].price_minor for category, prices in offers.products["ARTICLE"].article_prices.items()}
    assert list(offers.products["MAG"].issues) == [f"2026-{month:02}" for month in range(1, 13)]
    assert offers.products["MAG"].issues["2026-03"].publication_date == date(2026, 3, 1)
    assert {(rate.vat_kind, rate.country_code): rate.percent for rate in offers.vat_rates}["NEWS", "SE"] == Decimal(6)
    assert [price.price_minor for price in offers.distribution_prices] == [5900, 9900, 4900]
    assert offers.delivery_plans[3].days[4:6] == ("fullAccessAndDelivery", "onlyDigitalAccess")
    assert offers.dependencies[0].discount_percent == Decimal(20)
    assert offers.reward_partners[7].product_code == "MUG"
    assert (offers.sellers, list(offers.sales_methods)) == ({}, ["TM", "WEB"])
    assert offers.payment_methods == {"other", "kco", "vippsRecurring", "creditcardPayex"}
    assert [rule.kind for rule in offers.reminder_rules] == ["reminder", "warning"]


async def test_a_partner_has_nothing_of_another(playground: Playground) -> None:
    connection = playground.connection
    await connection.execute("update coupon set description = 'Ours' where partner_id = 1 and coupon_code = 'TRIAL'")
    await connection.execute("update product set name = 'Our mug' where partner_id = 1 and product_code = 'MUG'")
    await connection.execute("delete from reminder_rule where partner_id = 1")
    ours, theirs = await offers_of(connection, 1), await offers_of(connection, 2)
    assert (ours.currency, theirs.currency) == ("NOK", "SEK")
    assert theirs.coupons["TRIAL", 5].description == "Fourteen days for nothing"
    assert theirs.products["MUG"].name == "MUG"
    assert (len(ours.reminder_rules), len(theirs.reminder_rules)) == (0, 2)


async def test_prices_are_versions_and_the_one_that_has_begun_counts(playground: Playground, clock: Clock) -> None:
    await playground.connection.execute(
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type)
        values (1, 'DIGI', 1, $1, 'NOK', true, 200, 1, 'months')
        """,
        clock.now() + timedelta(days=1),
    )
    prices = (await offers_of(playground.connection)).coupons["DIGI", 1].prices
    assert [price.price_minor for price in prices] == [100, 200]
    found = [version_at(prices, time) for time in (FIRST - timedelta(days=1), clock.now(), prices[1].valid_from)]
    assert [price.price_minor if price else None for price in found] == [None, 100, 200]
