"""The sample of what is sold: companies, prices, VAT, coupons and all the rest, for both partners of the playground.

Figures are the same in NOK and SEK. Everything is valid from 2000 on, in whatever year a test lives.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from kolofon.platform.database import Connection

FIRST_DAY = date(2000, 1, 1)
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
ENDED = datetime(2020, 1, 1, tzinfo=UTC)

# Kind, country, per cent.
VAT_RATES = (
    ("NEWS", "NO", Decimal(0)),
    ("GOODS", "NO", Decimal(25)),
    ("MAG", "NO", Decimal(25)),
    ("NEWS", "SE", Decimal(6)),
    ("GOODS", "SE", Decimal(25)),
    ("MAG", "SE", Decimal(6)),
)
# Code, type, VAT kind, digital, days of access.
PRODUCTS = (
    ("DIGI", "subscription", "NEWS", True, None),
    ("PAPER", "subscription", "NEWS", False, None),
    ("WEEKEND", "subscription", "NEWS", False, None),
    ("MAG", "subscription", "MAG", False, None),
    ("ARTICLE", "article", "NEWS", True, 30),
    ("MUG", "single", "GOODS", False, None),
)
# Code, number, product, description, end, delivery plan.
COUPONS = (
    ("DIGI", 1, "DIGI", "One month for 1", None, None),
    ("DIGI", 2, "DIGI", "A year", None, None),
    ("PAPER", 10, "PAPER", "Three months of paper", None, 3),
    ("TRIAL", 5, "DIGI", "Fourteen days for nothing", None, None),
    ("MAG", 20, "MAG", "A year of the magazine", None, None),
    ("OLD", 1, "DIGI", "The offer of another time", ENDED, None),
    ("MKT", 7, None, "The letter of spring", None, None),
)
# Coupon, VAT included, price, period, renewal price, renewal period.
COUPON_PRICES = (
    ("DIGI", 1, True, 100, (1, "months"), 29900, (1, "months")),
    ("DIGI", 2, True, 299000, (12, "months"), 299000, (12, "months")),
    ("PAPER", 10, True, 99900, (3, "months"), 119900, (3, "months")),
    ("TRIAL", 5, True, 0, (14, "days"), None, (None, None)),
    ("MAG", 20, False, 10000, (12, "months"), 10000, (12, "months")),
    ("OLD", 1, True, 4900, (1, "months"), 29900, (1, "months")),
)
# Country, from, to, price; all with VAT.
DISTRIBUTION_PRICES = (("NO", "", "", 5900), ("NO", "9000", "9999", 9900), ("SE", "", "", 4900))
# Code, uses, end, coupons.
VOUCHERS = (
    ("GIFT-ONE", 1, None, (("DIGI", 1),)),
    ("GIFT-MANY", 3, None, (("DIGI", 1), ("PAPER", 10))),
    ("GIFT-LATE", 1, ENDED, (("DIGI", 1),)),
)
WEEKDAYS_ON_PAPER = ["fullAccessAndDelivery"] * 5 + ["onlyDigitalAccess"] * 2


async def sell(connection: Connection, partner_id: int, currency: str) -> None:
    """Put the sample in. The partner, its company HOUSE and its subscription products are there already."""
    await _add_company(connection, partner_id)
    await _add_products(connection, partner_id, currency)
    await _add_coupons(connection, partner_id, currency)
    await _add_vouchers(connection, partner_id)
    await _add_rules(connection, partner_id)


async def _add_company(connection: Connection, partner_id: int) -> None:
    await connection.execute(
        """
        update company set account_number = '15032080119', kid_customer_digits = 7, kid_invoice_digits = 7
        where partner_id = $1
        """,
        partner_id,
    )
    await connection.execute("insert into invoice_counter values ($1, 'HOUSE', 1)", partner_id)
    await connection.executemany(
        "insert into vat_rate (partner_id, vat_kind, country_code, valid_from, percent) values ($1, $2, $3, $4, $5)",
        [(partner_id, kind, country, FIRST_DAY, percent) for kind, country, percent in VAT_RATES],
    )


async def _add_products(connection: Connection, partner_id: int, currency: str) -> None:
    await connection.executemany(
        """
        insert into product (partner_id, product_code, company_code, name, product_type, vat_kind, digital,
            access_days, changed_at)
        values ($1, $2, 'HOUSE', $2, $3, $4, $5, $6, $7)
        on conflict (partner_id, product_code) do update
        set vat_kind = excluded.vat_kind, digital = excluded.digital, changed_at = excluded.changed_at
        """,
        [(partner_id, *product, FIRST) for product in PRODUCTS],
    )
    await connection.execute(
        """
        insert into product_price (partner_id, product_code, valid_from, currency, vat_included, web_offer_price_minor,
            retail_price_minor)
        values ($1, 'MUG', $2, $3, true, 19900, 24900)
        """,
        partner_id,
        FIRST,
        currency,
    )
    await connection.executemany(
        """
        insert into article_price (partner_id, product_code, article_category, valid_from, currency, vat_included,
            price_minor)
        values ($1, 'ARTICLE', $4, $2, $3, true, $5)
        """,
        [(partner_id, FIRST, currency, category, price) for category, price in (("", 1900), ("PLUS", 2900))],
    )
    await connection.executemany(
        """
        insert into product_issue (partner_id, product_code, issue_code, publication_date, distribution_planned_date)
        values ($1, 'MAG', $2, $3, $3)
        """,
        [(partner_id, f"2026-{month:02}", date(2026, month, 1)) for month in range(1, 13)],
    )
    await connection.executemany(
        """
        insert into distribution_price (partner_id, country_code, postal_code_from, postal_code_to, valid_from,
            currency, vat_included, price_minor)
        values ($1, $4, $5, $6, $2, $3, true, $7)
        """,
        [(partner_id, FIRST, currency, *price) for price in DISTRIBUTION_PRICES],
    )
    await connection.execute("insert into stock values ($1, 'MUG', 'MAIN', 5, $2)", partner_id, FIRST)


async def _add_coupons(connection: Connection, partner_id: int, currency: str) -> None:
    await connection.execute(
        "insert into delivery_plan values ($1, 3, 'PAPER', 'HVERDAG', $2)", partner_id, WEEKDAYS_ON_PAPER
    )
    await connection.executemany(
        """
        insert into coupon (partner_id, coupon_code, coupon_number, kind, product_code, description, start_time,
            end_time, delivery_plan_id, changed_at)
        values ($1, $3, $4, case when $5::text is null then 'marketing' else 'subscription' end, $5, $6, $2, $7, $8, $2)
        """,
        [(partner_id, FIRST, *coupon) for coupon in COUPONS],
    )
    await connection.executemany(
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type, renewal_price_minor, renewal_period_length, renewal_period_type)
        values ($1, $4, $5, $2, $3, $6, $7, $8, $9, $10, $11, $12)
        """,
        [
            (partner_id, FIRST, currency, code, number, vat_included, price, *period, renewal_price, *renewal_period)
            for code, number, vat_included, price, period, renewal_price, renewal_period in COUPON_PRICES
        ],
    )


async def _add_vouchers(connection: Connection, partner_id: int) -> None:
    for code, uses, end, coupons in VOUCHERS:
        await connection.execute(
            """
            insert into voucher (partner_id, voucher_code, uses_allowed, start_time, end_time)
            values ($1, $2, $3, $4, $5)
            """,
            partner_id,
            code,
            uses,
            FIRST,
            end,
        )
        await connection.executemany(
            "insert into voucher_coupon values ($1, $2, $3, $4)", [(partner_id, code, *coupon) for coupon in coupons]
        )


async def _add_rules(connection: Connection, partner_id: int) -> None:
    insert = connection.execute
    await insert(
        """
        insert into product_dependency (partner_id, product_code, required_product_code, discount_percent)
        values ($1, 'MAG', 'PAPER', 20)
        """,
        partner_id,
    )
    await insert("insert into reward_partner values ($1, 7, 'Points', 'MUG')", partner_id)
    await insert("insert into sales_method values ($1, 'TM', 'Telephone'), ($1, 'WEB', 'Web')", partner_id)
    await connection.executemany(
        "insert into payment_method values ($1, $2)",
        [(partner_id, method) for method in ("other", "kco", "vippsRecurring", "creditcardPayex")],
    )
    await connection.executemany(
        """
        insert into reminder_rule (partner_id, reminder_number, valid_from, kind, days_after_due, days_to_pay,
            fee_minor)
        values ($1, $3, $2, $4, 14, 14, 3800)
        """,
        [(partner_id, FIRST_DAY, number, kind) for number, kind in ((1, "reminder"), (2, "warning"))],
    )
