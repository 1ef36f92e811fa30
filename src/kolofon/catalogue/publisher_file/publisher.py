"""The shape of a publisher file: what a partner is and sells, who may connect, and demo readers.

The members are documented by example in demo/fjordposten.yaml. What a type cannot say is checked in checks.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kolofon.catalogue.publisher_file.clients import Client
from kolofon.catalogue.publisher_file.offers import Coupon, DeliveryPlan, DistributionPrice, RewardPartner, Voucher
from kolofon.catalogue.publisher_file.products import Product, ProductDependency
from kolofon.catalogue.publisher_file.readers import Reader
from kolofon.catalogue.publisher_file.terms import PaymentMethod, ReminderRule, SalesMethod, Seller, VatRate
from kolofon.catalogue.publisher_file.types import Code, Country, File, Name, PurposeCode, RuleCode, words


class Partner(File):
    """The publishing organisation. Its code never changes: it is what the file is recognised by."""

    code: Annotated[str, words(r"^[a-z0-9-]{2,32}$", "2 to 32 small letters, digits and dashes")]
    name: Name
    country: Country
    currency: Annotated[str, words(r"^[A-Z]{3}$", "three capital letters, such as NOK")]
    time_zone: str
    sandbox: bool = False


class Orders(File):
    """How long things take: until a preliminary order is given up, a renewal is prepared, an invoice is due, and what
    is not paid stops after the last reminder."""

    preliminary_hours: Annotated[int, Meta(ge=1, le=8760)] = 72
    renewal_days: Annotated[int, Meta(ge=0, le=365)] = 14
    due_days: Annotated[int, Meta(ge=0, le=365)] = 14
    stop_days: Annotated[int, Meta(ge=0, le=365)] = 14


class Staff(File):
    """Who works for the partner, told by a verified credential, and what its clients want of their sign-in."""

    email_domains: tuple[Annotated[str, Meta(max_length=253)], ...] = ()
    credentials: tuple[Annotated[str, Meta(max_length=255)], ...] = ()
    second_factor: Literal["required"] | None = None


class Kid(File):
    """The layout of a company's payment references: so many digits of the customer's number and of the invoice's, and
    a check digit."""

    customer_digits: Annotated[int, Meta(ge=1, le=16)] = 10
    invoice_digits: Annotated[int, Meta(ge=1, le=16)] = 9
    algorithm: Literal["MOD10", "MOD11"] = "MOD10"


class Company(File):
    """A legal entity that sells. The first invoice number counts once, when the company is new."""

    code: Code
    name: Name
    organisation_number: Annotated[str, Meta(min_length=1, max_length=30)] | None = None
    account_number: Annotated[str, Meta(min_length=1, max_length=34)] | None = None
    kid: Kid = msgspec.field(default_factory=Kid)
    first_invoice_number: Annotated[int, Meta(ge=1, le=999_999_999_999)] = 1


class OrderType(File):
    """A kind of order that readers give permissions for."""

    code: Code
    name: Name


class Enterprise(File):
    """A title or site that readers give permissions to."""

    code: Code
    name: Name
    order_types: tuple[OrderType, ...] = ()


class PrivacyPurpose(File):
    """What personal data may be used for, if the reader permits it."""

    code: PurposeCode
    name: Name


class MarketingChannel(File):
    """A way to reach readers with marketing."""

    code: Code
    name: Name


class CategoryCode(File):
    """A category that a subscription can carry."""

    code: Code
    description: Name


class CategoryType(File):
    """What access is asked by; its codes are what subscriptions carry."""

    code: Code
    description: Name
    codes: tuple[CategoryCode, ...] = ()


class ProductRule(File, tag_field="kind", tag="product"):
    """Who subscribes to one product reads another."""

    code: RuleCode
    product: Code
    subscribed_product: Code


class DomainRule(File, tag_field="kind", tag="domain"):
    """Who has a verified e-mail address at the domain reads; without a product, everything."""

    code: RuleCode
    domain: Annotated[str, Meta(max_length=253)]
    product: Code | None = None
    category_type: Code | None = None


class IpRule(File, tag_field="kind", tag="ip"):
    """Who comes from the network (cidr) or range (from, to) reads; without a product, everything."""

    code: RuleCode
    cidr: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    product: Code | None = None
    category_type: Code | None = None


class ArticleRule(File, tag_field="kind", tag="article"):
    """Articles whose id begins with the prefix are read with the product."""

    code: RuleCode
    prefix: Annotated[str, Meta(min_length=1, max_length=255)]
    product: Code


class CategoryTypeRule(File, tag_field="kind", tag="categoryType"):
    """A category type is read with the product."""

    code: RuleCode
    category_type: Code
    product: Code


class PublisherFile(File):
    """A whole publisher file. A part that is left out counts as empty, readers as not mentioned."""

    partner: Partner
    orders: Orders = msgspec.field(default_factory=Orders)
    staff: Staff = msgspec.field(default_factory=Staff)
    companies: tuple[Company, ...] = ()
    enterprises: tuple[Enterprise, ...] = ()
    privacy_purposes: tuple[PrivacyPurpose, ...] = ()
    marketing_channels: tuple[MarketingChannel, ...] = ()
    category_types: tuple[CategoryType, ...] = ()
    vat_rates: tuple[VatRate, ...] = ()
    products: tuple[Product, ...] = ()
    product_dependencies: tuple[ProductDependency, ...] = ()
    delivery_plans: tuple[DeliveryPlan, ...] = ()
    distribution_prices: tuple[DistributionPrice, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    vouchers: tuple[Voucher, ...] = ()
    reward_partners: tuple[RewardPartner, ...] = ()
    sellers: tuple[Seller, ...] = ()
    sales_methods: tuple[SalesMethod, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    reminder_rules: tuple[ReminderRule, ...] = ()
    access_rules: tuple[ProductRule | DomainRule | IpRule | ArticleRule | CategoryTypeRule, ...] = ()
    clients: tuple[Client, ...] = ()
    readers: tuple[Reader, ...] = ()
