"""SQL that reads what all partners sell into memory, each thing with its partner's id."""

from typing import Any

import msgspec

from kolofon.catalogue.offers import (
    ArticlePrice,
    Company,
    Coupon,
    CouponPrice,
    DeliveryPlan,
    Dependency,
    DistributionPrice,
    Issue,
    Period,
    Product,
    ProductPrice,
    ReminderRule,
    RewardPartner,
    Template,
    VatRate,
)
from kolofon.platform.database import Connection


class SettingsRow(msgspec.Struct, frozen=True):
    """What a partner has decided about selling."""

    partner_id: int
    country_code: str
    currency: str
    time_zone: str
    preliminary_hours: int
    renewal_days: int
    due_days: int
    stop_days: int


class NameRow(msgspec.Struct, frozen=True):
    """A code with its name."""

    partner_id: int
    code: str
    name: str


async def list_settings(connection: Connection) -> list[SettingsRow]:
    """All partners."""
    rows = await connection.fetch(
        """
        select partner_id, country_code, currency, time_zone, preliminary_hours, renewal_days, due_days, stop_days
        from partner
        """
    )
    return [SettingsRow(*row) for row in rows]


async def list_companies(connection: Connection) -> list[tuple[int, Company]]:
    """All companies."""
    rows = await connection.fetch(
        """
        select partner_id, company_code, name, organisation_number, account_number, kid_customer_digits,
            kid_invoice_digits, kid_algorithm
        from company
        order by partner_id, company_code
        """
    )
    return [(row["partner_id"], Company(**_without_partner(row))) for row in rows]


async def list_vat_rates(connection: Connection) -> list[tuple[int, VatRate]]:
    """All rates, the oldest of each kind and country first."""
    rows = await connection.fetch(
        """
        select partner_id, vat_kind, country_code, valid_from, percent
        from vat_rate
        order by partner_id, vat_kind, country_code, valid_from
        """
    )
    return [(row["partner_id"], VatRate(**_without_partner(row))) for row in rows]


async def list_products(connection: Connection) -> list[tuple[int, Product]]:
    """All products, without their prices and issues."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, company_code, name, product_type, retired, vat_kind, digital, shop, weight,
            campaigns, start_time, end_time, access_days, changed_at
        from product
        order by partner_id, product_code
        """
    )
    return [(row["partner_id"], Product(**_without_partner(row))) for row in rows]


async def list_product_prices(connection: Connection) -> list[tuple[int, str, ProductPrice]]:
    """All prices with their product, the oldest first."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, valid_from, currency, vat_included, web_offer_price_minor, retail_price_minor,
            period_length, period_type
        from product_price
        order by partner_id, product_code, valid_from
        """
    )
    return [
        (
            row["partner_id"],
            row["product_code"],
            ProductPrice(
                valid_from=row["valid_from"],
                currency=row["currency"],
                vat_included=row["vat_included"],
                web_offer_price_minor=row["web_offer_price_minor"],
                retail_price_minor=row["retail_price_minor"],
                period=_period(row["period_length"], row["period_type"]),
            ),
        )
        for row in rows
    ]


async def list_article_prices(connection: Connection) -> list[tuple[int, str, str, ArticlePrice]]:
    """All prices with their product and article category, the oldest first."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, article_category, valid_from, currency, vat_included, price_minor
        from article_price
        order by partner_id, product_code, article_category, valid_from
        """
    )
    return [
        (
            row["partner_id"],
            row["product_code"],
            row["article_category"],
            ArticlePrice(
                valid_from=row["valid_from"],
                currency=row["currency"],
                vat_included=row["vat_included"],
                price_minor=row["price_minor"],
            ),
        )
        for row in rows
    ]


async def list_issues(connection: Connection) -> list[tuple[int, str, Issue]]:
    """All issues with their product, in the order of their publication."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, issue_code, publication_date, distribution_planned_date, distribution_date
        from product_issue
        order by partner_id, product_code, publication_date, issue_code
        """
    )
    return [
        (
            row["partner_id"],
            row["product_code"],
            Issue(
                issue_code=row["issue_code"],
                publication_date=row["publication_date"],
                distribution_planned_date=row["distribution_planned_date"],
                distribution_date=row["distribution_date"],
            ),
        )
        for row in rows
    ]


async def list_coupons(connection: Connection) -> list[tuple[int, Coupon]]:
    """All coupons, without their prices."""
    rows = await connection.fetch(
        """
        select partner_id, coupon_code, coupon_number, kind, product_code, description, start_time, end_time,
            delivery_plan_id, extra_products, project, market, activity, sales_method, retired, voucher_only
        from coupon
        order by partner_id, coupon_code, coupon_number
        """
    )
    found = []
    for row in rows:
        members = _without_partner(row)
        members["extra_products"] = tuple(members["extra_products"])
        found.append((row["partner_id"], Coupon(**members)))
    return found


async def list_coupon_prices(connection: Connection) -> list[tuple[int, str, int, CouponPrice]]:
    """All prices with their coupon's code and number, the oldest first."""
    rows = await connection.fetch(
        """
        select partner_id, coupon_code, coupon_number, valid_from, currency, vat_included, price_minor, period_length,
            period_type, renewal_price_minor, renewal_period_length, renewal_period_type
        from coupon_price
        order by partner_id, coupon_code, coupon_number, valid_from
        """
    )
    return [
        (
            row["partner_id"],
            row["coupon_code"],
            row["coupon_number"],
            CouponPrice(
                valid_from=row["valid_from"],
                currency=row["currency"],
                vat_included=row["vat_included"],
                price_minor=row["price_minor"],
                period=Period(row["period_length"], row["period_type"]),
                renewal_price_minor=row["renewal_price_minor"],
                renewal_period=_period(row["renewal_period_length"], row["renewal_period_type"]),
            ),
        )
        for row in rows
    ]


async def list_distribution_prices(connection: Connection) -> list[tuple[int, DistributionPrice]]:
    """All distribution prices, the oldest of each place first."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, country_code, postal_code_from, postal_code_to, valid_from, currency,
            vat_included, price_minor
        from distribution_price
        order by partner_id, product_code, country_code, postal_code_from, postal_code_to, valid_from
        """
    )
    return [(row["partner_id"], DistributionPrice(**_without_partner(row))) for row in rows]


async def list_delivery_plans(connection: Connection) -> list[tuple[int, DeliveryPlan]]:
    """All delivery plans."""
    rows = await connection.fetch(
        """
        select partner_id, delivery_plan_id, product_code, plan_name, days, retired
        from delivery_plan
        order by partner_id, delivery_plan_id
        """
    )
    found = []
    for row in rows:
        members = _without_partner(row)
        members["days"] = tuple(members["days"])
        found.append((row["partner_id"], DeliveryPlan(**members)))
    return found


async def list_dependencies(connection: Connection) -> list[tuple[int, Dependency]]:
    """All discounts for who subscribes to something else."""
    rows = await connection.fetch(
        """
        select partner_id, product_code, required_product_code, discount_percent, discount_amount_minor
        from product_dependency
        order by partner_id, product_code, required_product_code
        """
    )
    return [(row["partner_id"], Dependency(**_without_partner(row))) for row in rows]


async def list_reward_partners(connection: Connection) -> list[tuple[int, RewardPartner]]:
    """All who give rewards."""
    rows = await connection.fetch(
        """
        select partner_id, reward_partner_id, name, product_code, retired
        from reward_partner
        order by partner_id, reward_partner_id
        """
    )
    return [(row["partner_id"], RewardPartner(**_without_partner(row))) for row in rows]


async def list_sellers(connection: Connection) -> list[NameRow]:
    """All sellers."""
    rows = await connection.fetch("select partner_id, seller_code, name from seller order by partner_id, seller_code")
    return [NameRow(*row) for row in rows]


async def list_sales_methods(connection: Connection) -> list[NameRow]:
    """All sales methods."""
    rows = await connection.fetch(
        "select partner_id, sales_method, name from sales_method order by partner_id, sales_method"
    )
    return [NameRow(*row) for row in rows]


async def list_payment_methods(connection: Connection) -> list[tuple[int, str]]:
    """All payment methods, besides those that everybody has."""
    rows = await connection.fetch("select partner_id, payment_method from payment_method")
    return [(row["partner_id"], row["payment_method"]) for row in rows]


async def list_reminder_rules(connection: Connection) -> list[tuple[int, ReminderRule]]:
    """All reminder rules, the oldest of each number first."""
    rows = await connection.fetch(
        """
        select partner_id, reminder_number, valid_from, kind, days_after_due, days_to_pay, fee_minor
        from reminder_rule
        order by partner_id, reminder_number, valid_from
        """
    )
    return [(row["partner_id"], ReminderRule(**_without_partner(row))) for row in rows]


async def list_templates(connection: Connection) -> list[tuple[int, Template]]:
    """All clients' own words."""
    rows = await connection.fetch(
        """
        select c.partner_id, t.client_id, t.template, t.kind, t.language, t.subject, t.text
        from client_template t
        join client c on c.client_id = t.client_id
        order by t.client_id, t.template, t.kind, t.language
        """
    )
    return [(row["partner_id"], Template(**_without_partner(row))) for row in rows]


def _without_partner(row: Any) -> dict[str, Any]:
    members = dict(row)
    del members["partner_id"]
    return members


def _period(length: int | None, kind: Any) -> Period | None:
    return Period(length, kind) if length is not None else None
