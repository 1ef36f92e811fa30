"""What types cannot say of coupons, vouchers, rewards, delivery plans and distribution prices."""

from kolofon.catalogue.publisher_file.checks import must_be_known, must_be_once
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.offers import Coupon, DistributionPrice, Voucher
from kolofon.catalogue.publisher_file.product_checks import must_be_a_period, must_be_an_amount, must_be_in_order
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.values import bare_postal_code

# What a coupon of kind subscription has, and one of kind marketing does not.
_SELLING = (
    ("product", "product"),
    ("price", "price"),
    ("period", "period"),
    ("renewal_price", "renewalPrice"),
    ("renewal_period", "renewalPeriod"),
    ("delivery_plan", "deliveryPlan"),
    ("extra_products", "extraProducts"),
)
_NEEDED = 3


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    products = {product.code for product in publisher.products}
    subscriptions = {product.code for product in publisher.products if product.type == "subscription"}
    for index, plan in enumerate(publisher.delivery_plans):
        path: FieldPath = ("deliveryPlans", index, "product")
        must_be_known(problems, path, plan.product, subscriptions, "subscription product")
    ids: list[tuple[FieldPath, str]]
    ids = [(("deliveryPlans", index, "id"), str(plan.id)) for index, plan in enumerate(publisher.delivery_plans)]
    must_be_once(problems, ids)
    for index, coupon in enumerate(publisher.coupons):
        _check_coupon(publisher, coupon, subscriptions, ("coupons", index), problems)
    keys: list[tuple[FieldPath, str]]
    keys = [(("coupons", i, "number"), f"{coupon.code} {coupon.number}") for i, coupon in enumerate(publisher.coupons)]
    must_be_once(problems, keys)
    _check_vouchers(publisher, problems)
    for index, reward_partner in enumerate(publisher.reward_partners):
        path = ("rewardPartners", index, "product")
        must_be_known(problems, path, reward_partner.product, products, "product")
    ids = [(("rewardPartners", index, "id"), str(entry.id)) for index, entry in enumerate(publisher.reward_partners)]
    must_be_once(problems, ids)
    _check_distribution_prices(publisher, problems)


def _check_coupon(
    publisher: PublisherFile, coupon: Coupon, subscriptions: set[str], at: FieldPath, problems: Problems
) -> None:
    must_be_in_order(publisher, coupon.start, coupon.end, at, problems)
    methods = {method.code for method in publisher.sales_methods}
    must_be_known(problems, (*at, "salesMethod"), coupon.sales_method, methods, "sales method")
    if coupon.kind == "marketing":
        for attribute, name in _SELLING:
            if getattr(coupon, attribute) not in {None, ()}:
                problems.add((*at, name), f"expected no {name}: a marketing coupon sells nothing")
        if coupon.voucher_only:
            problems.add((*at, "voucherOnly"), "expected no voucherOnly: a marketing coupon sells nothing")
        return
    for attribute, name in _SELLING[:_NEEDED]:
        if getattr(coupon, attribute) is None:
            problems.add((*at, name), "expected, but it is missing; only a coupon of kind marketing has none")
    must_be_known(problems, (*at, "product"), coupon.product, subscriptions, "subscription product")
    must_be_an_amount(coupon.price, publisher.partner.currency, (*at, "price"), problems)
    must_be_a_period(coupon.period, (*at, "period"), problems)
    must_be_an_amount(coupon.renewal_price, publisher.partner.currency, (*at, "renewalPrice"), problems)
    must_be_a_period(coupon.renewal_period, (*at, "renewalPeriod"), problems)
    if coupon.renewal_price is None and coupon.renewal_period is not None:
        problems.add((*at, "renewalPrice"), "expected beside renewalPeriod")
    if coupon.renewal_price is not None and coupon.renewal_period is None:
        problems.add((*at, "renewalPeriod"), "expected beside renewalPrice")
    _check_delivery(publisher, coupon, at, problems)


def _check_delivery(publisher: PublisherFile, coupon: Coupon, at: FieldPath, problems: Problems) -> None:
    plans = {plan.id: plan.product for plan in publisher.delivery_plans}
    path: FieldPath = (*at, "deliveryPlan")
    if coupon.delivery_plan is not None and coupon.delivery_plan not in plans:
        problems.add(path, f"expected the id of a delivery plan in this file, got {coupon.delivery_plan}")
    elif coupon.delivery_plan is not None and plans[coupon.delivery_plan] != coupon.product:
        problems.add(
            path, f"expected a delivery plan of {coupon.product}, but it is one of {plans[coupon.delivery_plan]}"
        )
    products = {product.code for product in publisher.products}
    for index, code in enumerate(coupon.extra_products):
        must_be_known(problems, (*at, "extraProducts", index), code, products, "product")
        if code == coupon.product:
            problems.add((*at, "extraProducts", index), "expected another product than the coupon's own")
    must_be_once(problems, [((*at, "extraProducts", i), code) for i, code in enumerate(coupon.extra_products)])


def _check_vouchers(publisher: PublisherFile, problems: Problems) -> None:
    selling = {(coupon.code, coupon.number) for coupon in publisher.coupons if coupon.kind == "subscription"}
    for index, voucher in enumerate(publisher.vouchers):
        at: FieldPath = ("vouchers", index)
        must_be_in_order(publisher, voucher.start, voucher.end, at, problems)
        _check_voucher_coupons(voucher, selling, at, problems)
    codes: list[tuple[FieldPath, str]]
    codes = [(("vouchers", index, "code"), entry.code.upper()) for index, entry in enumerate(publisher.vouchers)]
    must_be_once(problems, codes)


def _check_voucher_coupons(voucher: Voucher, selling: set[tuple[str, int]], at: FieldPath, problems: Problems) -> None:
    keys: list[tuple[FieldPath, str]] = []
    for index, coupon in enumerate(voucher.coupons):
        path: FieldPath = (*at, "coupons", index)
        if (coupon.code, coupon.number) not in selling:
            what = f"{coupon.code} {coupon.number}"
            problems.add(path, f"expected code and number of a subscription coupon in this file, got {what}")
        keys.append((path, f"{coupon.code} {coupon.number}"))
    must_be_once(problems, keys)


def _check_distribution_prices(publisher: PublisherFile, problems: Problems) -> None:
    delivered = {product.code for product in publisher.products if not product.digital}
    places: dict[tuple[str, str], list[tuple[str, str, FieldPath]]] = {}
    for index, price in enumerate(publisher.distribution_prices):
        at: FieldPath = ("distributionPrices", index)
        must_be_known(problems, (*at, "product"), price.product, delivered, "product that is not digital")
        must_be_an_amount(price.price, publisher.partner.currency, (*at, "price"), problems)
        first, last = _postal_codes(price, at, problems)
        place = price.product or "", price.country
        for other_first, other_last, other in places.setdefault(place, []):
            if (first == "") != (other_first == "") or first > other_last or other_first > last:
                continue
            problems.add(at, f"expected other postal codes: those of line {problems.line(other)} overlap")
        places[place].append((first, last, at))


def _postal_codes(price: DistributionPrice, at: FieldPath, problems: Problems) -> tuple[str, str]:
    """The first and last code of a range, both empty for all of the country."""
    if price.postal_code_from is None and price.postal_code_to is None:
        return "", ""
    if price.postal_code_from is None or price.postal_code_to is None:
        problems.add(at, "expected both postalCodeFrom and postalCodeTo, or neither")
    first = bare_postal_code(price.postal_code_from or price.postal_code_to or "")
    last = bare_postal_code(price.postal_code_to or price.postal_code_from or "")
    if len(first) != len(last):
        problems.add((*at, "postalCodeTo"), f"expected as many characters as {price.postal_code_from} has")
    elif first > last:
        problems.add((*at, "postalCodeTo"), f"expected a postal code that is not before {price.postal_code_from}")
    return first, last
