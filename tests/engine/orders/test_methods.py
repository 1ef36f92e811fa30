"""The payment methods, as the reference has them."""

import pytest

from kolofon.engine.orders.methods import METHODS, check_method, needs_payer
from kolofon.platform.errors import InvalidRequest

# Method, recurring and prepaid as an order may have them: T, F or both.
SUPPORT = [
    ("invoice", "TF", "F"),
    ("free", "F", "F"),
    ("sms", "F", "F"),
    ("smsPay", "F", "F"),
    ("vippsRecurring", "T", "TF"),
    ("kco", "TF", "TF"),
    ("creditcardPayex", "TF", "TF"),
    ("swishPayex", "F", "TF"),
    ("vippsEcommerce", "F", "TF"),
    ("nexi", "TF", "TF"),
    ("other", "F", "T"),
]


def test_these_are_all_methods() -> None:
    assert set(METHODS) == {method for method, _, _ in SUPPORT}


@pytest.mark.parametrize(("method", "recurring", "prepaid"), SUPPORT)
def test_a_method_takes_what_it_supports_and_names_the_member_that_it_does_not(
    method: str, recurring: str, prepaid: str
) -> None:
    for is_recurring in (True, False):
        for is_prepaid in (True, False):
            fits_recurring, fits_prepaid = "FT"[is_recurring] in recurring, "FT"[is_prepaid] in prepaid
            if fits_recurring and fits_prepaid:
                check_method(method, is_recurring, is_prepaid)
                continue
            with pytest.raises(InvalidRequest) as refused:
                check_method(method, is_recurring, is_prepaid)
            assert refused.value.message.startswith("prepaid: " if fits_recurring else "recurring: ")


def test_an_unknown_method_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match=r"^paymentMethod: expected one of invoice, free"):
        check_method("masterpass", False, False)


def test_nobody_pays_in_a_browser_what_is_free_invoiced_or_prepaid() -> None:
    assert not needs_payer("invoice", False)
    assert not needs_payer("free", False)
    assert not needs_payer("other", True)
    assert not needs_payer("kco", True)
    assert needs_payer("kco", False)
    assert needs_payer("sms", False)


def test_every_method_that_can_be_prepaid_has_a_payment_info_of_its_own() -> None:
    infos = [method.payment_info for method in METHODS.values() if True in method.prepaid]
    assert None not in infos
    assert len(set(infos)) == len(infos)
