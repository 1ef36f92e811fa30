"""The catalogue in memory: what every request reads without asking the database."""

from bisect import bisect_right
from datetime import datetime, timedelta
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

import msgspec

from kolofon.catalogue import queries
from kolofon.catalogue.offer_reading import read_offers
from kolofon.catalogue.offers import Offers
from kolofon.platform.callers import Limits
from kolofon.platform.database import Connection


class ClientSecret(msgspec.Struct, frozen=True):
    """The hash of a client's secret; two overlap while one is being rotated."""

    secret_hash: bytes
    expires_at: datetime | None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A site or app of a partner."""

    client_id: str
    partner_id: int
    name: str
    public: bool
    redirect_uris: frozenset[str]
    redirect_query_free: bool
    post_logout_redirect_uris: frozenset[str]
    return_hosts: frozenset[str]
    grant_types: frozenset[str]
    access_token_seconds: int
    refresh_token_seconds: int
    grant_seconds: int
    limits: Limits
    answer_format: str
    logo_url: str | None
    jwks: dict[str, Any] | None  # public keys, as a JWK Set
    third_party: bool
    require_pkce: bool
    require_pushed_requests: bool
    id_token_algorithm: Literal["RS256", "ES256"]
    background_url: str | None
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    disabled: bool
    secrets: tuple[ClientSecret, ...]


class AccessRule(msgspec.Struct, frozen=True, kw_only=True):
    """One way in. Which members are set depends on the kind."""

    access_rule_code: str
    kind: str  # product, domain, ip, article, categoryType
    product_code: str | None = None
    subscribed_product_code: str | None = None
    domain: str | None = None
    ip_from: IPv4Address | IPv6Address | None = None
    ip_to: IPv4Address | IPv6Address | None = None
    article_prefix: str | None = None
    category_type: str | None = None


class Staff(msgspec.Struct, frozen=True):
    """Who works for a partner, and whether its clients want two factors of them."""

    email_domains: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()
    second_factor: bool = False

    def includes(self, credential: str) -> bool:
        """Whether a verified credential makes somebody staff. Domains below the given ones count too."""
        labels = credential.rpartition("@")[2].split(".") if "@" in credential else []
        domains = {".".join(labels[index:]) for index in range(len(labels))}
        return credential in self.credentials or bool(domains & self.email_domains)


class CategoryType(msgspec.Struct, frozen=True):
    """A kind of category that customers can have; its codes with their descriptions, in the order of the codes."""

    description: str
    codes: dict[str, str]


class PartnerCatalogue:
    """What one partner sells and how, and whom it lets in."""

    def __init__(
        self,
        partner_id: int,
        products: tuple[str, ...],
        rules: tuple[AccessRule, ...],
        enterprises: dict[str, frozenset[str]],
        privacy_purposes: frozenset[str],
        marketing_channels: tuple[str, ...],
        staff: Staff = Staff(),  # noqa: B008 (nothing in it changes)
        name: str = "",
        code: str = "",
        offers: Offers = Offers(country_code="", currency="", time_zone=""),  # noqa: B008 (nothing in it changes)
        sandbox: bool = False,
        clock_ahead: timedelta = timedelta(),
        category_types: dict[str, CategoryType] | None = None,
    ) -> None:
        self.partner_id = partner_id
        self.products = products
        self.enterprises = enterprises
        self.privacy_purposes = privacy_purposes
        self.marketing_channels = marketing_channels
        self.staff = staff
        self.name = name
        self.code = code
        self.offers = offers
        self.sandbox = sandbox
        self.clock_ahead = clock_ahead
        self.category_types = category_types or {}
        self._rules = rules
        self._granting: dict[str, dict[str, str]] = {}
        for rule in rules:
            if rule.kind == "product" and rule.product_code is not None and rule.subscribed_product_code is not None:
                granting = self._granting.setdefault(rule.product_code, {rule.product_code: ""})
                granting.setdefault(rule.subscribed_product_code, rule.access_rule_code)

    def machine_time(self, now: datetime) -> datetime:
        """What the machine's clock says at a moment of the partner's: for messages and queues, which nobody moves."""
        return now - self.clock_ahead

    def products_granting(self, product_code: str) -> dict[str, str]:
        """The products that give access to a product, each with its rule's code ('' for the product itself)."""
        return self._granting.get(product_code) or {product_code: ""}

    def article_rules(self, article_id: str) -> list[AccessRule]:
        """The rules that let an article be read with a product."""
        return [rule for rule in self._of_kind["article"] if article_id.startswith(str(rule.article_prefix))]

    def category_type_rules(self, category_type: str) -> list[AccessRule]:
        """The rules that let a category type be read with a product."""
        return [rule for rule in self._of_kind["categoryType"] if rule.category_type == category_type]

    def domain_rules(self, domain: str) -> list[AccessRule]:
        """The rules for a domain and the domains above it."""
        labels = domain.lower().split(".")
        names = {".".join(labels[index:]) for index in range(len(labels))}
        return [rule for rule in self._of_kind["domain"] if rule.domain in names]

    def ip_rules(self, address: IPv4Address | IPv6Address) -> list[AccessRule]:
        """The rules whose range holds an address."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        starts, rules = self._ip_ranges[address.version]
        number = int(address)
        # Ranges may overlap, so all that start before the address are candidates; partners have few.
        candidates = rules[: bisect_right(starts, number)]
        return [rule for rule in candidates if rule.ip_to is not None and number <= int(rule.ip_to)]

    @cached_property
    def _of_kind(self) -> dict[str, list[AccessRule]]:
        kinds = ("product", "domain", "ip", "article", "categoryType")
        return {kind: [rule for rule in self._rules if rule.kind == kind] for kind in kinds}

    @cached_property
    def _ip_ranges(self) -> dict[int, tuple[list[int], list[AccessRule]]]:
        ranges: dict[int, tuple[list[int], list[AccessRule]]] = {}
        for version in (4, 6):
            found = [(int(r.ip_from), r) for r in self._of_kind["ip"] if r.ip_from and r.ip_from.version == version]
            found.sort(key=lambda pair: pair[0])
            ranges[version] = [start for start, _ in found], [rule for _, rule in found]
        return ranges


class Catalogue:
    """A snapshot of all partners; nothing in it changes."""

    def __init__(self, clients: dict[str, Client], partners: dict[int, PartnerCatalogue]) -> None:
        self.clients = clients
        self._partners = partners

    def partner(self, partner_id: int) -> PartnerCatalogue:
        """A partner's part."""
        return self._partners[partner_id]

    @property
    def partners(self) -> list[PartnerCatalogue]:
        """All partners' parts."""
        return list(self._partners.values())


async def read_catalogue(connection: Connection) -> Catalogue:
    """Read a consistent snapshot from the database."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        clients = [_client(row) for row in await queries.list_clients(connection)]
        partners = {row.partner_id: row for row in await queries.list_partners(connection)}
        rules = await queries.list_access_rules(connection)
        offers = await read_offers(connection)
    catalogues = {
        partner_id: PartnerCatalogue(
            partner_id,
            tuple(row.products),
            tuple(AccessRule(**rule) for rule_partner, rule in rules if rule_partner == partner_id),
            {code: frozenset(order_types) for code, order_types in row.enterprises.items()},
            frozenset(row.privacy_purposes),
            tuple(row.marketing_channels),
            Staff(frozenset(row.staff_email_domains), frozenset(row.staff_credentials), row.staff_second_factor),
            row.name,
            row.partner_code,
            offers[partner_id],
            row.sandbox,
            row.clock_ahead,
            {kind: CategoryType(text, dict(codes)) for kind, text, codes in row.category_types},
        )
        for partner_id, row in partners.items()
    }
    return Catalogue({client.client_id: client for client in clients}, catalogues)


def _client(row: queries.ClientRow) -> Client:
    members = msgspec.structs.asdict(row)
    secrets = members.pop("secrets")
    limits = Limits(members.pop("calls_per_second"), members.pop("calls_per_minute"))
    for name in ("redirect_uris", "post_logout_redirect_uris", "return_hosts", "grant_types"):
        members[name] = frozenset(members[name])
    return Client(**members, limits=limits, secrets=tuple(ClientSecret(h, e) for h, e in secrets))
