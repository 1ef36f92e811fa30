"""Bringing the terms of selling to what the file says."""

from kolofon.catalogue.changes import KindChanges, kind_of
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.values import minor_units
from kolofon.catalogue.terms import queries
from kolofon.catalogue.terms.queries import DependencyRow, ReminderRuleRow, VatRateRow
from kolofon.platform.database import Connection


async def put_terms(connection: Connection, partner_id: int, publisher: PublisherFile) -> list[KindChanges]:
    """Add, change and remove terms, and retire reward partners. The products are there already."""
    at = connection, partner_id
    partner = publisher.partner
    rates = [
        VatRateRow(rate.kind, rate.country or partner.country, rate.valid_from, rate.percent)
        for rate in publisher.vat_rates
    ]
    reminders = _reminder_rows(publisher)
    dependencies = _dependency_rows(publisher)
    sellers = {seller.code: seller.name for seller in publisher.sellers}
    sales_methods = {method.code: method.name for method in publisher.sales_methods}
    rewards = [(entry.id, entry.name, entry.product) for entry in publisher.reward_partners]
    methods = publisher.payment_methods
    return [
        kind_of("VAT rates", len(rates), await queries.replace_vat_rates(*at, rates)),
        kind_of("product dependencies", len(dependencies), await queries.replace_dependencies(*at, dependencies)),
        kind_of("reward partners", len(rewards), await queries.put_reward_partners(*at, rewards)),
        kind_of("sellers", len(sellers), await queries.replace_sellers(*at, sellers)),
        kind_of("sales methods", len(sales_methods), await queries.replace_sales_methods(*at, sales_methods)),
        kind_of("payment methods", len(methods), await queries.replace_payment_methods(*at, methods)),
        kind_of("reminder rules", len(reminders), await queries.replace_reminder_rules(*at, reminders)),
    ]


def _reminder_rows(publisher: PublisherFile) -> list[ReminderRuleRow]:
    return [
        ReminderRuleRow(
            reminder_number=rule.number,
            valid_from=rule.valid_from,
            kind=rule.kind,
            days_after_due=rule.days_after_due,
            days_to_pay=rule.days_to_pay,
            fee_minor=minor_units(rule.fee, publisher.partner.currency),
        )
        for rule in publisher.reminder_rules
    ]


def _dependency_rows(publisher: PublisherFile) -> list[DependencyRow]:
    return [
        DependencyRow(
            product_code=entry.product,
            required_product_code=entry.required_product,
            discount_percent=entry.discount_percent or "0",
            discount_amount_minor=minor_units(entry.discount_amount or "0", publisher.partner.currency),
        )
        for entry in publisher.product_dependencies
    ]
