"""What an order costs, by our own prices; what the client says it costs has to agree, unless it has been paid."""

from collections.abc import Mapping, Sequence

import msgspec

from kolofon.catalogue.offers import Dependency
from kolofon.engine.customers.party import Party
from kolofon.engine.pricing.rules import Place, Priced, price_article, price_coupon, price_product, share_vat
from kolofon.order_management.order.fact_queries import Facts, KnownCustomer
from kolofon.order_management.order.intake import Caller, Head, Intake, Line
from kolofon.platform.money import LARGEST_MINOR, amount, decimals, minor_units


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """An order's money in minor units, and that of its lines. `prepaid_minor`: what the client says was paid."""

    lines: Sequence[Priced]
    prepaid_minor: int | None

    @property
    def total_minor(self) -> int:
        """All that is to be paid."""
        return sum(line.total_minor for line in self.lines)

    @property
    def vat_minor(self) -> int:
        """The VAT in it."""
        return sum(line.vat_minor + line.distribution_vat_minor for line in self.lines)


def who_gets(line: Line, payer: Party, caller: Caller, facts: Facts) -> int | None:
    """The customer who gets a line, if it is one already."""
    named = line.receiver.customer_number if line.receiver is not None else payer.customer_number
    if named is not None:
        return facts.merged.get(named, named)
    is_users = line.receiver is None and caller.unique_id is not None
    return facts.users_customer if is_users else None


def priced(
    intake: Intake,
    caller: Caller,
    head: Head,
    lines: Sequence[Line],
    facts: Facts,
    dependencies: Mapping[int, Dependency],
    order_amount: float | None,
) -> Amounts:
    """The order's money. `dependencies` are discounts by line number. Raises InvalidRequest with all that is wrong."""
    customers = {customer.customer_number: customer for customer in facts.customers}
    found: list[Priced] = []
    for line in lines:
        customer = customers.get(who_gets(line, head.payer, caller, facts) or 0)
        place = _place(intake, line.receiver or head.payer, customer)
        price = _price(intake, line, place, dependencies.get(line.number))
        if price is None:
            intake.problems.add(f"{line.field}productSpecType", f"{line.product.product_code} has no price now")
        else:
            found.append(_by_unit_price(intake, head, line, price))
    intake.problems.refuse()
    said = _minor(intake, "orderAmount", order_amount)
    amounts = Amounts(lines=_with_shared_vat(found), prepaid_minor=said if head.prepaid else None)
    _check_total(intake, head, amounts, said)
    intake.problems.refuse()
    return amounts


def _place(intake: Intake, party: Party, customer: KnownCustomer | None) -> Place:
    told = party if party.postal_code is not None or party.country_code is not None else customer
    country_code = told.country_code if told is not None else None
    return Place(country_code or intake.offers.country_code, told.postal_code if told is not None else None)


def _price(intake: Intake, line: Line, place: Place, dependency: Dependency | None) -> Priced | None:
    offers, now, day = intake.offers, intake.now, intake.today
    quantity, detail = line.asked.quantity, line.asked.article_detail
    if line.coupon is not None:
        return price_coupon(offers, line.coupon, now, place=place, quantity=quantity, dependency=dependency, day=day)
    if line.asked.product_spec_type == "article" and detail is not None:
        return price_article(offers, line.product, detail.article_category, now, place=place, day=day)
    return price_product(offers, line.product, now, place=place, quantity=quantity, dependency=dependency, day=day)


def _by_unit_price(intake: Intake, head: Head, line: Line, price: Priced) -> Priced:
    """The line at the price that the client says: ours, or if it has been paid its own."""
    said = _minor(intake, f"{line.field}unitPrice", line.asked.unit_price)
    if said is None or said == price.unit_price_minor:
        return price
    if not head.prepaid:
        intake.problems.add(f"{line.field}unitPrice", f"expected {_text(intake, price.unit_price_minor)}")
        return price
    [(net_minor, vat_minor)] = share_vat([(price.vat_percent, price.vat_included, said * price.quantity)])
    return msgspec.structs.replace(
        price,
        price_version=None,
        unit_price_minor=said,
        discount_minor=0,
        net_minor=net_minor,
        vat_minor=vat_minor,
    )


def _with_shared_vat(lines: Sequence[Priced]) -> list[Priced]:
    """The lines with the VAT that their invoice will have: by rate, of all lines together."""
    goods = [
        (line.vat_percent, line.vat_included, line.unit_price_minor * line.quantity - line.discount_minor)
        for line in lines
    ]
    distribution = [
        (line.vat_percent, True, line.distribution_net_minor + line.distribution_vat_minor) for line in lines
    ]
    # In the order of the invoice's lines, by which equal remainders are told apart.
    shares = iter(share_vat([entry for pair in zip(goods, distribution, strict=True) for entry in pair]))
    shared = []
    for line in lines:
        net_minor, vat_minor = next(shares)
        distribution_net_minor, distribution_vat_minor = next(shares)
        shared.append(
            msgspec.structs.replace(
                line,
                net_minor=net_minor,
                vat_minor=vat_minor,
                distribution_net_minor=distribution_net_minor,
                distribution_vat_minor=distribution_vat_minor,
            )
        )
    return shared


def _check_total(intake: Intake, head: Head, amounts: Amounts, said: int | None) -> None:
    total = amounts.total_minor
    if total > LARGEST_MINOR:
        intake.problems.add("orderLines", "the amount of the order is too large")
    if head.payment_method == "free" and total > 0:
        intake.problems.add("paymentMethod", f"the order is not free: it costs {_text(intake, total)}")
    if said is not None and said != total and not head.prepaid:
        intake.problems.add("orderAmount", f"expected {_text(intake, total)}")


def _minor(intake: Intake, field: str, said: float | None) -> int | None:
    if said is None:
        return None
    try:
        return minor_units(said, intake.offers.currency)
    except ValueError as problem:
        intake.problems.add(field, str(problem))
        return None


def _text(intake: Intake, minor: int) -> str:
    currency = intake.offers.currency
    return f"{amount(minor, currency):.{decimals(currency)}f} {currency}"
