"""Bringing categories, products and access rules to what the file says."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import KindChanges, Written, kind_changes
from kolofon.catalogue.products import part_queries, queries
from kolofon.catalogue.products.part_queries import IssueRow, StockRow
from kolofon.catalogue.products.queries import AccessRuleRow, ProductRow, StoredProduct
from kolofon.catalogue.publisher_file.checks import ip_range
from kolofon.catalogue.publisher_file.products import Product
from kolofon.catalogue.publisher_file.publisher import (
    ArticleRule,
    CategoryTypeRule,
    DomainRule,
    IpRule,
    ProductRule,
    PublisherFile,
)
from kolofon.catalogue.publisher_file.when import resolve_moment
from kolofon.platform.database import Connection

PutRows = dict[str, list[Written]]


class PutProducts(msgspec.Struct, frozen=True):
    """What there was of products before, what was written, and the products that thereby have changed."""

    before: dict[str, StoredProduct]
    rows: PutRows
    kinds: tuple[KindChanges, ...]
    changed: set[str]


async def put_products(connection: Connection, partner_id: int, publisher: PublisherFile, now: datetime) -> PutProducts:
    """Add or change categories, products and rules, each after what it refers to; and issues and stock."""
    category_types = publisher.category_types
    before = await queries.list_products(connection, partner_id)
    products = [_product_row(product, publisher.partner.time_zone) for product in publisher.products]
    rows = {
        "category types": await queries.put_category_types(connection, partner_id, category_types),
        "category codes": await queries.put_category_codes(connection, partner_id, category_types),
        "products": await queries.put_products(connection, partner_id, now, products),
        "access rules": await queries.put_access_rules(
            connection, partner_id, [access_rule_row(rule) for rule in publisher.access_rules]
        ),
    }
    issues = [row for product in publisher.products for row in _issue_rows(product)]
    put_issues = await part_queries.put_issues(connection, partner_id, issues)
    gone_issues = await part_queries.remove_issues(connection, partner_id, issues)
    stock = [
        StockRow(product.code, entry.warehouse, entry.quantity)
        for product in publisher.products
        for entry in product.stock
    ]
    added_stock = await part_queries.add_stock(connection, partner_id, now, stock)
    kinds = (
        kind_changes("issues", len(issues), [row for _, row in put_issues], [row for _, row in gone_issues]),
        kind_changes("stock", len(stock), added_stock),
    )
    with_issues = {code for code, _ in put_issues} | {code for code, row in gone_issues if row.removed}
    await queries.set_changed(connection, partner_id, now, with_issues)
    return PutProducts(before, rows, kinds, {row.code for row in rows["products"]} | with_issues)


async def remove_products(
    connection: Connection, partner_id: int, publisher: PublisherFile, now: datetime, put: PutProducts
) -> list[KindChanges]:
    """Remove what the file does not have, each before what it refers to; products are retired instead."""
    category_codes = [code.code for entry in publisher.category_types for code in entry.codes]
    category_types = [entry.code for entry in publisher.category_types]
    products = [entry.code for entry in publisher.products]
    rules = [entry.code for entry in publisher.access_rules]
    gone_rules = await queries.remove_access_rules(connection, partner_id, rules)
    gone_codes = await queries.remove_category_codes(connection, partner_id, category_codes)
    gone_types = await queries.remove_category_types(connection, partner_id, category_types)
    retired = await queries.retire_products(connection, partner_id, now, products)
    put.changed.update(retired)
    return [
        kind_changes("category types", len(category_types), put.rows["category types"], gone_types),
        kind_changes("category codes", len(category_codes), put.rows["category codes"], gone_codes),
        kind_changes("products", len(products), put.rows["products"], retired=retired),
        *put.kinds,
        kind_changes("access rules", len(rules), put.rows["access rules"], gone_rules),
    ]


def _product_row(product: Product, time_zone: str) -> ProductRow:
    return ProductRow(
        product_code=product.code,
        company_code=product.company,
        name=product.name,
        product_type=product.type,
        retired=product.retired,
        vat_kind=product.vat_kind,
        digital=product.digital,
        shop=product.shop,
        weight=product.weight,
        campaigns=product.campaigns,
        start_time=resolve_moment(product.start, time_zone),
        end_time=resolve_moment(product.end, time_zone),
        access_days=product.access_days,
    )


def _issue_rows(product: Product) -> list[IssueRow]:
    return [
        IssueRow(
            product.code,
            issue.code,
            issue.publication_date,
            issue.distribution_planned_date or issue.publication_date,
            issue.distribution_date,
        )
        for issue in product.issues
    ]


def access_rule_row(rule: ProductRule | DomainRule | IpRule | ArticleRule | CategoryTypeRule) -> AccessRuleRow:
    """A checked rule as the table keeps it."""
    if isinstance(rule, ProductRule):
        return AccessRuleRow(
            access_rule_code=rule.code,
            kind="product",
            product_code=rule.product,
            subscribed_product_code=rule.subscribed_product,
        )
    if isinstance(rule, ArticleRule):
        return AccessRuleRow(
            access_rule_code=rule.code, kind="article", product_code=rule.product, article_prefix=rule.prefix
        )
    if isinstance(rule, CategoryTypeRule):
        return AccessRuleRow(
            access_rule_code=rule.code,
            kind="categoryType",
            product_code=rule.product,
            category_type=rule.category_type,
        )
    if isinstance(rule, DomainRule):
        return AccessRuleRow(
            access_rule_code=rule.code,
            kind="domain",
            product_code=rule.product,
            category_type=rule.category_type,
            domain=rule.domain.lower(),
        )
    first, last = ip_range(rule)
    return AccessRuleRow(
        access_rule_code=rule.code,
        kind="ip",
        product_code=rule.product,
        category_type=rule.category_type,
        ip_from=str(first),
        ip_to=str(last),
    )
