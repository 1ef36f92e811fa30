"""When invoices are due and reminded of, and what that may cost: pure, over values."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from kolofon.catalogue.offers import Offers, ReminderRule
from kolofon.platform.dates import start_of_day

# The method of payment that leaves it to the reader, who is sent an invoice and reminded of it.
BY_HAND = "invoice"
# Law on debt collection in Norway: fees only when 14 days have passed since the claim was due, two at most, and a
# warning gives 14 days to pay. In Sweden a reminder may cost 60 kronor, and only one does.
_DAYS_BEFORE_FEE = {"NO": 14}
_MOST_FEES = {"NO": 2, "SE": 1}
_HIGHEST_FEE_MINOR = {"SE": 6000}
_DAYS_OF_WARNING = {"NO": 14}


def due_date(offers: Offers, day: date) -> date:
    """When an invoice of a day is due."""
    return day + timedelta(days=offers.due_days)


def rule_at(rules: Sequence[ReminderRule], reminder_number: int, due: date) -> ReminderRule | None:
    """The rule of a reminder for an invoice that is due on a day; None: there is no such reminder."""
    found = [rule for rule in rules if rule.reminder_number == reminder_number and rule.valid_from <= due]
    return max(found, key=lambda rule: rule.valid_from, default=None)


def next_reminder_at(offers: Offers, sent: int, invoice_due: date, last_due: date) -> datetime:
    """When the reminder after number `sent` is due, or the stop if there is none.

    `last_due`: when what was sent last is due; the rules are those of the day on which the invoice is.
    """
    rule = rule_at(offers.reminder_rules, sent + 1, invoice_due)
    days = offers.stop_days if rule is None else rule.days_after_due
    return start_of_day(last_due + timedelta(days=days), offers.time_zone)


def reminder_fee(country_code: str, rule: ReminderRule, fees_before: int, days_since_due: int) -> int:
    """What a reminder costs, in minor units: the rule's fee as far as the country's law allows it."""
    too_early = days_since_due < _DAYS_BEFORE_FEE.get(country_code, 0)
    too_many = fees_before >= _MOST_FEES.get(country_code, fees_before + 1)
    if too_early or too_many:
        return 0
    return min(rule.fee_minor, _HIGHEST_FEE_MINOR.get(country_code, rule.fee_minor))


def reminder_due_date(country_code: str, rule: ReminderRule, day: date) -> date:
    """Until when a reminder that is sent on a day gives to pay."""
    least = _DAYS_OF_WARNING.get(country_code, 0) if rule.kind == "warning" else 0
    return day + timedelta(days=max(rule.days_to_pay, least))
