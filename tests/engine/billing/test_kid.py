from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.offers import Company
from kolofon.engine.billing.kid import (
    DoesNotFit,
    account_words,
    invoice_number_of,
    is_account_number,
    kid_length,
    mod10,
    mod11,
    payment_reference,
)

Algorithm = Literal["MOD10", "MOD11"]
ALGORITHMS: list[Algorithm] = ["MOD10", "MOD11"]


def company(customer_digits: int = 7, invoice_digits: int = 7, algorithm: Algorithm = "MOD10") -> Company:
    return Company(
        company_code="HOUSE",
        name="The House",
        organisation_number=None,
        account_number=None,
        kid_customer_digits=customer_digits,
        kid_invoice_digits=invoice_digits,
        kid_algorithm=algorithm,
    )


companies = st.builds(company, st.integers(1, 12), st.integers(1, 12), st.sampled_from(ALGORITHMS))
digits = st.text("0123456789", min_size=1, max_size=24)


def test_check_digits_are_those_of_the_banks_own_example() -> None:
    assert mod10("12345678") == "2"
    assert mod11("12345678") == "5"


def test_a_reference_is_customer_invoice_and_check_digit_filled_up_with_zeros() -> None:
    assert payment_reference(company(), 1001, 42) == "0001001" + "0000042" + mod10("00010010000042")
    assert kid_length(company()) == 15


def test_the_check_digit_ten_of_mod11_is_a_dash() -> None:
    found = [number for number in range(1, 200) if mod11(f"{number:04}") == "-"]
    house = company(2, 2, "MOD11")
    assert found
    assert payment_reference(house, found[0] // 100, found[0] % 100).endswith("-")
    assert invoice_number_of(house, payment_reference(house, found[0] // 100, found[0] % 100)) == found[0] % 100


@given(companies, st.data())
def test_a_reference_tells_its_invoice(house: Company, data: st.DataObject) -> None:
    customer = data.draw(st.integers(1, 10**house.kid_customer_digits - 1))
    invoice = data.draw(st.integers(1, 10**house.kid_invoice_digits - 1))
    kid = payment_reference(house, customer, invoice)
    assert len(kid) == kid_length(house)
    assert invoice_number_of(house, kid) == invoice
    assert invoice_number_of(house, f"{kid[:4]} {kid[4:]}") == invoice


@pytest.mark.parametrize("check_digit", [mod10, mod11])
@given(digits=digits, place=st.integers(0, 23), other=st.integers(1, 9))
def test_one_wrong_digit_is_noticed(check_digit: Callable[[str], str], digits: str, place: int, other: int) -> None:
    place %= len(digits)
    wrong = digits[:place] + str((int(digits[place]) + other) % 10) + digits[place + 1 :]
    assert check_digit(wrong) != check_digit(digits)


@given(digits, st.integers(0, 22))
def test_two_digits_that_change_places_are_noticed_but_for_0_and_9(digits: str, place: int) -> None:
    place %= max(1, len(digits) - 1)
    pair = digits[place : place + 2]
    swapped = digits[:place] + pair[::-1] + digits[place + 2 :]
    if len(set(pair)) == 2 and set(pair) != {"0", "9"}:
        assert mod10(swapped) != mod10(digits)
    if len(set(pair)) == 2:
        assert mod11(swapped) != mod11(digits)


@given(companies, st.integers(1), st.integers(1))
def test_a_number_that_does_not_fit_is_refused_and_named(house: Company, customer: int, invoice: int) -> None:
    fits = customer < 10**house.kid_customer_digits and invoice < 10**house.kid_invoice_digits
    if fits:
        payment_reference(house, customer, invoice)
        return
    name = "customer number" if customer >= 10**house.kid_customer_digits else "invoice number"
    number = customer if name == "customer number" else invoice
    with pytest.raises(DoesNotFit, match=rf"the {name} {number} does not fit .* of the company HOUSE"):
        payment_reference(house, customer, invoice)


@pytest.mark.parametrize(
    "kid", ["", "1", "-", "123456789012345", "00010010000042", "0001001000004²", "\u0660001001000004\u0662"]
)
def test_what_is_no_reference_tells_no_invoice(kid: str) -> None:
    assert invoice_number_of(company(), kid) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("15032080119", True),
        ("15032080118", False),
        ("1503208011", False),
        ("150320801190", False),
        ("1503.20.80119", False),
        ("", False),
    ],
)
def test_account_numbers_are_checked(text: str, is_one: bool) -> None:
    assert is_account_number(text) == is_one


def test_account_numbers_are_written_as_people_do_and_others_as_they_are() -> None:
    assert account_words("15032080119") == "1503 20 80119"
    assert account_words("5050-1055") == "5050-1055"
