from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.catalogue.offers import Offers, ReminderRule
from kolofon.engine.billing.rules import (
    due_date,
    next_reminder_at,
    reminder_due_date,
    reminder_fee,
    rule_at,
)

OFFERS = Offers(country_code="NO", currency="NOK", time_zone="Europe/Oslo")
DUE = date(2027, 3, 1)


def rule(number: int = 1, valid_from: date = date(2000, 1, 1), **members: object) -> ReminderRule:
    values: dict[str, object] = {"kind": "reminder", "days_after_due": 14, "days_to_pay": 14, "fee_minor": 3800}
    return msgspec.convert(
        values | {"reminder_number": number, "valid_from": valid_from} | members, ReminderRule, from_attributes=True
    )


def offers(*rules: ReminderRule, country_code: str = "NO") -> Offers:
    return msgspec.structs.replace(OFFERS, reminder_rules=rules, country_code=country_code, due_days=14, stop_days=10)


def test_an_invoice_is_due_after_the_partners_days() -> None:
    assert due_date(offers(), date(2027, 2, 15)) == DUE


def test_the_rule_is_that_of_the_day_on_which_the_invoice_is_due() -> None:
    old, new = rule(fee_minor=3500), rule(valid_from=DUE, fee_minor=3800)
    assert rule_at([old, new], 1, DUE - timedelta(days=1)) == old
    assert rule_at([new, old], 1, DUE) == new
    assert rule_at([new], 1, DUE - timedelta(days=1)) is None
    assert rule_at([old, new], 2, DUE) is None


def test_a_reminder_is_due_at_the_beginning_of_its_day() -> None:
    at = next_reminder_at(offers(rule()), 0, DUE, DUE)
    assert at == datetime(2027, 3, 14, 23, 0, tzinfo=UTC)


def test_days_are_counted_over_the_change_to_summer_time() -> None:
    due = date(2027, 3, 20)
    assert next_reminder_at(offers(rule()), 0, due, due) == datetime(2027, 4, 2, 22, 0, tzinfo=UTC)


def test_after_the_last_reminder_comes_the_stop() -> None:
    last_due = date(2027, 4, 1)
    assert next_reminder_at(offers(rule()), 1, DUE, last_due) == datetime(2027, 4, 10, 22, 0, tzinfo=UTC)
    assert next_reminder_at(offers(), 0, DUE, DUE) == datetime(2027, 3, 10, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country_code", "fees_before", "days_since_due", "fee"),
    [
        ("NO", 0, 14, 3800),
        ("NO", 0, 13, 0),
        ("NO", 1, 14, 3800),
        ("NO", 2, 100, 0),
        ("SE", 0, 1, 3800),
        ("SE", 1, 100, 0),
        ("DK", 5, 1, 3800),
    ],
)
def test_a_fee_is_what_the_law_of_the_country_allows(
    country_code: str, fees_before: int, days_since_due: int, fee: int
) -> None:
    assert reminder_fee(country_code, rule(), fees_before, days_since_due) == fee


def test_in_sweden_a_reminder_costs_60_kronor_at_most() -> None:
    assert reminder_fee("SE", rule(fee_minor=9500), 0, 20) == 6000
    assert reminder_fee("NO", rule(fee_minor=9500), 0, 20) == 9500


@given(st.sampled_from(["NO", "SE", "DK"]), st.integers(1, 60), st.booleans())
def test_a_warning_in_norway_gives_fourteen_days_at_least(country_code: str, days: int, is_warning: bool) -> None:
    kind = "warning" if is_warning else "reminder"
    given_days = (reminder_due_date(country_code, rule(kind=kind, days_to_pay=days), DUE) - DUE).days
    assert given_days == (max(14, days) if is_warning and country_code == "NO" else days)
