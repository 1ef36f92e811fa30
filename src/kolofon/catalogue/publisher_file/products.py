"""The shape of products in a publisher file: what is sold, with prices, issues and what there is of it."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.types import (
    Amount,
    Code,
    File,
    LongCode,
    Moment,
    Name,
    Percent,
    PeriodText,
    words,
)


class ArticlePrice(File, kw_only=True):
    """What one article costs; without a category, articles of all categories that have no price of their own."""

    category: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    price: Amount


class Issue(File, kw_only=True):
    """A numbered copy. Planned to be distributed on the day of publication, unless another is given."""

    code: Annotated[str, Meta(min_length=1, max_length=10)]
    publication_date: date
    distribution_planned_date: date | None = None
    distribution_date: date | None = None


class Stock(File, kw_only=True):
    """How many there are when the warehouse is new. From then on orders and the API change it."""

    warehouse: LongCode
    quantity: Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Product(File, kw_only=True):
    """Something that is sold. Retired: no longer sold, still held by customers and named by rules.

    `period`: how long a subscription without a coupon runs for the price. `vat_kind`: none is outside VAT.
    """

    code: Code
    name: Name
    company: Code
    type: Literal["subscription", "issue", "single", "article"] = "subscription"
    retired: bool = False
    vat_kind: Code | None = None
    digital: bool = False
    shop: bool = True
    weight: Annotated[str, words(r"^[0-9]{1,9}(\.[0-9]{1,3})?$", "a weight in grams, such as 450")] | None = None
    campaigns: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    start: Moment | None = None
    end: Moment | None = None
    web_offer_price: Amount | None = None
    retail_price: Amount | None = None
    period: PeriodText | None = None
    vat_included: bool = True
    access_days: Annotated[int, Meta(ge=1, le=36500)] | None = None
    article_prices: tuple[ArticlePrice, ...] = ()
    issues: tuple[Issue, ...] = ()
    stock: tuple[Stock, ...] = ()


class ProductDependency(File, kw_only=True):
    """A discount on a product for who subscribes to another: per cent, or an amount for each copy."""

    product: Code
    required_product: Code
    discount_percent: Percent | None = None
    discount_amount: Amount | None = None
