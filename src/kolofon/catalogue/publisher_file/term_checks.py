"""What types cannot say of the terms of selling: accounts and payment references, VAT rates, reminders by the law."""

from datetime import date

from kolofon.catalogue.publisher_file.checks import must_be_once
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.product_checks import must_be_an_amount
from kolofon.catalogue.publisher_file.publisher import Company, PublisherFile
from kolofon.catalogue.publisher_file.terms import ReminderRule
from kolofon.catalogue.publisher_file.values import minor_units

_LONGEST_KID = 25
# Norway's debt collection act and its regulation: what a reminder may cost, and when.
_DAYS_UNTIL_A_FEE = 14
_MOST_FEES = 2
_DAYS_OF_A_WARNING = 14

_Rules = dict[int, tuple[int, ReminderRule]]


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    for index, company in enumerate(publisher.companies):
        _check_company(company, publisher.partner.country, ("companies", index), problems)
    rates: list[tuple[FieldPath, str]] = [
        (("vatRates", i, "validFrom"), f"{rate.kind} {rate.country or publisher.partner.country} {rate.valid_from}")
        for i, rate in enumerate(publisher.vat_rates)
    ]
    must_be_once(problems, rates)
    must_be_once(problems, [(("sellers", i, "code"), seller.code) for i, seller in enumerate(publisher.sellers)])
    must_be_once(problems, [(("salesMethods", i, "code"), way.code) for i, way in enumerate(publisher.sales_methods)])
    methods: list[tuple[FieldPath, str]]
    methods = [(("paymentMethods", index), method) for index, method in enumerate(publisher.payment_methods)]
    must_be_once(problems, methods)
    _check_reminders(publisher, problems)


def check_at(publisher: PublisherFile, day: date, problems: Problems) -> None:
    """Add what is wrong on the day of loading: a product that is sold needs a rate of VAT that has begun."""
    country = publisher.partner.country
    begun = {rate.kind for rate in publisher.vat_rates if rate.country in {None, country} and rate.valid_from <= day}
    for index, product in enumerate(publisher.products):
        if product.vat_kind is not None and product.vat_kind not in begun:
            message = f"expected a rate of {product.vat_kind} in {country} that is valid today, {day}"
            problems.add(("products", index, "vatKind"), message)


def _check_company(company: Company, country: str, at: FieldPath, problems: Problems) -> None:
    digits = (company.account_number or "").replace(" ", "").replace(".", "")
    if company.account_number is not None and country == "NO" and not _is_norwegian_account(digits):
        expected = "expected a Norwegian account number: 11 digits, the last a check digit"
        problems.add((*at, "accountNumber"), f"{expected}, got {company.account_number!r}")
    kid = company.kid
    if kid.customer_digits + kid.invoice_digits + 1 > _LONGEST_KID:
        problems.add((*at, "kid"), f"expected at most {_LONGEST_KID} digits with the check digit")
    if len(str(company.first_invoice_number)) > kid.invoice_digits:
        problems.add((*at, "firstInvoiceNumber"), f"expected at most {kid.invoice_digits} digits, as in the kid")


def _is_norwegian_account(digits: str) -> bool:
    weights = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    if len(digits) != len(weights) or not digits.isascii() or not digits.isdigit():
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 == 0


def _check_reminders(publisher: PublisherFile, problems: Problems) -> None:
    rules = list(enumerate(publisher.reminder_rules))
    for index, rule in rules:
        must_be_an_amount(rule.fee, publisher.partner.currency, ("reminderRules", index, "fee"), problems)
    keys: list[tuple[FieldPath, str]]
    keys = [(("reminderRules", index, "number"), f"{rule.number} from {rule.valid_from}") for index, rule in rules]
    must_be_once(problems, keys)
    for day in sorted({rule.valid_from for _, rule in rules}):
        begun = sorted((rule.valid_from, rule.number, index) for index, rule in rules if rule.valid_from <= day)
        valid: _Rules = {number: (index, publisher.reminder_rules[index]) for _, number, index in begun}
        _check_numbers(valid, problems)
        if publisher.partner.country == "NO":
            _check_norwegian_law(valid, publisher.partner.currency, problems)


def _check_numbers(valid: _Rules, problems: Problems) -> None:
    """The reminders of a day are the first, the second and so on: one cannot follow on none."""
    for number, (index, rule) in valid.items():
        if number > 1 and number - 1 not in valid:
            message = f"expected a reminder {number - 1} that is valid from {rule.valid_from} or before"
            problems.add(("reminderRules", index, "number"), message)


def _check_norwegian_law(valid: _Rules, currency: str, problems: Problems) -> None:
    days = fees = 0
    for _, (index, rule) in sorted(valid.items()):
        at: FieldPath = ("reminderRules", index)
        days += rule.days_after_due
        if _costs(rule, currency):
            fees += 1
            if days < _DAYS_UNTIL_A_FEE:
                message = f"expected at least {_DAYS_UNTIL_A_FEE} days after the invoice is due, since it has a fee"
                problems.add((*at, "daysAfterDue"), f"{message} (Norwegian law)")
            if fees > _MOST_FEES:
                problems.add((*at, "fee"), f"expected 0: at most {_MOST_FEES} reminders may have a fee (Norwegian law)")
        if rule.kind == "warning" and rule.days_to_pay < _DAYS_OF_A_WARNING:
            message = f"expected at least {_DAYS_OF_A_WARNING}, since it is a warning (Norwegian law)"
            problems.add((*at, "daysToPay"), message)
        days += rule.days_to_pay


def _costs(rule: ReminderRule, currency: str) -> bool:
    try:
        return minor_units(rule.fee, currency) > 0
    except ValueError:
        return False  # told already
