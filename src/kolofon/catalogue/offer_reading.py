"""Putting together what each partner sells, from the rows of all."""

from collections.abc import Hashable, Iterable
from typing import TypeVar

import msgspec

from kolofon.catalogue import offer_queries as queries
from kolofon.catalogue.offers import Coupon, Offers, Product
from kolofon.platform.database import Connection

KeyT = TypeVar("KeyT", bound=Hashable)
T = TypeVar("T")


async def read_offers(connection: Connection) -> dict[int, Offers]:
    """What every partner sells, by the partner's id. The caller's transaction makes it one consistent state."""
    settings = await queries.list_settings(connection)
    companies = _grouped(await queries.list_companies(connection))
    vat_rates = _grouped(await queries.list_vat_rates(connection))
    products = _grouped(await _products(connection))
    coupons = _grouped(await _coupons(connection))
    distribution_prices = _grouped(await queries.list_distribution_prices(connection))
    delivery_plans = _grouped(await queries.list_delivery_plans(connection))
    dependencies = _grouped(await queries.list_dependencies(connection))
    reward_partners = _grouped(await queries.list_reward_partners(connection))
    sellers = _grouped((row.partner_id, row) for row in await queries.list_sellers(connection))
    sales_methods = _grouped((row.partner_id, row) for row in await queries.list_sales_methods(connection))
    payment_methods = _grouped(await queries.list_payment_methods(connection))
    reminder_rules = _grouped(await queries.list_reminder_rules(connection))
    templates = _grouped(await queries.list_templates(connection))
    return {
        row.partner_id: Offers(
            country_code=row.country_code,
            currency=row.currency,
            time_zone=row.time_zone,
            preliminary_hours=row.preliminary_hours,
            renewal_days=row.renewal_days,
            due_days=row.due_days,
            stop_days=row.stop_days,
            companies={each.company_code: each for each in companies.get(row.partner_id, ())},
            products={each.product_code: each for each in products.get(row.partner_id, ())},
            coupons={(each.coupon_code, each.coupon_number): each for each in coupons.get(row.partner_id, ())},
            distribution_prices=tuple(distribution_prices.get(row.partner_id, ())),
            vat_rates=tuple(vat_rates.get(row.partner_id, ())),
            delivery_plans={each.delivery_plan_id: each for each in delivery_plans.get(row.partner_id, ())},
            dependencies=tuple(dependencies.get(row.partner_id, ())),
            reward_partners={each.reward_partner_id: each for each in reward_partners.get(row.partner_id, ())},
            sellers={each.code: each.name for each in sellers.get(row.partner_id, ())},
            sales_methods={each.code: each.name for each in sales_methods.get(row.partner_id, ())},
            payment_methods=frozenset(payment_methods.get(row.partner_id, ())),
            reminder_rules=tuple(reminder_rules.get(row.partner_id, ())),
            templates=tuple(templates.get(row.partner_id, ())),
        )
        for row in settings
    }


async def _products(connection: Connection) -> list[tuple[int, Product]]:
    products = await queries.list_products(connection)
    prices = _grouped(((row[0], row[1]), row[2]) for row in await queries.list_product_prices(connection))
    article_prices = _grouped(
        ((row[0], row[1]), (row[2], row[3])) for row in await queries.list_article_prices(connection)
    )
    issues = _grouped(((row[0], row[1]), row[2]) for row in await queries.list_issues(connection))
    return [
        (
            partner_id,
            msgspec.structs.replace(
                product,
                prices=tuple(prices.get((partner_id, product.product_code), ())),
                article_prices={
                    category: tuple(versions)
                    for category, versions in _grouped(
                        article_prices.get((partner_id, product.product_code), ())
                    ).items()
                },
                issues={each.issue_code: each for each in issues.get((partner_id, product.product_code), ())},
            ),
        )
        for partner_id, product in products
    ]


async def _coupons(connection: Connection) -> list[tuple[int, Coupon]]:
    coupons = await queries.list_coupons(connection)
    prices = _grouped((row[:3], row[3]) for row in await queries.list_coupon_prices(connection))
    return [
        (
            partner_id,
            msgspec.structs.replace(
                coupon, prices=tuple(prices.get((partner_id, coupon.coupon_code, coupon.coupon_number), ()))
            ),
        )
        for partner_id, coupon in coupons
    ]


def _grouped(pairs: Iterable[tuple[KeyT, T]]) -> dict[KeyT, list[T]]:
    groups: dict[KeyT, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
