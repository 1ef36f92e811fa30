"""What is sold comes from the file, its prices are versions, and nothing that orders refer to is ever taken away."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.catalogue.offers import ArticlePrice, Offers, Period
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.catalogue.publisher_files import SELLING, Shelf
from tests.catalogue.test_load import contents, shelf
from tests.waiting import until_waiting

__all__ = ["shelf"]

COUPON = SELLING[SELLING.index("  - {code: DIGI, number: 1") : SELLING.index("  - {code: PAPIR, number: 7, desc")]
VOUCHERS = SELLING[SELLING.index("vouchers:") : SELLING.index("rewardPartners:")]
# What is left when a partner sells nothing any more: orders have been made by all of the rest.
NOTHING = SELLING[: SELLING.index("products:")] + SELLING[SELLING.index("clients:") : SELLING.index("readers:")]


async def offers_of(connection: Connection, partner_id: int = 1) -> Offers:
    return (await read_catalogue(connection)).partner(partner_id).offers


async def rows(connection: Connection, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(query, *arguments)]


async def events(connection: Connection) -> list[tuple[str, str, str]]:
    """Type, status and code (and number) of all events, and forget them."""
    found = await rows(
        connection,
        """
        delete from event
        returning type, status,
            concat_ws(' ', coalesce(data->>'couponCode', data->>'productCode'), data->>'couponNumber')
        """,
    )
    return sorted(found)


async def order(connection: Connection) -> None:
    """An order of a coupon by voucher, and of an issue and a mug with a reward; handed over to nobody yet."""
    await connection.execute(
        """
        insert into customer_order (order_id, partner_id, client_id, status, registered_at, order_time, payment_method,
            recurring, prepaid, company_code, currency, amount_minor, vat_minor, payer, expires_at, next_attempt_at)
        values (9, 1, 'no.salg.web', 'fulfilled', now(), now(), 'invoice', false, false, 'HUS', 'NOK', 15000, 0, '{}',
            now(), now())
        """
    )
    await connection.execute(
        """
        insert into order_line (order_id, line_number, partner_id, product_spec_type, coupon_code, coupon_number,
            product_code, issue_code, description, quantity, price_version, vat_included, unit_price_minor, net_minor,
            vat_percent, vat_minor, voucher_code, reward_partner_id, reward_id)
        select 9, line, 1, type, coupon, number, product, issue, 'x', 1, (select max(valid_from) from coupon_price),
            true, 100, 100, 0, 0, voucher, reward, reward::text
        from (values
            (1, 'coupon', 'DIGI', 1, 'DIGI', null, 'GAVE-1', 1),
            (2, 'issue', 'PAPIR', 7, 'PAPIR', '2026-1', null, null),
            (3, 'product', null, null, 'KRUS', null, null, null)
        ) as l (line, type, coupon, number, product, issue, voucher, reward)
        """
    )
    await connection.execute("insert into voucher_use values (9, 1, 1, 'GAVE-1', now())")
    await connection.execute("update voucher set used = 1")
    await connection.execute("insert into customer_reward values (1, 1, '1', 'KRUS', 9, 1, null, now())")
    await connection.execute("update stock set quantity = quantity - 1")
    await connection.execute(
        """
        insert into stock_movement (partner_id, product_code, warehouse, quantity, order_id, line_number, cause,
            moved_at)
        values (1, 'KRUS', 'HOVED', -1, 9, 3, 'order', now())
        """
    )


async def test_all_that_is_sold_reaches_the_memory(shelf: Shelf, connection: Connection) -> None:
    summary = await shelf.load(SELLING)
    assert "coupons: 3 added (BREV 9, DIGI 1, PAPIR 7)" in str(summary)
    assert "distribution prices: 2 added (NO, NO 9000 9999)" in str(summary)
    offers = await offers_of(connection)
    assert (offers.preliminary_hours, offers.renewal_days, offers.due_days, offers.stop_days) == (24, 10, 15, 16)
    company = offers.companies["HUS"]
    assert (company.account_number, company.kid_customer_digits, company.kid_invoice_digits) == ("1503.20.80119", 7, 8)
    assert company.kid_algorithm == "MOD11"
    assert [(rate.vat_kind, rate.country_code, rate.percent) for rate in offers.vat_rates] == [
        ("AVIS", "NO", Decimal(0)),
        ("VARE", "NO", Decimal(25)),
        ("VARE", "SE", Decimal("12.5")),
    ]
    mug = offers.products["KRUS"]
    assert (mug.vat_kind, mug.campaigns, mug.shop, mug.digital) == ("VARE", "Gaver", True, False)
    assert mug.start_time == datetime(2025, 12, 31, 23, tzinfo=UTC)  # midnight in Oslo
    assert mug.end_time == datetime(2036, 1, 1, 11, tzinfo=UTC)
    assert (mug.prices[0].web_offer_price_minor, mug.prices[0].retail_price_minor) == (14900, 19900)
    assert offers.products["DIGI"].prices[0].period == Period(1, "months")
    assert offers.products["PAPIR"].weight == Decimal("210.5")
    assert offers.products["PAPIR"].issues["2026-1"].distribution_planned_date == date(2026, 1, 15)
    article = offers.products["ARTIKKEL"]
    assert article.access_days == 30
    assert article.article_prices[""][0].price_minor == 1950
    paper = offers.coupons["PAPIR", 7]
    assert (paper.delivery_plan_id, paper.extra_products) == (3, ("DIGI",))
    assert (paper.prices[0].period, paper.prices[0].vat_included) == (Period(12, "weeks"), False)
    assert paper.prices[0].renewal_period is None
    assert offers.coupons["DIGI", 1].sales_method == "WEB"
    letter = offers.coupons["BREV", 9]
    assert (letter.kind, letter.project, letter.market, letter.activity) == ("marketing", "P", "M", "A")
    assert offers.delivery_plans[3].days == ("fullAccessAndDelivery",) * 6 + ("noAccessOrDelivery",)
    assert offers.dependencies[0].discount_percent == Decimal(20)
    assert offers.reward_partners[1].product_code == "KRUS"
    assert (offers.sellers, offers.sales_methods) == ({"ASTRID": "Astrid"}, {"WEB": "Nettet"})
    assert offers.payment_methods == {"other", "kco"}
    assert [(rule.reminder_number, rule.kind, rule.fee_minor) for rule in offers.reminder_rules] == [
        (1, "reminder", 3800),
        (2, "warning", 3800),
    ]
    assert (offers.templates[0].subject, offers.templates[0].text) == ("Hei fra {site}", "Hei!\n\nHer: {link}")


async def test_what_orders_change_is_made_too(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SELLING)
    assert await rows(connection, "select company_code, next_number from invoice_counter") == [("HUS", 5001)]
    assert await rows(connection, "select product_code, warehouse, quantity from stock") == [("KRUS", "HOVED", 25)]
    assert await rows(connection, "select quantity, cause from stock_movement") == [(25, "load")]
    voucher = "select voucher_code, uses_allowed, used, end_time from voucher"
    assert await rows(connection, voucher) == [("GAVE-1", 3, 0, datetime(2035, 12, 31, 23, tzinfo=UTC))]
    coupons = "select coupon_code, coupon_number from voucher_coupon order by 1"
    assert await rows(connection, coupons) == [("DIGI", 1), ("PAPIR", 7)]


async def test_loading_it_again_changes_nothing_and_tells_nobody(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    before = await contents(connection)
    clock.move(timedelta(days=40))
    assert not (await shelf.load(SELLING)).has_changed
    assert await contents(connection) == before


async def test_a_price_that_changes_is_a_new_one_from_now_on_and_the_old_one_stays(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    first = clock.now()
    clock.move(timedelta(days=30))
    changed = SELLING.replace("product: DIGI, price: 1,", "product: DIGI, price: 2.50,").replace("149", "159")
    summary = await shelf.load(changed.replace("price: 19.50", "price: 25").replace("price: 59", "price: 69"))
    assert "coupon prices: 1 added (DIGI 1), 1 unchanged" in str(summary)
    assert "product prices: 1 added (KRUS), 1 unchanged" in str(summary)
    assert "article prices: 1 added (ARTIKKEL)" in str(summary)
    assert "distribution prices: 1 added (NO), 1 unchanged" in str(summary)
    offers = await offers_of(connection)
    digi, paper = offers.coupons["DIGI", 1], offers.coupons["PAPIR", 7]
    assert [price.price_minor for price in digi.prices] == [100, 250]
    assert digi.prices[0].valid_from <= first < digi.prices[1].valid_from <= clock.now()
    assert len(paper.prices) == 1
    assert [price.price_minor for price in offers.products["KRUS"].prices] == [14900, 15900]
    assert [price.price_minor for price in offers.products["ARTIKKEL"].article_prices[""]] == [1950, 2500]
    assert [price.price_minor for price in offers.distribution_prices] == [5900, 6900, 9900]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("price: 1, period: 1 month", "price: 1, period: 2 months"),
        ("renewalPrice: 299,", "renewalPrice: 309,"),
        ("renewalPeriod: 1 month", "renewalPeriod: 4 weeks"),
        ("renewalPrice: 299, renewalPeriod: 1 month, ", ""),
        ("renewalPeriod: 1 month, ", "renewalPeriod: 1 month, vatIncluded: false, "),
        ("currency: NOK", "currency: DKK"),
    ],
)
async def test_all_of_a_coupons_price_is_versioned(shelf: Shelf, connection: Connection, old: str, new: str) -> None:
    await shelf.load(SELLING)
    await shelf.load(SELLING.replace(old, new))
    prices = (await offers_of(connection)).coupons["DIGI", 1].prices
    assert len(prices) == 2
    assert prices[0] != prices[1]


async def test_a_price_that_is_gone_ends_now_and_one_that_never_was_is_not_noted(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SELLING)
    gone = SELLING.replace("    webOfferPrice: 149\n    retailPrice: 199\n", "")
    gone = gone.replace(", articlePrices: [{price: 19.50}]", "").replace("  - {country: NO, price: 59}\n", "")
    for _ in range(2):
        await shelf.load(gone)
        offers = await offers_of(connection)
        assert [price.price_minor for price in offers.products["KRUS"].prices] == [14900, None]
        assert [price.price_minor for price in offers.products["ARTIKKEL"].article_prices[""]] == [1950, None]
        places = [(price.postal_code_from, price.price_minor) for price in offers.distribution_prices]
        assert places == [("", 5900), ("", None), ("9000", 9900)]
        assert offers.products["PAPIR"].prices == ()
    await shelf.load(SELLING)
    offers = await offers_of(connection)
    assert [price.price_minor for price in offers.products["KRUS"].prices] == [14900, None, 14900]


async def test_a_new_price_comes_after_the_old_one_though_the_clock_has_been_put_back(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    clock.move(timedelta(days=-3))
    await shelf.load(SELLING.replace("price: 1,", "price: 5,").replace("price: 19.50", "price: 25"))
    offers = await offers_of(connection)
    assert [price.price_minor for price in offers.coupons["DIGI", 1].prices] == [100, 500]
    article: tuple[ArticlePrice, ...] = offers.products["ARTIKKEL"].article_prices[""]
    assert [price.price_minor for price in article] == [1950, 2500]
    assert article[1].valid_from - article[0].valid_from == timedelta(microseconds=1)


async def test_what_is_gone_is_retired_and_comes_back_with_the_file(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SELLING)
    retired = """
        select 'coupon', coupon_code from coupon where retired union all
        select 'plan', plan_name from delivery_plan where retired union all
        select 'reward', name from reward_partner where retired union all
        select 'product', product_code from product where retired union all
        select 'voucher', voucher_code from voucher where retired
        order by 1, 2
    """
    summary = await shelf.load(NOTHING)
    assert "vouchers: 1 retired (GAVE-1)" in str(summary)
    assert await rows(connection, retired) == [
        ("coupon", "BREV"),
        ("coupon", "DIGI"),
        ("coupon", "PAPIR"),
        ("plan", "HVERDAG"),
        ("product", "ARTIKKEL"),
        ("product", "DIGI"),
        ("product", "KRUS"),
        ("product", "PAPIR"),
        ("reward", "Ververn"),
        ("voucher", "GAVE-1"),
    ]
    offers = await offers_of(connection)
    assert (offers.sellers, offers.sales_methods, offers.payment_methods) == ({}, {}, frozenset())
    assert (offers.reminder_rules, offers.dependencies, len(offers.vat_rates)) == ((), (), 3)
    summary = await shelf.load(SELLING)
    assert "coupons: 3 changed" in str(summary)
    assert await rows(connection, retired) == []
    # The prices were there all the time.
    assert len((await offers_of(connection)).coupons["DIGI", 1].prices) == 1


async def test_what_orders_refer_to_stays_as_it_was_when_the_file_has_nothing_of_it(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SELLING)
    await order(connection)
    referred = (
        "customer_order",
        "order_line",
        "voucher_use",
        "customer_reward",
        "stock",
        "stock_movement",
        "coupon_price",
        "product_price",
        "product_issue",
        "voucher_coupon",
        "company",
        "invoice_counter",
    )
    before = await contents(connection)
    summary = await shelf.load(NOTHING)
    assert "issues: 1 kept though not in the file (PAPIR 2026-1)" in str(summary)
    after = await contents(connection)
    assert {name: after[name] for name in referred} == {name: before[name] for name in referred}
    assert await rows(connection, "select used, uses_allowed, retired from voucher") == [(1, 3, True)]
    await shelf.load(SELLING)
    assert await rows(connection, "select used, uses_allowed, retired from voucher") == [(1, 3, False)]
    assert await rows(connection, "select quantity from stock") == [(24,)]


async def test_stock_and_invoice_numbers_go_on_from_where_orders_left_them(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SELLING)
    await connection.execute("update stock set quantity = 3")
    await connection.execute("update invoice_counter set next_number = 5077")
    more = SELLING.replace("quantity: 25", "quantity: 99").replace("firstInvoiceNumber: 5001", "firstInvoiceNumber: 1")
    summary = await shelf.load(more.replace("quantity: 99}]", "quantity: 99}, {warehouse: B, quantity: 0}]"))
    assert "stock: 1 added (KRUS B)" in str(summary)
    assert await rows(connection, "select warehouse, quantity from stock order by 1") == [("B", 0), ("HOVED", 3)]
    assert await rows(connection, "select next_number from invoice_counter") == [(5077,)]


async def test_an_issue_that_nobody_ordered_goes_and_one_that_changes_changes(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SELLING)
    await shelf.load(SELLING.replace("2026-01-15}", "2026-01-15, distributionDate: 2026-01-16}"))
    assert (await offers_of(connection)).products["PAPIR"].issues["2026-1"].distribution_date == date(2026, 1, 16)
    summary = await shelf.load(SELLING.replace("    issues: [{code: 2026-1, publicationDate: 2026-01-15}]\n", ""))
    assert "issues: 1 removed (PAPIR 2026-1)" in str(summary)
    assert (await offers_of(connection)).products["PAPIR"].issues == {}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("number: 1, description: Prøv, product: DIGI", "number: 1, description: Prøv, product: PAPIR", "coupons[0]"),
        ("number: 7, description: Papir, product: PAPIR", "number: 7, description: P, product: PAPIR2", "coupons[1]"),
        ("product: PAPIR, name: HVERDAG", "product: PAPIR2, name: HVERDAG", "deliveryPlans[0]"),
    ],
)
async def test_a_coupon_and_a_delivery_plan_keep_their_product(
    shelf: Shelf, connection: Connection, old: str, new: str, field: str
) -> None:
    base = SELLING.replace("coupon: {code: DIGI, number: 1}, ", "")
    await shelf.load(base)
    before = await contents(connection)
    text = base.replace("products:", "products:\n  - {code: PAPIR2, name: Papir, company: HUS}", 1).replace(old, new)
    text = text.replace("\n     deliveryPlan: 3,", "")
    with pytest.raises(PublisherFileError) as error:
        await shelf.load(text)
    line = text.count("\n", 0, text.index(new)) + 1
    assert f":{line}: {field}.product: expected " in str(error.value)
    assert "as it was" in str(error.value)
    assert await contents(connection) == before


async def test_a_voucher_has_at_least_as_many_uses_as_were_made(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SELLING)
    await connection.execute("update voucher set used = 2")
    with pytest.raises(PublisherFileError, match=r"vouchers\[0\].uses: expected at least 2: so often it was used"):
        await shelf.load(SELLING.replace("uses: 3", "uses: 1"))
    await shelf.load(SELLING.replace("uses: 3", "uses: 2").replace(", {code: PAPIR, number: 7}]", "]"))
    assert await rows(connection, "select uses_allowed, used from voucher") == [(2, 2)]
    assert await rows(connection, "select coupon_code from voucher_coupon") == [("DIGI",)]


async def test_a_load_waits_for_the_order_that_is_using_a_voucher(
    shelf: Shelf, connection: Connection, database_url: str
) -> None:
    await shelf.load(SELLING)
    other = await asyncpg.connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("update voucher set used = used + 3")
    load = asyncio.create_task(shelf.load(SELLING.replace("uses: 3", "uses: 2")))

    await until_waiting(other)
    await transaction.commit()
    await other.close()
    with pytest.raises(PublisherFileError, match="expected at least 3: so often it was used"):
        await load
    assert await rows(connection, "select uses_allowed, used from voucher") == [(3, 3)]


async def test_changes_of_products_and_coupons_are_told_with_the_load_that_made_them(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    assert await events(connection) == [
        ("coupon", "new", "BREV 9"),
        ("coupon", "new", "DIGI 1"),
        ("coupon", "new", "PAPIR 7"),
        ("product", "new", "ARTIKKEL"),
        ("product", "new", "DIGI"),
        ("product", "new", "KRUS"),
        ("product", "new", "PAPIR"),
    ]
    changed = SELLING.replace("name: Krus", "name: Kopp").replace(
        "product: DIGI, price: 1,", "product: DIGI, price: 2,"
    )
    changed = changed.replace("price: 19.50", "price: 20").replace("2026-01-15", "2026-01-16")
    await shelf.load(changed.replace("description: Brevet", "description: Et brev"))
    assert await events(connection) == [
        ("coupon", "update", "BREV 9"),
        ("coupon", "update", "DIGI 1"),
        ("product", "update", "ARTIKKEL"),
        ("product", "update", "KRUS"),
        ("product", "update", "PAPIR"),
    ]
    await shelf.load(changed.replace("code: KRUS\n    name: Kopp\n", "code: KRUS\n    name: Kopp\n    retired: true\n"))
    await events(connection)
    await shelf.load(NOTHING)
    told = await events(connection)
    assert ("coupon", "delete", "DIGI 1") in told
    assert [row for row in told if row[0] == "product"] == [
        ("product", "delete", "ARTIKKEL"),
        ("product", "delete", "DIGI"),
        ("product", "delete", "PAPIR"),
    ]
    await shelf.load(SELLING)
    assert ("product", "new", "KRUS") in await events(connection)
    # A load that fails tells of nothing.
    with pytest.raises(PublisherFileError):
        await shelf.load(
            SELLING.replace("name: Krus", "name: X")
            .replace("uses: 3", "uses: 1")
            .replace("AVIS, valid", "AVIS, country: SE, valid")
        )
    assert await events(connection) == []


async def test_a_product_has_changed_when_its_price_or_an_issue_has(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    for old, new, code in (
        ("webOfferPrice: 149", "webOfferPrice: 159", "KRUS"),
        ("price: 19.50", "price: 25", "ARTIKKEL"),
        ("2026-01-15", "2026-01-16", "PAPIR"),
        ("name: Digital", "name: Nett", "DIGI"),
    ):
        clock.move(timedelta(days=1))
        before = clock.now()
        await shelf.load(SELLING.replace(old, new))
        changed = {c: p.changed_at for c, p in (await offers_of(connection)).products.items()}
        assert changed[code] >= before
        await shelf.load(SELLING)


async def test_a_reader_has_an_address_a_coupon_and_the_times_that_follow(
    shelf: Shelf, connection: Connection, clock: Clock
) -> None:
    await shelf.load(SELLING)
    address = """
        select street, street_number, entrance, postal_code, postal_place, country_code,
            valid_from = (select start_time at time zone 'Europe/Oslo' from subscription)::date
        from customer_address
    """
    assert await rows(connection, address) == [("Storgata", 4, "B", "9000", "Tromsø", "NO", True)]
    assert await rows(connection, "select email from customer_email") == [("kjell@example.no",)]
    phones = "select phone_number, phone_number_type from customer_phone_number order by position"
    assert await rows(connection, phones) == [("+4740000009", "home"), ("+4777000000", "company")]
    subscription = """
        select s.coupon_code, s.coupon_number, s.paid_until = s.end_time, s.change_at,
            s.renew_at at time zone 'Europe/Oslo',
            s.end_time at time zone 'Europe/Oslo' - interval '10 days', p.period_number, p.start_time = s.start_time
        from subscription s join subscription_period p using (partner_id, customer_number, subscription_id)
    """
    code, number, paid, change_at, renew_at, expected, *period = (await rows(connection, subscription))[0]
    assert (code, number, paid, change_at) == ("DIGI", 1, True, None)
    assert renew_at == expected
    assert period == [1, True]


async def test_prices_of_a_sandbox_begin_in_its_own_time(shelf: Shelf, connection: Connection, clock: Clock) -> None:
    sandbox = SELLING.replace("timeZone: Europe/Oslo}", "timeZone: Europe/Oslo, sandbox: true}")
    await shelf.load(sandbox)
    await connection.execute("update partner set clock_ahead = '400 days'")
    assert not (await shelf.load(sandbox)).has_changed
    await shelf.load(sandbox.replace("price: 1,", "price: 5,"))
    prices = (await offers_of(connection)).coupons["DIGI", 1].prices
    assert prices[1].valid_from > clock.now() + timedelta(days=399)


async def test_a_company_that_sold_nothing_goes_with_its_invoice_numbers(shelf: Shelf, connection: Connection) -> None:
    await shelf.load(SELLING.replace("companies:", "companies:\n  - {code: NYTT, name: Nytt}", 1))
    assert await rows(connection, "select company_code from invoice_counter order by 1") == [("HUS",), ("NYTT",)]
    await shelf.load(SELLING)
    assert await rows(connection, "select company_code from invoice_counter") == [("HUS",)]


async def test_what_another_partner_sells_is_not_touched(shelf: Shelf, connection: Connection) -> None:
    other = SELLING.replace("code: salg", "code: annen").replace("no.salg.web", "no.annen.web")
    await shelf.load(other)

    async def theirs() -> dict[str, list[str]]:
        tables = await contents(connection)
        found = {name: [row for row in entries if "'partner_id': 1" in row] for name, entries in tables.items()}
        return found | {"client_template": [row for row in tables["client_template"] if "no.annen.web" in row]}

    before = await theirs()
    assert sum(len(entries) > 0 for entries in before.values()) > 20
    await shelf.load(SELLING)
    ours = await offers_of(connection, 2)
    assert (ours.coupons.keys(), len(ours.distribution_prices)) == (
        (await offers_of(connection)).coupons.keys(),
        2,
    )
    changed = SELLING.replace("price: 1,", "price: 5,").replace("price: 59", "price: 69")
    changed = changed.replace(", {code: PAPIR, number: 7}]", "]")
    await shelf.load(changed.replace("  - {kind: VARE, country: SE, validFrom: 2000-01-01, percent: 12.5}\n", ""))
    await shelf.load(NOTHING)
    assert await theirs() == before


async def test_a_large_file_is_loaded_and_read_in_good_time(
    shelf: Shelf, connection: Connection, tmp_path: Path
) -> None:
    """A thousand coupons and vouchers: nothing is lost, and nothing is done for each that could be done for all."""
    coupons = "".join(
        f"  - {{code: C{number % 50}, number: {number}, description: D, product: DIGI, price: 1, period: 1 month}}\n"
        for number in range(1, 1001)
    )
    vouchers = "".join(f"  - {{code: V-{number}, coupons: [{{code: C1, number: 1}}]}}\n" for number in range(1000))
    text = SELLING.replace("coupons:\n", f"coupons:\n{coupons}").replace("vouchers:\n", f"vouchers:\n{vouchers}")
    await shelf.load(text)
    assert len((await offers_of(connection)).coupons) == 1003
    assert await connection.fetchval("select count(*) from voucher") == 1001
    assert not (await shelf.load(text)).has_changed
    assert len(read_publisher_file(tmp_path / "publisher.yaml").publisher.coupons) == 1003


async def test_a_coupon_may_be_for_holders_of_vouchers_alone(shelf: Shelf, connection: Connection) -> None:
    sold = COUPON.replace("product: DIGI,", "product: DIGI, voucherOnly: true,", 1)
    assert sold != COUPON
    await shelf.load(SELLING)
    assert not (await offers_of(connection)).coupons["DIGI", 1].voucher_only
    summary = await shelf.load(SELLING.replace(COUPON, sold))
    assert "coupons: 1 changed (DIGI 1)" in str(summary)
    assert (await offers_of(connection)).coupons["DIGI", 1].voucher_only
