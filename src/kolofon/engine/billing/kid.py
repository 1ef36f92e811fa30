"""The Norwegian payment reference (KID): customer, invoice and a check digit, and the check of account numbers.

The customer's part comes first and stays the same, since mandates of direct debit are tied to it. Both parts are filled
up with zeros, so that all references of a company are of one length, as agreed with its bank.
"""

from kolofon.catalogue.offers import Company
from kolofon.failures import Failure

# The sum of the digits of twice a digit.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_WEIGHTS_11 = (2, 3, 4, 5, 6, 7)
_ACCOUNT_DIGITS = 11


class DoesNotFit(Failure):
    """A number has more digits than a company's payment references have for it."""


def payment_reference(company: Company, customer_number: int, invoice_number: int) -> str:
    """The KID of an invoice. With MOD11 the last character may be a dash. Raises DoesNotFit."""
    customer = _filled(company, "customer number", customer_number, company.kid_customer_digits)
    invoice = _filled(company, "invoice number", invoice_number, company.kid_invoice_digits)
    check_digit = mod10 if company.kid_algorithm == "MOD10" else mod11
    return customer + invoice + check_digit(customer + invoice)


def kid_length(company: Company) -> int:
    """How many characters the payment references of a company have."""
    return company.kid_customer_digits + company.kid_invoice_digits + 1


def invoice_number_of(company: Company, kid: str) -> int | None:
    """The invoice that a KID asks for; None: it is none of the company's, or mistyped."""
    given = kid.replace(" ", "")
    digits = given[:-1]
    if len(given) != kid_length(company) or not _is_number(digits):
        return None
    check_digit = mod10 if company.kid_algorithm == "MOD10" else mod11
    return int(digits[company.kid_customer_digits :]) if given[-1] == check_digit(digits) else None


def mod10(digits: str) -> str:
    """The check digit by weights 2, 1, 2, 1 from the right, and the digits of the products added up (Luhn)."""
    numbers = [int(digit) for digit in reversed(digits)]
    total = sum(_DOUBLED[number] for number in numbers[::2]) + sum(numbers[1::2])
    return str(-total % 10)


def mod11(digits: str) -> str:
    """The check digit by weights 2, 3, 4, 5, 6, 7, 2 and so on from the right; a dash for what would be 10."""
    total = sum(int(digit) * _WEIGHTS_11[place % 6] for place, digit in enumerate(reversed(digits)))
    return "-" if total % 11 == 1 else str(-total % 11)


def is_account_number(text: str) -> bool:
    """Whether it is a Norwegian account number: 11 digits, the last by MOD11."""
    return len(text) == _ACCOUNT_DIGITS and _is_number(text) and mod11(text[:-1]) == text[-1]


def account_words(account_number: str) -> str:
    """An account number as people write it: 1503 20 80119. Others than Norwegian ones stay as they are."""
    if not is_account_number(account_number):
        return account_number
    return f"{account_number[:4]} {account_number[4:6]} {account_number[6:]}"


def _filled(company: Company, name: str, number: int, digits: int) -> str:
    filled = str(number).zfill(digits)
    if len(filled) > digits:
        raise DoesNotFit(
            f"the {name} {number} does not fit into the {digits} digits that payment references of the company "
            f"{company.company_code} have for it"
        )
    return filled


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
