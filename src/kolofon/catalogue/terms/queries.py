"""SQL that brings the terms of selling to what a publisher file says. Orders and invoices carry copies of what they
were made by, so that nothing refers to these rows but reward partners, which are retired."""

from datetime import date

import msgspec

from kolofon.catalogue.changes import Change
from kolofon.platform.database import Connection


class VatRateRow(msgspec.Struct, frozen=True):
    """A rate by its columns."""

    vat_kind: str
    country_code: str
    valid_from: date
    percent: str


class ReminderRuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder rule by its columns."""

    reminder_number: int
    valid_from: date
    kind: str
    days_after_due: int
    days_to_pay: int
    fee_minor: int


class DependencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product dependency by its columns."""

    product_code: str
    required_product_code: str
    discount_percent: str
    discount_amount_minor: int


async def replace_vat_rates(connection: Connection, partner_id: int, rates: list[VatRateRow]) -> list[Change]:
    """Bring all rates to what is wanted."""
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($2) as w (vat_kind text, country_code text, valid_from date, percent numeric)
        ), removed as (
            delete from vat_rate v
            where v.partner_id = $1 and not exists (
                select from wanted w
                where (w.vat_kind, w.country_code, w.valid_from) = (v.vat_kind, v.country_code, v.valid_from)
            )
            returning v.vat_kind, v.country_code, v.valid_from
        ), written as (
            insert into vat_rate (partner_id, vat_kind, country_code, valid_from, percent)
            select $1, vat_kind, country_code, valid_from, percent from wanted
            on conflict (partner_id, vat_kind, country_code, valid_from) do update
            set percent = excluded.percent
            where vat_rate.percent is distinct from excluded.percent
            returning vat_kind, country_code, valid_from, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what,
            concat_ws(' ', vat_kind, country_code, valid_from) as code
        from written
        union all
        select 'removed', concat_ws(' ', vat_kind, country_code, valid_from) from removed
        """,
        partner_id,
        rates,
    )
    return [Change(*row) for row in rows]


async def replace_sellers(connection: Connection, partner_id: int, sellers: dict[str, str]) -> list[Change]:
    """Bring all sellers to what is wanted; code to name."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from seller where partner_id = $1 and seller_code <> all($2::text[]) returning seller_code
        ), written as (
            insert into seller (partner_id, seller_code, name)
            select $1, w.seller_code, w.name from unnest($2::text[], $3::text[]) as w (seller_code, name)
            on conflict (partner_id, seller_code) do update
            set name = excluded.name
            where seller.name is distinct from excluded.name
            returning seller_code, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what, seller_code as code from written
        union all
        select 'removed', seller_code from removed
        """,
        partner_id,
        list(sellers),
        list(sellers.values()),
    )
    return [Change(*row) for row in rows]


async def replace_sales_methods(connection: Connection, partner_id: int, methods: dict[str, str]) -> list[Change]:
    """Bring all sales methods to what is wanted; code to name."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from sales_method where partner_id = $1 and sales_method <> all($2::text[]) returning sales_method
        ), written as (
            insert into sales_method (partner_id, sales_method, name)
            select $1, w.sales_method, w.name from unnest($2::text[], $3::text[]) as w (sales_method, name)
            on conflict (partner_id, sales_method) do update
            set name = excluded.name
            where sales_method.name is distinct from excluded.name
            returning sales_method, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what, sales_method as code from written
        union all
        select 'removed', sales_method from removed
        """,
        partner_id,
        list(methods),
        list(methods.values()),
    )
    return [Change(*row) for row in rows]


async def replace_payment_methods(connection: Connection, partner_id: int, methods: tuple[str, ...]) -> list[Change]:
    """Bring all payment methods to what is wanted."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from payment_method where partner_id = $1 and payment_method <> all($2::text[])
            returning payment_method
        ), added as (
            insert into payment_method (partner_id, payment_method)
            select $1, unnest($2::text[])
            on conflict do nothing
            returning payment_method
        )
        select 'added' as what, payment_method as code from added
        union all
        select 'removed', payment_method from removed
        """,
        partner_id,
        list(methods),
    )
    return [Change(*row) for row in rows]


async def replace_reminder_rules(connection: Connection, partner_id: int, rules: list[ReminderRuleRow]) -> list[Change]:
    """Bring all reminder rules to what is wanted."""
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($2) as w (reminder_number smallint, valid_from date, kind text,
                days_after_due integer, days_to_pay integer, fee_minor bigint)
        ), removed as (
            delete from reminder_rule r
            where r.partner_id = $1 and not exists (
                select from wanted w
                where w.reminder_number = r.reminder_number and w.valid_from = r.valid_from
            )
            returning r.reminder_number, r.valid_from
        ), written as (
            insert into reminder_rule (partner_id, reminder_number, valid_from, kind, days_after_due, days_to_pay,
                fee_minor)
            select $1, reminder_number, valid_from, kind, days_after_due, days_to_pay, fee_minor from wanted
            on conflict (partner_id, reminder_number, valid_from) do update
            set kind = excluded.kind, days_after_due = excluded.days_after_due, days_to_pay = excluded.days_to_pay,
                fee_minor = excluded.fee_minor
            where reminder_rule is distinct from excluded
            returning reminder_number, valid_from, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what,
            concat_ws(' ', reminder_number, valid_from) as code
        from written
        union all
        select 'removed', concat_ws(' ', reminder_number, valid_from) from removed
        """,
        partner_id,
        rules,
    )
    return [Change(*row) for row in rows]


async def replace_dependencies(
    connection: Connection, partner_id: int, dependencies: list[DependencyRow]
) -> list[Change]:
    """Bring all product dependencies to what is wanted."""
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($2) as w (product_code text, required_product_code text,
                discount_percent numeric, discount_amount_minor bigint)
        ), removed as (
            delete from product_dependency d
            where d.partner_id = $1 and not exists (
                select from wanted w
                where w.product_code = d.product_code and w.required_product_code = d.required_product_code
            )
            returning d.product_code, d.required_product_code
        ), written as (
            insert into product_dependency (partner_id, product_code, required_product_code, discount_percent,
                discount_amount_minor)
            select $1, product_code, required_product_code, discount_percent, discount_amount_minor from wanted
            on conflict (partner_id, product_code, required_product_code) do update
            set discount_percent = excluded.discount_percent, discount_amount_minor = excluded.discount_amount_minor
            where product_dependency is distinct from excluded
            returning product_code, required_product_code, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what,
            product_code || ' with ' || required_product_code as code
        from written
        union all
        select 'removed', product_code || ' with ' || required_product_code from removed
        """,
        partner_id,
        dependencies,
    )
    return [Change(*row) for row in rows]


async def put_reward_partners(
    connection: Connection, partner_id: int, entries: list[tuple[int, str, str | None]]
) -> list[Change]:
    """Add or change reward partners (id, name, product), and retire those that are not wanted."""
    rows = await connection.fetch(
        """
        with retired as (
            update reward_partner
            set retired = true
            where partner_id = $1 and not retired and reward_partner_id <> all($2::integer[])
            returning reward_partner_id
        ), written as (
            insert into reward_partner (partner_id, reward_partner_id, name, product_code)
            select $1, w.reward_partner_id, w.name, w.product_code
            from unnest($2::integer[], $3::text[], $4::text[]) as w (reward_partner_id, name, product_code)
            on conflict (partner_id, reward_partner_id) do update
            set name = excluded.name, product_code = excluded.product_code, retired = excluded.retired
            where reward_partner is distinct from excluded
            returning reward_partner_id, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what, reward_partner_id::text as code from written
        union all
        select 'retired', reward_partner_id::text from retired
        """,
        partner_id,
        [number for number, _, _ in entries],
        [name for _, name, _ in entries],
        [product for _, _, product in entries],
    )
    return [Change(*row) for row in rows]
