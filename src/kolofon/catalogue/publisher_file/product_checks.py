"""What types cannot say of products, their prices and dependencies."""

from datetime import date
from zoneinfo import ZoneInfo

from kolofon.catalogue.publisher_file.checks import must_be_known, must_be_once
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.products import Product, ProductDependency
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.values import minor_units, period
from kolofon.catalogue.publisher_file.when import is_time_zone, resolve_time


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    kinds = {rate.kind for rate in publisher.vat_rates}
    own = {rate.kind for rate in publisher.vat_rates if rate.country in {None, publisher.partner.country}}
    for index, product in enumerate(publisher.products):
        at: FieldPath = ("products", index)
        _check_vat(product.vat_kind, kinds, own, publisher.partner.country, (*at, "vatKind"), problems)
        _check_prices(product, publisher.partner.currency, at, problems)
        _check_parts(product, at, problems)
        must_be_in_order(publisher, product.start, product.end, at, problems)
    keys: list[tuple[FieldPath, str]] = []
    for index, dependency in enumerate(publisher.product_dependencies):
        at = ("productDependencies", index)
        _check_dependency(publisher, dependency, at, problems)
        keys.append(((*at, "requiredProduct"), f"{dependency.product} with {dependency.required_product}"))
    must_be_once(problems, keys)


def must_be_an_amount(text: str | None, currency: str, path: FieldPath, problems: Problems) -> None:
    """Report an amount that the partner's currency does not have; None is none."""
    if text is None:
        return
    try:
        minor_units(text, currency)
    except ValueError as error:
        problems.add(path, f"{error}, got {text!r}")


def must_be_a_period(text: str | None, path: FieldPath, problems: Problems) -> None:
    """Report a period that is too long; None is none."""
    if text is None:
        return
    try:
        period(text)
    except ValueError as error:
        problems.add(path, str(error))


def must_be_in_order(
    publisher: PublisherFile, start: str | None, end: str | None, at: FieldPath, problems: Problems
) -> None:
    """Report a start and an end that do not exist, or are not in this order."""
    if not is_time_zone(publisher.partner.time_zone):
        return
    moments = []
    for name, text in (("start", start), ("end", end)):
        try:
            if text is not None:
                moments.append(resolve_time(text, date(2020, 1, 1), ZoneInfo(publisher.partner.time_zone)))
        except (ValueError, OverflowError):
            problems.add((*at, name), f"expected a day or time that exists, from 1900 to 2200, got {text!r}")
    if len(moments) == len(("start", "end")) and moments[0] >= moments[1]:
        problems.add((*at, "end"), f"expected an end after the start, {start}")


def _check_vat(
    vat_kind: str | None, kinds: set[str], own: set[str], country: str, path: FieldPath, problems: Problems
) -> None:
    if vat_kind is None or vat_kind in own:
        return
    if vat_kind in kinds:
        problems.add(path, f"expected a rate of {vat_kind} for the partner's own country, {country}, in vatRates")
    else:
        must_be_known(problems, path, vat_kind, kinds, "VAT kind")


def _check_prices(product: Product, currency: str, at: FieldPath, problems: Problems) -> None:
    must_be_an_amount(product.web_offer_price, currency, (*at, "webOfferPrice"), problems)
    must_be_an_amount(product.retail_price, currency, (*at, "retailPrice"), problems)
    must_be_a_period(product.period, (*at, "period"), problems)
    if product.period is not None and product.type != "subscription":
        problems.add((*at, "period"), "expected no period: only a subscription runs for one")
    elif product.period is not None and product.web_offer_price is None and product.retail_price is None:
        problems.add((*at, "period"), "expected webOfferPrice or retailPrice beside it")
    if product.article_prices and product.type != "article":
        problems.add((*at, "articlePrices"), "expected none: the product is no article")
    categories: list[tuple[FieldPath, str]] = []
    for index, entry in enumerate(product.article_prices):
        path: FieldPath = (*at, "articlePrices", index)
        must_be_an_amount(entry.price, currency, (*path, "price"), problems)
        categories.append(((*path, "category"), entry.category or ""))
    must_be_once(problems, categories)


def _check_parts(product: Product, at: FieldPath, problems: Problems) -> None:
    if product.access_days is not None and product.type != "article":
        problems.add((*at, "accessDays"), "expected none: the product is no article")
    if product.issues and product.type not in {"subscription", "issue"}:
        problems.add((*at, "issues"), f"expected none: a product of the type {product.type} has no issues")
    if product.stock and (product.digital or product.type == "article"):
        problems.add((*at, "stock"), "expected none: what is read on a screen does not run out")
    must_be_once(problems, [((*at, "issues", i, "code"), entry.code) for i, entry in enumerate(product.issues)])
    must_be_once(problems, [((*at, "stock", i, "warehouse"), entry.warehouse) for i, entry in enumerate(product.stock)])


def _check_dependency(
    publisher: PublisherFile, dependency: ProductDependency, at: FieldPath, problems: Problems
) -> None:
    products = {product.code for product in publisher.products}
    subscriptions = {product.code for product in publisher.products if product.type == "subscription"}
    must_be_known(problems, (*at, "product"), dependency.product, products, "product")
    required: FieldPath = (*at, "requiredProduct")
    must_be_known(problems, required, dependency.required_product, subscriptions, "subscription product")
    if dependency.product == dependency.required_product:
        problems.add(required, "expected another product than the one that is bought")
    must_be_an_amount(dependency.discount_amount, publisher.partner.currency, (*at, "discountAmount"), problems)
    given = [text for text in (dependency.discount_percent, dependency.discount_amount) if text is not None]
    if len(given) != 1:
        problems.add(at, "expected either discountPercent or discountAmount")
    elif float(given[0]) == 0:
        problems.add(at, "expected a discount above 0")
