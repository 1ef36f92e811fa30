"""What a partner sells and for how much, in memory. Prices are versions, oldest first; money is in minor units."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeVar

import msgspec

PeriodType = Literal["days", "weeks", "months", "years"]
ProductType = Literal["subscription", "issue", "single", "article"]


class _Dated(Protocol):
    @property
    def valid_from(self) -> datetime: ...


DatedT = TypeVar("DatedT", bound=_Dated)


class Period(msgspec.Struct, frozen=True):
    """How long a subscription runs before it is paid again."""

    length: int
    type: PeriodType


class ProductPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a product costs without a coupon. `period`: how long that lasts, of a subscription product."""

    valid_from: datetime
    currency: str
    vat_included: bool
    web_offer_price_minor: int | None = None
    retail_price_minor: int | None = None
    period: Period | None = None

    @property
    def price_minor(self) -> int | None:
        """What an order is made with: the web offer, else the retail price."""
        return self.retail_price_minor if self.web_offer_price_minor is None else self.web_offer_price_minor


class ArticlePrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one article of a category costs; None: it is not sold."""

    valid_from: datetime
    currency: str
    vat_included: bool
    price_minor: int | None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered copy of a periodical."""

    issue_code: str
    publication_date: date
    distribution_planned_date: date
    distribution_date: date | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is sold. Retired ones are here too: customers hold them, orders name them."""

    product_code: str
    company_code: str
    name: str
    product_type: ProductType
    retired: bool
    vat_kind: str | None  # None: outside VAT
    digital: bool
    shop: bool
    weight: Decimal | None  # grams
    campaigns: str | None
    start_time: datetime | None
    end_time: datetime | None
    access_days: int | None
    changed_at: datetime
    prices: tuple[ProductPrice, ...] = ()
    article_prices: dict[str, tuple[ArticlePrice, ...]] = msgspec.field(default_factory=dict)  # '': all others
    issues: dict[str, Issue] = msgspec.field(default_factory=dict)

    def is_active(self, now: datetime) -> bool:
        """Whether it is sold at a time."""
        begun = self.start_time is None or self.start_time <= now
        return begun and not self.retired and (self.end_time is None or now < self.end_time)


class CouponPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What a coupon asks for its period, and for every one after that; without a renewal it ends with its period."""

    valid_from: datetime
    currency: str
    vat_included: bool
    price_minor: int
    period: Period
    renewal_price_minor: int | None = None
    renewal_period: Period | None = None


class Coupon(msgspec.Struct, frozen=True, kw_only=True):
    """An offer of a subscription product; a marketing coupon has no product and no price.

    `voucher_only`: for who has a voucher that names it, and not shown to anybody else.
    """

    coupon_code: str
    coupon_number: int
    kind: Literal["subscription", "marketing"]
    product_code: str | None
    description: str
    start_time: datetime | None
    end_time: datetime | None
    delivery_plan_id: int | None
    extra_products: tuple[str, ...]
    project: str | None
    market: str | None
    activity: str | None
    sales_method: str | None
    retired: bool
    voucher_only: bool = False
    prices: tuple[CouponPrice, ...] = ()

    def is_valid(self, now: datetime) -> bool:
        """Whether it may be used at a time."""
        begun = self.start_time is None or self.start_time <= now
        return begun and not self.retired and (self.end_time is None or now < self.end_time)


class DistributionPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing a copy somewhere costs for a period; None: nothing from here on."""

    product_code: str  # '': all that are not digital
    country_code: str
    postal_code_from: str
    postal_code_to: str
    valid_from: datetime
    currency: str
    vat_included: bool
    price_minor: int | None


class VatRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate from a day on."""

    vat_kind: str
    country_code: str
    valid_from: date
    percent: Decimal


class DeliveryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber gets on which weekday, Monday first."""

    delivery_plan_id: int
    product_code: str
    plan_name: str
    days: tuple[str, ...]
    retired: bool = False


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """A discount on a product for who subscribes to another: per cent, or an amount for each copy."""

    product_code: str
    required_product_code: str
    discount_percent: Decimal
    discount_amount_minor: int


class RewardPartner(msgspec.Struct, frozen=True, kw_only=True):
    """Who gives rewards with orders, and the product whose stock each of them takes one of."""

    reward_partner_id: int
    name: str
    product_code: str | None
    retired: bool = False


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """A legal entity that sells, and how its payment references (KID) are laid out."""

    company_code: str
    name: str
    organisation_number: str | None
    account_number: str | None
    kid_customer_digits: int
    kid_invoice_digits: int
    kid_algorithm: Literal["MOD10", "MOD11"]


class ReminderRule(msgspec.Struct, frozen=True, kw_only=True):
    """When and how an unpaid invoice is reminded of, for what becomes due from a day on."""

    reminder_number: int
    valid_from: date
    kind: Literal["reminder", "warning"]
    days_after_due: int
    days_to_pay: int
    fee_minor: int


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A client's own words of a message to a reader."""

    client_id: str
    template: Literal["assignNewUser", "assignExistingUser"]
    kind: Literal["mail", "sms"]
    language: str
    subject: str | None
    text: str


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """All that one partner sells, and the rules of selling it."""

    country_code: str
    currency: str
    time_zone: str
    preliminary_hours: int = 72
    renewal_days: int = 14
    due_days: int = 14
    stop_days: int = 14
    companies: dict[str, Company] = msgspec.field(default_factory=dict)
    products: dict[str, Product] = msgspec.field(default_factory=dict)
    coupons: dict[tuple[str, int], Coupon] = msgspec.field(default_factory=dict)
    distribution_prices: tuple[DistributionPrice, ...] = ()
    vat_rates: tuple[VatRate, ...] = ()
    delivery_plans: dict[int, DeliveryPlan] = msgspec.field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    reward_partners: dict[int, RewardPartner] = msgspec.field(default_factory=dict)
    sellers: dict[str, str] = msgspec.field(default_factory=dict)  # code to name; none: any seller is taken
    sales_methods: dict[str, str] = msgspec.field(default_factory=dict)
    payment_methods: frozenset[str] = frozenset()  # besides invoice and free
    reminder_rules: tuple[ReminderRule, ...] = ()
    templates: tuple[Template, ...] = ()

    def coupons_of(self, product_code: str) -> list[Coupon]:
        """The coupons that sell a product, by code and number."""
        found = [coupon for coupon in self.coupons.values() if coupon.product_code == product_code]
        return sorted(found, key=lambda coupon: (coupon.coupon_code, coupon.coupon_number))


def version_at(versions: Sequence[DatedT], time: datetime) -> DatedT | None:
    """The version that is valid at a time; None before the first."""
    index = bisect_right(versions, time, key=lambda version: version.valid_from)
    return versions[index - 1] if index else None
