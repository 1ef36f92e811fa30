"""Orders, customers, subscriptions and invoices are found by indexes, however many there are of other people's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

import pytest

from kolofon.catalogue.coupons import voucher_queries
from kolofon.customer_data.customer import queries as checking
from kolofon.customer_data.external_reference import queries as references
from kolofon.diverse.message import queries as messages
from kolofon.diverse.message import staff_queries
from kolofon.diverse.status import queries as statuses
from kolofon.diverse.stock import queries as stock
from kolofon.engine.access import queries as access
from kolofon.engine.accounts import link_queries
from kolofon.engine.accounts import queries as accounts
from kolofon.engine.billing import dunning_queries, number_queries, renewal_queries, renewal_writing_queries
from kolofon.engine.billing import paying_queries as payments
from kolofon.engine.billing import queries as invoices
from kolofon.engine.customers import (
    contact_queries,
    linking_queries,
    overview_queries,
    registering_queries,
)
from kolofon.engine.customers import queries as customers
from kolofon.engine.customers.addresses import queries as addresses
from kolofon.engine.customers.importing import queries as importing
from kolofon.engine.customers.merging import detail_queries as merging_details
from kolofon.engine.customers.merging import queries as merging
from kolofon.engine.customers.searching import queries as searching
from kolofon.engine.orders import callback_queries, claim_queries, handover_queries
from kolofon.engine.orders import queries as orders
from kolofon.engine.pricing import queries as pricing
from kolofon.engine.subscriptions import change_queries, paying_queries
from kolofon.engine.subscriptions import queries as subscriptions
from kolofon.events.feed import queries as feed
from kolofon.order_management.order import expiring_queries, fact_queries, list_queries
from kolofon.order_management.order import queries as registering
from kolofon.order_management.reward import queries as reward
from kolofon.order_management.user import queries as order_user
from kolofon.order_management.voucher_coupons import queries as voucher_coupons
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.product_services.subscription import queries as listing
from kolofon.user_data.metadata import queries as metadata
from tests import plans
from tests.playground import Playground

MODULES: tuple[ModuleType, ...] = (
    access,
    accounts,
    addresses,
    callback_queries,
    change_queries,
    checking,
    claim_queries,
    contact_queries,
    customers,
    dunning_queries,
    expiring_queries,
    fact_queries,
    feed,
    handover_queries,
    importing,
    invoices,
    link_queries,
    linking_queries,
    list_queries,
    listing,
    merging,
    merging_details,
    messages,
    metadata,
    number_queries,
    order_user,
    orders,
    overview_queries,
    paying_queries,
    payments,
    pricing,
    references,
    registering,
    registering_queries,
    renewal_queries,
    renewal_writing_queries,
    reward,
    searching,
    staff_queries,
    statuses,
    stock,
    subscriptions,
    voucher_coupons,
    voucher_queries,
)
# The beginning of other statements.
FRAGMENT = "kolofon.engine.subscriptions.queries._HELD 1"
# Few of them, or of a batch only: reading them all is the quick way.
SMALL = {
    "category_code",
    "category_type",
    "customer_import",
    "customer_number",
    "enterprise",
    "marketing_channel",
    "partner",
    "renewal",
    "renewal_due",
    "renewal_number",
    "renewal_terms",
    "status_message",
    "stock",
}
GROWING = {
    "audit_log",
    "customer",
    "customer_access",
    "customer_address",
    "customer_case",
    "customer_case_message",
    "customer_category",
    "customer_email",
    "customer_external_reference",
    "customer_import_claim",
    "customer_import_refusal",
    "customer_merge",
    "customer_metadata",
    "customer_order",
    "customer_phone_number",
    "customer_reward",
    "customer_search",
    "event",
    "external_reference_look_up",
    "external_sign_in_link",
    "invoice",
    "invoice_line",
    "invoice_look_up",
    "invoice_payment",
    "invoice_reminder",
    "login_link",
    "marketing_permission",
    "order_callback",
    "order_change",
    "order_line",
    "privacy_permission",
    "stock_movement",
    "subscription",
    "subscription_change",
    "subscription_period",
    "user_account",
    "user_credential",
    "user_customer",
    "voucher",
    "voucher_coupon",
    "voucher_use",
}
# Indexes without a statement that needs them, each with what it is there for.
NOT_SEARCHED_BY = {
    "customer_search_terms": "find_customers(), whose plans tests/engine/customers/searching/test_plans.py has",
    "event_partner": "events are read in their order by whoever wants to be told",
    "login_link_expiry": "the sweep, which reads them all when most are old",
}
MANY = 20_000
DEAR = 5  # times what it costs with the index
FILLINGS = (
    """insert into user_account (unique_id, created_at)
    select md5(n::text)::uuid, $1 from generate_series(1, $2) n""",
    """insert into user_credential
    select 'k' || n || '@example.no', 'A', md5(n::text)::uuid, 'verificationCode', $1
    from generate_series(1, $2) n""",
    """insert into external_sign_in_link select 'vipps', 'i', n::text, md5(n::text)::uuid, $1, $1
    from generate_series(1, $2) n""",
    """insert into customer (partner_id, customer_number, created_at)
    select 1, n, $1 from generate_series(1, $2) n""",
    """insert into user_customer select md5(n::text)::uuid, 1, n, $1 from generate_series(1, $2) n""",
    """insert into customer_email select 1, n, 'k' || n || '@example.no', 1 from generate_series(1, $2) n
    where $1::timestamptz is not null""",
    """insert into customer_phone_number select 1, n, '+47' || 90000000 + n, 1 from generate_series(1, $2) n
    where $1::timestamptz is not null""",
    """insert into customer_external_reference select 1, n, 'CRM', 'C-' || n, false, $1
    from generate_series(1, $2) n""",
    """insert into external_reference_look_up select 1, 'CRM', 'C-' || n, n from generate_series(1, $2) n
    where $1::timestamptz is not null""",
    """insert into customer_category select 1, n, 'SKI', null, $1 from generate_series(1, $2) n""",
    """insert into customer_address (partner_id, customer_number, country_code, postal_code, valid_from, created_at)
    select 1, n, 'NO', '0150', $1::timestamptz::date, $1 from generate_series(1, $2) n""",
    """insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
    select 1, n, 'article', 'a' || n, $1, $1::timestamptz + interval '1 day' from generate_series(1, $2) n""",
    # Each is renewed within a year; a few are about to change.
    """insert into subscription (partner_id, customer_number, product_code, state, start_time, end_time, renew_at,
        change_at)
    select 1, n, 'DIGI', 'active', $1, $1::timestamptz + interval '1 year',
        $1::timestamptz + make_interval(mins => 26 * n),
        case when n % 50 = 0 then $1::timestamptz + make_interval(mins => n) end
    from generate_series(1, $2) n""",
    """insert into subscription_period (partner_id, customer_number, subscription_id, period_number, start_time,
        end_time, company_code, invoice_number)
    select 1, customer_number, subscription_id, period, $1::timestamptz + make_interval(years => period),
        $1::timestamptz + make_interval(years => period + 1), 'HOUSE', customer_number
    from subscription, generate_series(1, 2) period where $2::integer > 0""",
    """insert into subscription_change (partner_id, customer_number, subscription_id, changed_at, state, cause, actor)
    select 1, customer_number, subscription_id, $1, 'active', 'order', 'worker'
    from subscription where $2::integer > 0""",
    """insert into customer_order (order_id, partner_id, client_id, unique_id, external_order_id, status, registered_at,
        order_time, payment_method, recurring, prepaid, company_code, currency, amount_minor, vat_minor, payer,
        customer_number, expires_at, fulfilled_at, next_attempt_at, problem)
    select n, 1, 'no.example.web', md5(n::text)::uuid, 'x' || n,
        case n % 100 when 0 then 'preliminary' when 1 then 'fulfilled' else 'transferred' end, $1, $1, 'invoice', true,
        false, 'HOUSE', 'NOK', 100, 0, '{}', n, $1, $1, case n % 100 when 1 then $1::timestamptz end, null
    from generate_series(1, $2) n""",
    """insert into order_line (order_id, line_number, partner_id, product_spec_type, product_code, description,
        quantity, vat_included, unit_price_minor, net_minor, vat_percent, vat_minor)
    select order_id, number, 1, 'product', 'MUG', 'MUG', 1, true, 100, 100, 0, 0
    from customer_order, generate_series(1, 2) number where $1::timestamptz is not null and $2::integer > 0""",
    """insert into order_change (order_id, partner_id, changed_at, status, cause, actor)
    select order_id, 1, $1, 'preliminary', 'registered', 'client:no.example.web'
    from customer_order where $2::integer > 0""",
    """insert into order_callback (order_id, partner_id, url, fulfillment_status, next_attempt_at, done_at)
    select order_id, 1, 'https://web.example.no', 'success', $1, case when order_id % 100 > 0 then $1::timestamptz end
    from customer_order where $2::integer > 0""",
    """insert into voucher (partner_id, voucher_code, uses_allowed)
    select 1, 'V' || n, 1 from generate_series(1, $2) n where $1::timestamptz is not null""",
    """insert into voucher_coupon
    select 1, 'V' || n, 'DIGI', 1 from generate_series(1, $2) n where $1::timestamptz is not null""",
    """insert into voucher_use select n, 1, 1, 'V' || n, $1 from generate_series(1, $2) n""",
    """insert into stock select 1, 'MUG', 'W' || n, 5, $1 from generate_series(1, 5) n where $2::integer > 0""",
    """insert into stock_movement (partner_id, product_code, warehouse, quantity, order_id, line_number, cause,
        moved_at)
    select 1, 'MUG', 'MAIN', -1, n, 1, 'order', $1 from generate_series(1, $2) n""",
    """insert into customer_reward select 1, 7, 'R' || n, 'MUG', n, 1, n, $1 from generate_series(1, $2) n""",
    """insert into invoice (partner_id, customer_number, company_code, invoice_number, kind, kid, currency, created_at,
        invoice_date, due_date, net_minor, vat_minor, status, payment_method, order_id, remind_at)
    select 1, n, 'HOUSE', n, 'invoice', '18', 'NOK', $1, $1::timestamptz::date, $1::timestamptz::date, 100, 0, 'open',
        'invoice', n, case when n % 20 = 0 then $1::timestamptz + make_interval(mins => n) end
    from generate_series(1, $2) n""",
    """insert into invoice_look_up select 1, 'HOUSE', n, n from generate_series(1, $2) n
    where $1::timestamptz is not null""",
    """insert into invoice_line (partner_id, customer_number, company_code, invoice_number, line_number, kind,
        product_code, description, quantity, net_minor, vat_percent, vat_minor, subscription_id, period_number)
    select 1, customer_number, 'HOUSE', customer_number, 1, 'subscription', 'DIGI', 'DIGI', 1, 100, 0, 0,
        subscription_id, 1
    from subscription where $1::timestamptz is not null and $2::integer > 0""",
    """insert into invoice_payment (partner_id, customer_number, company_code, invoice_number, amount_minor, paid_at,
        payment_method, reference)
    select 1, n, 'HOUSE', n, 100, $1, 'invoice', 'r' || n from generate_series(1, $2) n""",
    """insert into invoice_reminder (partner_id, customer_number, company_code, invoice_number, reminder_number, kind,
        sent_at, due_date, fee_minor)
    select 1, n, 'HOUSE', n, 0, 'invoice', $1, $1::timestamptz::date, 0 from generate_series(1, $2) n""",
    """insert into privacy_permission select 1, n, 'NEWS', '', 'DM', $1 from generate_series(1, $2) n""",
    """insert into marketing_permission select 1, n, 'NEWS', '', 'DM', 'PERMISSION', $1
    from generate_series(1, $2) n""",
    """insert into customer_merge select 1, n, $2 + n, $1, 'worker' from generate_series(1, $2) n""",
    """insert into audit_log (partner_id, occurred_at, actor, action, subject)
    select 1, $1, 'worker', 'changePrivacyEnterprise', 'customer:' || n from generate_series(1, $2) n""",
    """insert into customer_metadata select 1, n, 'no.example.web', '{}', $1 from generate_series(1, $2) n""",
    # A few wait for customer service.
    """insert into customer_case (partner_id, customer_number, client_id, status, opened_at, changed_at)
    select 1, n, 'no.example.web', case when n % 100 = 0 then 'waiting' else 'closed' end, $1,
        $1::timestamptz + make_interval(mins => n)
    from generate_series(1, $2) n""",
    """insert into customer_case_message
    select 1, case_id, number, 'IN', 'x', $1, 'client:no.example.web'
    from customer_case, generate_series(1, 2) number where $2::integer > 0""",
    """insert into status_message (partner_id, code, message, start_time, created_at)
    select 1, 'n' || n, 'x', $1, $1 from generate_series(1, 5) n where $2::integer > 0""",
    """insert into customer_import (partner_id, file_name, file_hash, actor, started_at)
    select 1, n || '.csv', sha256(n::text::bytea), 'worker', $1 from generate_series(1, 5) n where $2::integer > 0""",
    """insert into customer_import_refusal select 1, i, n, 'CRM C-' || n, 'x' from generate_series(1, 5) i,
        generate_series(1, $2 / 5) n where $1::timestamptz is not null""",
    """insert into customer_import_claim select 1, i, 'reference', 'CRM C-' || n, n from generate_series(1, 5) i,
        generate_series(1, $2 / 5) n where $1::timestamptz is not null""",
    """insert into event (partner_id, occurred_at, type, status, data)
    select 1, $1, 'order', 'registered', '{}' from generate_series(1, $2) n""",
    """insert into login_link (link_hash, unique_id, credential, client_id, return_url, error_url, created_at,
        expires_at)
    select sha256(n::text::bytea), md5(n::text)::uuid, 'k' || n || '@example.no', 'no.example.web', '', '', $1, $1
    from generate_series(1, $2) n""",
)


@pytest.fixture
async def crowded(playground: Playground, connection: Connection, clock: Clock) -> Connection:
    """So much of everything that reading through a table would be the slow way."""
    for filling in FILLINGS:
        await connection.execute(filling, clock.now(), MANY)
    await connection.execute("analyze")
    return connection


@asynccontextmanager
async def prepared(connection: Connection, clock: Clock) -> AsyncIterator[plans.Statements]:
    """All statements, prepared; among them those of a batch of renewals, which works on tables of its own."""
    found = plans.statements(MODULES)
    del found[FRAGMENT]
    now = clock.now()
    run = renewal_queries.Renewing(partner_id=1, country_code="NO", time_zone="Europe/Oslo", now=now, day=now.date())
    async with connection.transaction():
        await renewal_queries.take_due(connection, run, 1)
        await renewal_queries.add_terms(connection, {})
        await renewal_queries.number_invoices(connection, [])
        await plans.prepare(connection, found)
        yield found


async def test_every_search_goes_by_an_index(crowded: Connection, clock: Clock) -> None:
    async with prepared(crowded, clock) as found:
        assert len(found) >= 120
        slow = {name: plans.read_through(plan) - SMALL for name, plan in (await plans.plan(crowded, found)).items()}
        assert {name: tables for name, tables in slow.items() if tables} == {}


async def test_without_any_of_the_indexes_something_would_be_dear(crowded: Connection, clock: Clock) -> None:
    rows = await crowded.fetch(
        """
        select indexrelid::regclass::text as name from pg_index
        where indrelid = any($1::text[]::regclass[]) and not indisunique and not indisexclusion
        """,
        sorted(GROWING),
    )
    async with prepared(crowded, clock) as found:
        usual = await plans.plan(crowded, found)
        needless = set()
        for row in rows:
            without = crowded.transaction()
            await without.start()
            await crowded.execute(f"drop index {row['name']}")
            plan = await plans.plan(crowded, found)
            if not any(plan[name]["Total Cost"] > DEAR * usual[name]["Total Cost"] for name in found):
                needless.add(row["name"])
            await without.rollback()
    assert needless == NOT_SEARCHED_BY.keys()
