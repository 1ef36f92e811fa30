"""SQL that makes new versions of prices that have changed.

A new version is valid from the load on: after the newest there is, should the clock have been moved back since.
"""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection


class ProductPriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product's price; both None: it has none."""

    product_code: str
    currency: str
    vat_included: bool
    web_offer_price_minor: int | None
    retail_price_minor: int | None
    period_length: int | None
    period_type: str | None


class ArticlePriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a category of articles."""

    product_code: str
    article_category: str
    currency: str
    vat_included: bool
    price_minor: int


class CouponPriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon's price."""

    coupon_code: str
    coupon_number: int
    currency: str
    vat_included: bool
    price_minor: int
    period_length: int
    period_type: str
    renewal_price_minor: int | None
    renewal_period_length: int | None
    renewal_period_type: str | None


class DistributionPriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a place."""

    product_code: str
    country_code: str
    postal_code_from: str
    postal_code_to: str
    currency: str
    vat_included: bool
    price_minor: int


async def put_product_prices(
    connection: Connection, partner_id: int, now: datetime, prices: list[ProductPriceRow]
) -> list[str]:
    """Add versions of prices that have changed or ended; returns the codes of their products."""
    rows = await connection.fetch(
        """
        insert into product_price (partner_id, product_code, valid_from, currency, vat_included,
            web_offer_price_minor, retail_price_minor, period_length, period_type)
        select $1, w.product_code, greatest($2, n.valid_from + interval '1 microsecond'), w.currency, w.vat_included,
            w.web_offer_price_minor, w.retail_price_minor, w.period_length, w.period_type
        from jsonb_to_recordset($3) as w (product_code text, currency text, vat_included boolean,
            web_offer_price_minor bigint, retail_price_minor bigint, period_length integer, period_type text)
        left join lateral (
            select p.valid_from, p.currency, p.vat_included, p.web_offer_price_minor, p.retail_price_minor,
                p.period_length, p.period_type
            from product_price p
            where p.partner_id = $1 and p.product_code = w.product_code
            order by p.valid_from desc
            limit 1
        ) n on true
        where (n.currency, n.vat_included, n.web_offer_price_minor, n.retail_price_minor, n.period_length,
                n.period_type)
            is distinct from (w.currency, w.vat_included, w.web_offer_price_minor, w.retail_price_minor,
                w.period_length, w.period_type)
            -- There was no price, and there still is none.
            and num_nonnulls(n.web_offer_price_minor, n.retail_price_minor, w.web_offer_price_minor,
                w.retail_price_minor) > 0
        returning product_code
        """,
        partner_id,
        now,
        prices,
    )
    return [row["product_code"] for row in rows]


async def put_article_prices(
    connection: Connection, partner_id: int, now: datetime, products: list[str], prices: list[ArticlePriceRow]
) -> list[tuple[str, str]]:
    """Add versions of prices of these products that have changed or ended; returns product and category of each."""
    rows = await connection.fetch(
        """
        with newest as (
            select distinct on (product_code, article_category)
                product_code, article_category, valid_from, currency, vat_included, price_minor
            from article_price
            where partner_id = $1 and product_code = any($3::text[])
            order by product_code, article_category, valid_from desc
        )
        insert into article_price (partner_id, product_code, article_category, valid_from, currency, vat_included,
            price_minor)
        select $1, product_code, article_category, greatest($2, n.valid_from + interval '1 microsecond'),
            coalesce(w.currency, n.currency), coalesce(w.vat_included, n.vat_included), w.price_minor
        from jsonb_to_recordset($4) as w (product_code text, article_category text, currency text,
            vat_included boolean, price_minor bigint)
        full join newest n using (product_code, article_category)
        where (n.currency, n.vat_included, n.price_minor) is distinct from (w.currency, w.vat_included, w.price_minor)
            and num_nonnulls(n.price_minor, w.price_minor) > 0
        returning product_code, article_category
        """,
        partner_id,
        now,
        products,
        prices,
    )
    return [(row["product_code"], row["article_category"]) for row in rows]


async def put_coupon_prices(
    connection: Connection, partner_id: int, now: datetime, prices: list[CouponPriceRow]
) -> list[tuple[str, int]]:
    """Add versions of prices that have changed; returns code and number of each coupon."""
    rows = await connection.fetch(
        """
        insert into coupon_price (partner_id, coupon_code, coupon_number, valid_from, currency, vat_included,
            price_minor, period_length, period_type, renewal_price_minor, renewal_period_length, renewal_period_type)
        select $1, w.coupon_code, w.coupon_number, greatest($2, n.valid_from + interval '1 microsecond'), w.currency,
            w.vat_included, w.price_minor, w.period_length, w.period_type, w.renewal_price_minor,
            w.renewal_period_length, w.renewal_period_type
        from jsonb_to_recordset($3) as w (coupon_code text, coupon_number bigint, currency text, vat_included boolean,
            price_minor bigint, period_length integer, period_type text, renewal_price_minor bigint,
            renewal_period_length integer, renewal_period_type text)
        left join lateral (
            select p.valid_from, p.currency, p.vat_included, p.price_minor, p.period_length, p.period_type,
                p.renewal_price_minor, p.renewal_period_length, p.renewal_period_type
            from coupon_price p
            where p.partner_id = $1 and p.coupon_code = w.coupon_code and p.coupon_number = w.coupon_number
            order by p.valid_from desc
            limit 1
        ) n on true
        where (n.currency, n.vat_included, n.price_minor, n.period_length, n.period_type, n.renewal_price_minor,
                n.renewal_period_length, n.renewal_period_type)
            is distinct from (w.currency, w.vat_included, w.price_minor, w.period_length, w.period_type,
                w.renewal_price_minor, w.renewal_period_length, w.renewal_period_type)
        returning coupon_code, coupon_number
        """,
        partner_id,
        now,
        prices,
    )
    return [(row["coupon_code"], row["coupon_number"]) for row in rows]


async def put_distribution_prices(
    connection: Connection, partner_id: int, now: datetime, prices: list[DistributionPriceRow]
) -> list[str]:
    """Add versions of prices that have changed or ended; returns the place of each in words."""
    rows = await connection.fetch(
        """
        with newest as (
            select distinct on (product_code, country_code, postal_code_from, postal_code_to)
                product_code, country_code, postal_code_from, postal_code_to, valid_from, currency, vat_included,
                price_minor
            from distribution_price
            where partner_id = $1
            order by product_code, country_code, postal_code_from, postal_code_to, valid_from desc
        )
        insert into distribution_price (partner_id, product_code, country_code, postal_code_from, postal_code_to,
            valid_from, currency, vat_included, price_minor)
        select $1, product_code, country_code, postal_code_from, postal_code_to,
            greatest($2, n.valid_from + interval '1 microsecond'), coalesce(w.currency, n.currency),
            coalesce(w.vat_included, n.vat_included), w.price_minor
        from jsonb_to_recordset($3) as w (product_code text, country_code text, postal_code_from text,
            postal_code_to text, currency text, vat_included boolean, price_minor bigint)
        full join newest n using (product_code, country_code, postal_code_from, postal_code_to)
        where (n.currency, n.vat_included, n.price_minor) is distinct from (w.currency, w.vat_included, w.price_minor)
            and num_nonnulls(n.price_minor, w.price_minor) > 0
        returning concat_ws(' ', nullif(product_code, ''), country_code, nullif(postal_code_from, ''),
            nullif(postal_code_to, '')) as code
        """,
        partner_id,
        now,
        prices,
    )
    return [row["code"] for row in rows]
