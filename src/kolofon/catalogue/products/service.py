"""Bringing categories, products and access rules to what the file says."""

from kolofon.catalogue.changes import KindChanges, Written, kind_changes
from kolofon.catalogue.file_checks import ip_range
from kolofon.catalogue.products import queries
from kolofon.catalogue.products.queries import AccessRuleRow
from kolofon.catalogue.publisher import (
    ArticleRule,
    CategoryTypeRule,
    DomainRule,
    IpRule,
    ProductRule,
    PublisherFile,
)
from kolofon.platform.database import Connection

PutRows = dict[str, list[Written]]


async def put_products(connection: Connection, partner_id: int, publisher: PublisherFile) -> PutRows:
    """Add or change categories, products and rules, each after what it refers to."""
    category_types = publisher.category_types
    return {
        "category types": await queries.put_category_types(connection, partner_id, category_types),
        "category codes": await queries.put_category_codes(connection, partner_id, category_types),
        "products": await queries.put_products(connection, partner_id, publisher.products),
        "access rules": await queries.put_access_rules(
            connection, partner_id, [access_rule_row(rule) for rule in publisher.access_rules]
        ),
    }


async def remove_products(
    connection: Connection, partner_id: int, publisher: PublisherFile, put: PutRows
) -> list[KindChanges]:
    """Remove what the file does not have, each before what it refers to; products are retired instead."""
    category_codes = [code.code for entry in publisher.category_types for code in entry.codes]
    category_types = [entry.code for entry in publisher.category_types]
    products = [entry.code for entry in publisher.products]
    rules = [entry.code for entry in publisher.access_rules]
    gone_rules = await queries.remove_access_rules(connection, partner_id, rules)
    gone_codes = await queries.remove_category_codes(connection, partner_id, category_codes)
    gone_types = await queries.remove_category_types(connection, partner_id, category_types)
    retired = await queries.retire_products(connection, partner_id, products)
    return [
        kind_changes("category types", len(category_types), put["category types"], gone_types),
        kind_changes("category codes", len(category_codes), put["category codes"], gone_codes),
        kind_changes("products", len(products), put["products"], retired=retired),
        kind_changes("access rules", len(rules), put["access rules"], gone_rules),
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
