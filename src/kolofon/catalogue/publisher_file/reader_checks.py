"""What types cannot say of demo readers: credentials, references to codes, shared customers."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from kolofon.catalogue.publisher_file.checks import must_be_known, must_be_once
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.readers import (
    Credential,
    Reader,
    ReaderAccess,
    ReaderCustomer,
    ReaderSubscription,
)
from kolofon.catalogue.publisher_file.when import is_time_zone, resolve_time
from kolofon.platform.credentials import EMAIL, PHONE, normalised_credential
from kolofon.platform.errors import InvalidRequest

_TYPE_WORDS = {EMAIL: "email", PHONE: "phone"}


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    country = publisher.partner.country
    credentials: list[tuple[FieldPath, str]] = []
    for index, reader in enumerate(publisher.readers):
        at: FieldPath = ("readers", index)
        for i, credential in enumerate(reader.credentials):
            stored = _check_credential(credential, country, (*at, "credentials", i), problems)
            if stored is not None:
                credentials.append(((*at, "credentials", i, "credential"), stored))
        _check_contacts(reader, country, at, problems)
        if reader.customer is not None:
            _check_references(publisher, reader.customer, (*at, "customer"), problems)
            _check_times(publisher, reader.customer, (*at, "customer"), problems)
    must_be_once(problems, credentials)
    _check_shared_customers(publisher, problems)


def describes(customer: ReaderCustomer) -> bool:
    """Whether more is said of the customer than its number."""
    return customer != ReaderCustomer(customer_number=customer.customer_number)


def access_kind(access: ReaderAccess) -> tuple[str, str]:
    """The kind and code of the one thing that is given; raises ValueError unless it is exactly one."""
    given = {"article": access.article, "categoryType": access.category_type, "product": access.product}
    named = [(kind, code) for kind, code in given.items() if code is not None]
    if len(named) != 1:
        raise ValueError("expected one of article, categoryType and product")
    return named[0]


def _check_credential(credential: Credential, country: str, at: FieldPath, problems: Problems) -> str | None:
    try:
        stored, letter = normalised_credential(credential.credential, country)
    except InvalidRequest:
        expected = "an e-mail address, a phone number or an external identity (PREFIX:id)"
        problems.add((*at, "credential"), f"expected {expected}, got {credential.credential!r}")
        return None
    found = _TYPE_WORDS.get(letter, "external")
    if credential.type not in {None, found}:
        problems.add((*at, "type"), f"expected {found}, as the credential shows, got {credential.type!r}")
    return stored


def _check_contacts(reader: Reader, country: str, at: FieldPath, problems: Problems) -> None:
    numbers: list[tuple[FieldPath, str]] = []
    for index, phone_number in enumerate(reader.phone_numbers):
        path: FieldPath = (*at, "phoneNumbers", index, "number")
        numbers += _contact(phone_number.number, PHONE, country, path, problems)
    emails: list[tuple[FieldPath, str]] = []
    for index, email in enumerate(reader.emails):
        emails += _contact(email, EMAIL, country, (*at, "emails", index), problems)
    must_be_once(problems, numbers)
    must_be_once(problems, emails)


def _contact(text: str, letter: str, country: str, path: FieldPath, problems: Problems) -> list[tuple[FieldPath, str]]:
    what = "an e-mail address" if letter == EMAIL else "a phone number"
    try:
        stored, found = normalised_credential(text, country)
    except InvalidRequest:
        found = ""
    if found != letter:
        problems.add(path, f"expected {what}, got {text!r}")
        return []
    return [(path, stored)]


def _check_references(publisher: PublisherFile, customer: ReaderCustomer, at: FieldPath, problems: Problems) -> None:
    products = {product.code for product in publisher.products}
    category_types = {entry.code for entry in publisher.category_types}
    purposes = {purpose.code for purpose in publisher.privacy_purposes}
    channels = {channel.code for channel in publisher.marketing_channels}
    for i, subscription in enumerate(customer.subscriptions):
        _check_subscription(publisher, subscription, (*at, "subscriptions", i), problems)
    for i, access in enumerate(customer.access):
        path: FieldPath = (*at, "access", i)
        must_be_known(problems, (*path, "product"), access.product, products, "product")
        must_be_known(problems, (*path, "categoryType"), access.category_type, category_types, "category type")
        try:
            access_kind(access)
        except ValueError as error:
            problems.add(path, str(error))
    for i, privacy in enumerate(customer.privacy):
        path = (*at, "privacy", i)
        _check_level(publisher, privacy.enterprise, privacy.order_type, path, problems)
        for j, purpose in enumerate(privacy.purposes):
            must_be_known(problems, (*path, "purposes", j), purpose, purposes, "privacy purpose")
    for i, marketing in enumerate(customer.marketing):
        path = (*at, "marketing", i)
        _check_level(publisher, marketing.enterprise, marketing.order_type, path, problems)
        if marketing.enterprise is None and marketing.permission:
            problems.add((*path, "permission"), "expected an enterprise: without one there are only shields")
        for name, codes in (("permission", marketing.permission), ("shield", marketing.shield)):
            for j, channel in enumerate(codes):
                must_be_known(problems, (*path, name, j), channel, channels, "marketing channel")
    _check_once_per_level(customer, at, problems)


def _check_subscription(
    publisher: PublisherFile, subscription: ReaderSubscription, at: FieldPath, problems: Problems
) -> None:
    products = {product.code for product in publisher.products}
    categories = {code.code for entry in publisher.category_types for code in entry.codes}
    must_be_known(problems, (*at, "product"), subscription.product, products, "product")
    must_be_known(problems, (*at, "category"), subscription.category, categories, "category")
    coupons = {(coupon.code, coupon.number): coupon.product for coupon in publisher.coupons}
    coupon = subscription.coupon
    if coupon is not None and coupons.get((coupon.code, coupon.number)) != subscription.product:
        problems.add((*at, "coupon"), f"expected code and number of a coupon that sells {subscription.product}")


def _check_level(
    publisher: PublisherFile, enterprise: str | None, order_type: str | None, at: FieldPath, problems: Problems
) -> None:
    enterprises = {entry.code: [o.code for o in entry.order_types] for entry in publisher.enterprises}
    must_be_known(problems, (*at, "enterprise"), enterprise, enterprises, "enterprise")
    if enterprise is None and order_type is not None:
        problems.add((*at, "orderType"), "expected an enterprise beside the order type")
    elif enterprise in enterprises:
        what = f"order type of {enterprise}"
        must_be_known(problems, (*at, "orderType"), order_type, enterprises[enterprise], what)


def _check_once_per_level(customer: ReaderCustomer, at: FieldPath, problems: Problems) -> None:
    seen: set[tuple[str, ...]] = set()
    for path, key in _settings(customer, at):
        if key in seen:
            problems.add(path, f"expected once, but {key[-1]!r} is set on this level already")
        seen.add(key)


def _settings(customer: ReaderCustomer, at: FieldPath) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    for i, privacy in enumerate(customer.privacy):
        level = privacy.enterprise, privacy.order_type or ""
        for j, purpose in enumerate(privacy.purposes):
            yield (*at, "privacy", i, "purposes", j), ("privacy", *level, purpose)
    for i, marketing in enumerate(customer.marketing):
        level = marketing.enterprise or "", marketing.order_type or ""
        for name, codes in (("permission", marketing.permission), ("shield", marketing.shield)):
            for j, channel in enumerate(codes):
                yield (*at, "marketing", i, name, j), ("marketing", *level, channel)


def _check_times(publisher: PublisherFile, customer: ReaderCustomer, at: FieldPath, problems: Problems) -> None:
    if not is_time_zone(publisher.partner.time_zone):
        return
    time_zone = ZoneInfo(publisher.partner.time_zone)
    entries: list[tuple[FieldPath, str, str | None]] = [
        ((*at, "subscriptions", i), entry.start, entry.end) for i, entry in enumerate(customer.subscriptions)
    ]
    entries += [((*at, "access", i), entry.start, entry.end) for i, entry in enumerate(customer.access)]
    for path, start, end in entries:
        for name, text in (("start", start), ("end", end)):
            try:
                # Which day is the first is not known yet; any will do to see whether there is such a time.
                resolve_time(text, date(2020, 1, 1), time_zone) if text is not None else None
            except (ValueError, OverflowError):
                problems.add((*path, name), f"expected a day or time that exists, from 1900 to 2200, got {text!r}")


def _check_shared_customers(publisher: PublisherFile, problems: Problems) -> None:
    described: dict[int, FieldPath] = {}
    for index, reader in enumerate(publisher.readers):
        if reader.customer is None or not describes(reader.customer):
            continue
        path: FieldPath = ("readers", index, "customer")
        first = described.setdefault(reader.customer.customer_number, path)
        if first != path:
            line = problems.line(first)
            problems.add(path, f"expected only the customer number: the customer is described in line {line} already")
