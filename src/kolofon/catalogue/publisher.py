"""The shape of a publisher file: what a partner is and sells, who may connect, and demo readers.

The members are documented by example in demo/fjordposten.yaml. What a type cannot say is checked in file_checks.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kolofon.catalogue.publisher_readers import Reader
from kolofon.catalogue.publisher_types import Code, File, Name, PurposeCode, RuleCode, words


class Partner(File):
    """The publishing organisation. Its code never changes: it is what the file is recognised by."""

    code: Annotated[str, words(r"^[a-z0-9-]{2,32}$", "2 to 32 small letters, digits and dashes")]
    name: Name
    country: Annotated[str, words(r"^[A-Z]{2}$", "two capital letters, such as NO")]
    currency: Annotated[str, words(r"^[A-Z]{3}$", "three capital letters, such as NOK")]
    time_zone: str


class Staff(File):
    """Who works for the partner, told by a verified credential, and what its clients want of their sign-in."""

    email_domains: tuple[Annotated[str, Meta(max_length=253)], ...] = ()
    credentials: tuple[Annotated[str, Meta(max_length=255)], ...] = ()
    second_factor: Literal["required"] | None = None


class Company(File):
    """A legal entity that sells."""

    code: Code
    name: Name
    organisation_number: Annotated[str, Meta(min_length=1, max_length=30)] | None = None


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


class Product(File):
    """Something that is sold. Retired: no longer sold, still held by customers and named by rules."""

    code: Code
    name: Name
    company: Code
    type: Literal["subscription", "issue", "single", "article"] = "subscription"
    retired: bool = False


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


class ClientKey(File, omit_defaults=True):
    """A public key, as a JWK (RFC 7517). A private one has a member that is not known here, and is refused."""

    kty: Literal["EC", "RSA", "OKP"]
    kid: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    use: Literal["sig"] | None = None
    alg: Literal["ES256", "RS256", "EdDSA"] | None = None
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None


class ClientKeys(File):
    """A JWK Set."""

    keys: Annotated[tuple[ClientKey, ...], Meta(min_length=1, max_length=20)]


GrantType = Literal["authorization_code", "refresh_token", "client_credentials", "extid_code", "device_code"]


class Client(File):
    """A site or app. Public: it cannot keep a secret and uses PKCE instead."""

    client_id: Annotated[
        str,
        Meta(max_length=100),
        words(
            r"^[A-Za-z]{2,63}(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)+$",
            "a domain written in reverse, such as no.example.shop",
        ),
    ]
    name: Name
    secret: Annotated[str, Meta(min_length=24, max_length=200)] | None = None
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    redirect_query_free: bool = False
    post_logout_redirect_uris: tuple[str, ...] = ()
    return_hosts: tuple[str, ...] = ()
    grant_types: tuple[GrantType, ...] = ("authorization_code", "refresh_token")
    access_token_seconds: Annotated[int, Meta(ge=60, le=86400)] = 43200
    refresh_token_seconds: Annotated[int, Meta(ge=3600, le=31536000)] = 2592000
    grant_seconds: Annotated[int, Meta(ge=3600, le=157680000)] = 31536000
    calls_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    calls_per_minute: Annotated[int, Meta(ge=1, le=60_000_000)] = 2000
    answer_format: Literal["json", "xml"] = "json"
    logo_url: str | None = None
    jwks: ClientKeys | None = None
    third_party: bool = False
    require_pkce: bool = False
    require_pushed_requests: bool = False
    id_token_algorithm: Literal["RS256", "ES256"] = "RS256"
    background_url: str | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False


class PublisherFile(File):
    """A whole publisher file. A part that is left out counts as empty, readers as not mentioned."""

    partner: Partner
    staff: Staff = msgspec.field(default_factory=Staff)
    companies: tuple[Company, ...] = ()
    enterprises: tuple[Enterprise, ...] = ()
    privacy_purposes: tuple[PrivacyPurpose, ...] = ()
    marketing_channels: tuple[MarketingChannel, ...] = ()
    category_types: tuple[CategoryType, ...] = ()
    products: tuple[Product, ...] = ()
    access_rules: tuple[ProductRule | DomainRule | IpRule | ArticleRule | CategoryTypeRule, ...] = ()
    clients: tuple[Client, ...] = ()
    readers: tuple[Reader, ...] = ()
