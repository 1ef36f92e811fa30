"""What types cannot say of a partner's codes: that they are there once, that references lead somewhere, that
addresses and zones exist."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

from babel.numbers import list_currencies

from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.publisher import (
    ArticleRule,
    CategoryTypeRule,
    DomainRule,
    IpRule,
    Partner,
    ProductRule,
    PublisherFile,
    Staff,
)
from kolofon.catalogue.publisher_file.when import is_time_zone
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.errors import InvalidRequest


class _Coded(Protocol):
    code: str


Address = IPv4Address | IPv6Address
AddressRange = tuple[Address, Address]

# Words that stand in the API's paths where these codes do: nobody could ask for a thing with such a code.
PATH_WORDS = {
    "enterprises": frozenset({"access", "consentEvent", "consentGroups", "consents", "erasure"}),
    "products": frozenset({"complaint", "delete", "price", "update"}),
}
_DOMAIN = re.compile(r"^(?!-)[\w-]{1,63}(\.[\w-]{1,63})+$")


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    _check_partner(publisher.partner, problems)
    _check_staff(publisher.staff, publisher.partner.country, problems)
    _check_unique(publisher, problems)
    _check_path_words(publisher, problems)
    companies = {company.code for company in publisher.companies}
    for index, product in enumerate(publisher.products):
        must_be_known(problems, ("products", index, "company"), product.company, companies, "company")
    for index, rule in enumerate(publisher.access_rules):
        _check_rule(publisher, rule, ("accessRules", index), problems)


def must_be_known(problems: Problems, path: FieldPath, code: str | None, known: Iterable[str], what: str) -> None:
    """Report a code that the file does not have; None refers to nothing."""
    if code is not None and code not in known:
        problems.add(path, f"expected the code of a {what} in this file, got {code!r}")


def must_be_once(problems: Problems, entries: Iterable[tuple[FieldPath, str]]) -> None:
    """Report values that are there more than once."""
    first: dict[str, FieldPath] = {}
    for path, value in entries:
        if value in first:
            problems.add(path, f"expected once, but {value!r} is there in line {problems.line(first[value])} already")
        first.setdefault(value, path)


def ip_range(rule: IpRule) -> AddressRange:
    """The first and last address of a rule; raises ValueError in words for the file's author."""
    if rule.cidr is not None and rule.from_ is None and rule.to is None:
        first, last = _network(rule.cidr)
    elif rule.cidr is None and rule.from_ is not None and rule.to is not None:
        first, last = _address(rule.from_), _address(rule.to)
    else:
        raise ValueError("expected either cidr, or from and to")
    if first.version != last.version:
        raise ValueError("expected from and to of the same kind, IPv4 or IPv6")
    if int(first) > int(last):
        raise ValueError("expected a range whose from is not after its to")
    return first, last


def _check_partner(partner: Partner, problems: Problems) -> None:
    if partner.currency not in list_currencies():
        problems.add(("partner", "currency"), f"expected a currency of ISO 4217, such as NOK, got {partner.currency!r}")
    if not is_time_zone(partner.time_zone):
        problems.add(("partner", "timeZone"), f"expected a time zone such as Europe/Oslo, got {partner.time_zone!r}")


def _check_staff(staff: Staff, country: str, problems: Problems) -> None:
    for name, texts in (("emailDomains", staff.email_domains), ("credentials", staff.credentials)):
        must_be_once(problems, [(("staff", name, index), text) for index, text in enumerate(texts)])
    for index, domain in enumerate(staff.email_domains):
        if not _DOMAIN.fullmatch(domain):
            problems.add(("staff", "emailDomains", index), f"expected a domain such as example.no, got {domain!r}")
    for index, credential in enumerate(staff.credentials):
        try:
            normalised_credential(credential, country)
        except InvalidRequest:
            expected = "expected an e-mail address or a phone number"
            problems.add(("staff", "credentials", index), f"{expected}, got {credential!r}")
    if staff.second_factor is not None and not (staff.email_domains or staff.credentials):
        problems.add(("staff", "secondFactor"), "expected emailDomains or credentials beside it: nobody would be staff")


def _check_unique(publisher: PublisherFile, problems: Problems) -> None:
    sections: dict[str, Sequence[_Coded]] = {
        "companies": publisher.companies,
        "enterprises": publisher.enterprises,
        "privacyPurposes": publisher.privacy_purposes,
        "marketingChannels": publisher.marketing_channels,
        "categoryTypes": publisher.category_types,
        "products": publisher.products,
        "accessRules": publisher.access_rules,
    }
    for name, entries in sections.items():
        must_be_once(problems, [((name, index, "code"), entry.code) for index, entry in enumerate(entries)])
    for index, enterprise in enumerate(publisher.enterprises):
        at: FieldPath = ("enterprises", index, "orderTypes")
        must_be_once(problems, [((*at, i, "code"), entry.code) for i, entry in enumerate(enterprise.order_types)])
    # A category code names its type, so it is there once in the whole file.
    category_codes: list[tuple[FieldPath, str]] = [
        (("categoryTypes", index, "codes", i, "code"), entry.code)
        for index, category_type in enumerate(publisher.category_types)
        for i, entry in enumerate(category_type.codes)
    ]
    must_be_once(problems, category_codes)


def _check_path_words(publisher: PublisherFile, problems: Problems) -> None:
    sections: dict[str, Sequence[_Coded]] = {"enterprises": publisher.enterprises, "products": publisher.products}
    for name, entries in sections.items():
        for index, entry in enumerate(entries):
            if entry.code in PATH_WORDS[name]:
                problems.add((name, index, "code"), f"expected another code: {entry.code} is a word in the API's paths")


def _check_rule(
    publisher: PublisherFile,
    rule: ProductRule | DomainRule | IpRule | ArticleRule | CategoryTypeRule,
    at: FieldPath,
    problems: Problems,
) -> None:
    products = {product.code for product in publisher.products}
    category_types = {category_type.code for category_type in publisher.category_types}
    must_be_known(problems, (*at, "product"), rule.product, products, "product")
    if isinstance(rule, ProductRule):
        must_be_known(problems, (*at, "subscribedProduct"), rule.subscribed_product, products, "product")
        if rule.subscribed_product == rule.product:
            problems.add((*at, "subscribedProduct"), "expected another product than the one that is read")
    if isinstance(rule, (DomainRule, IpRule, CategoryTypeRule)):
        must_be_known(problems, (*at, "categoryType"), rule.category_type, category_types, "category type")
    if isinstance(rule, DomainRule) and not _DOMAIN.fullmatch(rule.domain):
        problems.add((*at, "domain"), f"expected a domain such as example.no, got {rule.domain!r}")
    if isinstance(rule, IpRule):
        try:
            ip_range(rule)
        except ValueError as error:
            problems.add((*at, "cidr") if rule.cidr is not None else (*at, "from"), str(error))


def _network(text: str) -> AddressRange:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(f"expected a network such as 192.0.2.0/24 or 2001:db8::/32, got {text!r}") from None
    if isinstance(network, IPv6Network):
        _refuse_disguised(network.network_address)
    return network[0], network[-1]


def _address(text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError(f"expected an address such as 192.0.2.1 or 2001:db8::1, got {text!r}") from None
    if isinstance(address, IPv6Address):
        _refuse_disguised(address)
    return address


def _refuse_disguised(address: IPv6Address) -> None:
    if address.ipv4_mapped is not None:
        raise ValueError("expected an IPv4 address written as such, not inside an IPv6 address")
    if address.scope_id is not None:
        raise ValueError("expected an address without the name of a network card (%...)")
