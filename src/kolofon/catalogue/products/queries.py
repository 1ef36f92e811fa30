"""SQL that brings categories, products and access rules to what a publisher file says."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import Missing, Written
from kolofon.catalogue.publisher_file.publisher import CategoryType
from kolofon.platform.database import Connection


class AccessRuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """An access rule by its columns; addresses as text."""

    access_rule_code: str
    kind: str
    product_code: str | None = None
    subscribed_product_code: str | None = None
    domain: str | None = None
    ip_from: str | None = None
    ip_to: str | None = None
    article_prefix: str | None = None
    category_type: str | None = None


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product by its columns."""

    product_code: str
    company_code: str
    name: str
    product_type: str
    retired: bool
    vat_kind: str | None
    digital: bool
    shop: bool
    weight: str | None
    campaigns: str | None
    start_time: datetime | None
    end_time: datetime | None
    access_days: int | None


class StoredProduct(msgspec.Struct, frozen=True):
    """What has to be known of a product before it is changed."""

    company_code: str
    retired: bool


async def put_category_types(
    connection: Connection, partner_id: int, category_types: tuple[CategoryType, ...]
) -> list[Written]:
    """Add or change category types, without their codes."""
    rows = await connection.fetch(
        """
        insert into category_type (partner_id, category_type, description)
        select $1, wanted.category_type, wanted.description
        from unnest($2::text[], $3::text[]) as wanted (category_type, description)
        on conflict (partner_id, category_type) do update
        set description = excluded.description
        where category_type.description is distinct from excluded.description
        returning category_type as code, xmax = 0 as added
        """,
        partner_id,
        [entry.code for entry in category_types],
        [entry.description for entry in category_types],
    )
    return [Written(*row) for row in rows]


async def put_category_codes(
    connection: Connection, partner_id: int, category_types: tuple[CategoryType, ...]
) -> list[Written]:
    """Add or change the codes of category types; a code may move to another type."""
    entries = [(category_type.code, code) for category_type in category_types for code in category_type.codes]
    rows = await connection.fetch(
        """
        insert into category_code (partner_id, category_type, category_code, description)
        select $1, wanted.category_type, wanted.category_code, wanted.description
        from unnest($2::text[], $3::text[], $4::text[]) as wanted (category_type, category_code, description)
        on conflict (partner_id, category_code) do update
        set category_type = excluded.category_type, description = excluded.description
        where (category_code.category_type, category_code.description)
            is distinct from (excluded.category_type, excluded.description)
        returning category_code as code, xmax = 0 as added
        """,
        partner_id,
        [category_type for category_type, _ in entries],
        [code.code for _, code in entries],
        [code.description for _, code in entries],
    )
    return [Written(*row) for row in rows]


async def remove_category_codes(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove category codes that are not wanted, unless a subscription or a customer carries them."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from category_code c
            where c.partner_id = $1 and c.category_code <> all($2::text[])
                and not exists (
                    select from subscription s
                    where s.partner_id = c.partner_id and s.category_code = c.category_code
                )
                and not exists (
                    select from customer_category x
                    where x.partner_id = c.partner_id and x.category_code = c.category_code
                )
            returning c.category_code
        )
        select c.category_code as code, r.category_code is not null as removed
        from category_code c
        left join removed r on r.category_code = c.category_code
        where c.partner_id = $1 and c.category_code <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]


async def remove_category_types(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove category types that are not wanted, unless they have codes or a customer has access by them."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from category_type t
            where t.partner_id = $1 and t.category_type <> all($2::text[])
                and not exists (
                    select from category_code c
                    where c.partner_id = t.partner_id and c.category_type = t.category_type
                )
                and not exists (
                    select from customer_access a
                    where a.partner_id = t.partner_id and a.kind = 'categoryType' and a.code = t.category_type
                )
            returning t.category_type
        )
        select t.category_type as code, r.category_type is not null as removed
        from category_type t
        left join removed r on r.category_type = t.category_type
        where t.partner_id = $1 and t.category_type <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]


async def list_products(connection: Connection, partner_id: int) -> dict[str, StoredProduct]:
    """What there is of products, by code."""
    rows = await connection.fetch(
        "select product_code, company_code, retired from product where partner_id = $1", partner_id
    )
    return {row["product_code"]: StoredProduct(row["company_code"], row["retired"]) for row in rows}


async def put_products(
    connection: Connection, partner_id: int, now: datetime, products: list[ProductRow]
) -> list[Written]:
    """Add or change products; one that was retired and is in the file again is sold again."""
    rows = await connection.fetch(
        """
        insert into product (partner_id, product_code, company_code, name, product_type, retired, vat_kind, digital,
            shop, weight, campaigns, start_time, end_time, access_days, changed_at)
        select $1, wanted.product_code, wanted.company_code, wanted.name, wanted.product_type, wanted.retired,
            wanted.vat_kind, wanted.digital, wanted.shop, wanted.weight, wanted.campaigns, wanted.start_time,
            wanted.end_time, wanted.access_days, $2
        from jsonb_to_recordset($3) as wanted (product_code text, company_code text, name text, product_type text,
            retired boolean, vat_kind text, digital boolean, shop boolean, weight numeric, campaigns text,
            start_time timestamptz, end_time timestamptz, access_days integer)
        on conflict (partner_id, product_code) do update
        set company_code = excluded.company_code, name = excluded.name, product_type = excluded.product_type,
            retired = excluded.retired, vat_kind = excluded.vat_kind, digital = excluded.digital,
            shop = excluded.shop, weight = excluded.weight, campaigns = excluded.campaigns,
            start_time = excluded.start_time, end_time = excluded.end_time, access_days = excluded.access_days,
            changed_at = excluded.changed_at
        where (product.company_code, product.name, product.product_type, product.retired, product.vat_kind,
                product.digital, product.shop, product.weight, product.campaigns, product.start_time,
                product.end_time, product.access_days)
            is distinct from (excluded.company_code, excluded.name, excluded.product_type, excluded.retired,
                excluded.vat_kind, excluded.digital, excluded.shop, excluded.weight, excluded.campaigns,
                excluded.start_time, excluded.end_time, excluded.access_days)
        returning product_code as code, xmax = 0 as added
        """,
        partner_id,
        now,
        products,
    )
    return [Written(*row) for row in rows]


async def retire_products(connection: Connection, partner_id: int, now: datetime, wanted: list[str]) -> list[str]:
    """Retire the products that are not wanted; returns the codes of those that were not retired before."""
    rows = await connection.fetch(
        """
        update product
        set retired = true, changed_at = $2
        where partner_id = $1 and product_code <> all($3::text[]) and not retired
        returning product_code
        """,
        partner_id,
        now,
        wanted,
    )
    return [row["product_code"] for row in rows]


async def set_changed(connection: Connection, partner_id: int, now: datetime, codes: set[str]) -> None:
    """Note that products have changed, though their own rows have not: a price or an issue has."""
    await connection.execute(
        "update product set changed_at = $2 where partner_id = $1 and product_code = any($3::text[])",
        partner_id,
        now,
        sorted(codes),
    )


async def put_access_rules(connection: Connection, partner_id: int, rules: list[AccessRuleRow]) -> list[Written]:
    """Add or change access rules."""
    rows = await connection.fetch(
        """
        insert into access_rule (partner_id, access_rule_code, kind, product_code, subscribed_product_code, domain,
            ip_from, ip_to, article_prefix, category_type)
        select $1, wanted.access_rule_code, wanted.kind, wanted.product_code, wanted.subscribed_product_code,
            wanted.domain, wanted.ip_from, wanted.ip_to, wanted.article_prefix, wanted.category_type
        from jsonb_to_recordset($2) as wanted (access_rule_code text, kind text, product_code text,
            subscribed_product_code text, domain text, ip_from inet, ip_to inet, article_prefix text,
            category_type text)
        on conflict (partner_id, access_rule_code) do update
        set kind = excluded.kind, product_code = excluded.product_code,
            subscribed_product_code = excluded.subscribed_product_code, domain = excluded.domain,
            ip_from = excluded.ip_from, ip_to = excluded.ip_to, article_prefix = excluded.article_prefix,
            category_type = excluded.category_type
        where (access_rule.kind, access_rule.product_code, access_rule.subscribed_product_code, access_rule.domain,
                access_rule.ip_from, access_rule.ip_to, access_rule.article_prefix, access_rule.category_type)
            is distinct from (excluded.kind, excluded.product_code, excluded.subscribed_product_code, excluded.domain,
                excluded.ip_from, excluded.ip_to, excluded.article_prefix, excluded.category_type)
        returning access_rule_code as code, xmax = 0 as added
        """,
        partner_id,
        rules,
    )
    return [Written(*row) for row in rows]


async def remove_access_rules(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove the access rules that are not wanted."""
    rows = await connection.fetch(
        """
        delete from access_rule
        where partner_id = $1 and access_rule_code <> all($2::text[])
        returning access_rule_code as code, true as removed
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]
