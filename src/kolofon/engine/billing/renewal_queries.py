"""SQL that finds what is to be renewed, and by what terms: all subscriptions of a batch at once.

A batch lives in temporary tables of its transaction: what was taken (renewal_due), the terms of its groups
(renewal_terms), and what comes of the two (renewal).
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from kolofon.engine.billing.renewal_terms import Group, Terms
from kolofon.engine.orders.methods import METHODS
from kolofon.platform.database import Connection, rows_changed

RECURRING = [name for name, method in METHODS.items() if True in method.recurring]


class Renewing(msgspec.Struct, frozen=True, kw_only=True):
    """What all statements of a run need to know. `day` is that of the partner's time zone."""

    partner_id: int
    country_code: str
    time_zone: str
    now: datetime
    day: date


class Made(msgspec.Struct, frozen=True):
    """What a batch comes to."""

    renewed: int
    stopping: int
    invoices: int
    net_minor: int
    vat_minor: int


async def is_any_due(connection: Connection, partner_id: int, now: datetime) -> bool:
    """Whether there is anything to do.

    Asked for what is due first, which only the index can tell: the planner takes `exists` for something found soon in
    any order, and would read through all subscriptions when nothing is due.
    """
    return bool(
        await connection.fetchval(
            """
            select true from subscription
            where partner_id = $1 and renew_at <= $2
            order by renew_at
            limit 1
            """,
            partner_id,
            now,
        )
    )


async def count_due(connection: Connection, partner_id: int, now: datetime) -> int:
    """How many subscriptions are due."""
    number: int = await connection.fetchval(
        "select count(*) from subscription where partner_id = $1 and renew_at <= $2", partner_id, now
    )
    return number


async def take_due(connection: Connection, run: Renewing, most: int) -> int:
    """Take up to so many subscriptions that are due and that nobody else works on; returns how many.

    Whoever reads what is due meanwhile passes over these, and finds them done afterwards.
    """
    await connection.execute("set local work_mem = '64MB'")
    status = await connection.execute(
        """
        create temporary table renewal_due on commit drop as
        with due as materialized (
            select customer_number, subscription_id, product_code, coupon_code, coupon_number, copies, state,
                start_time, end_time, customer_reference,
                -- What cannot be charged again by itself is paid by hand from now on.
                case when payment_method = any($7) then payment_method else 'invoice' end as payment_method,
                coalesce(payer_customer_number, customer_number) as payer_number
            from subscription
            where partner_id = $1 and renew_at <= $2
            order by renew_at
            limit $6
            for no key update skip locked
        )
        select due.*, address.country_code, address.postal_code,
            extract(day from due.start_time at time zone $3)::integer as anchor_day,
            (
                select coalesce(max(period_number), 0) + 1 from subscription_period
                where partner_id = $1 and customer_number = due.customer_number
                    and subscription_id = due.subscription_id
            ) as period_number,
            dense_rank() over (
                order by product_code, coupon_code, coupon_number, copies, address.country_code, address.postal_code,
                    end_time, extract(day from start_time at time zone $3)
            ) as group_number
        from due
        -- The price is that of the home address: being elsewhere for a time does not change it.
        left join lateral (
            select coalesce(country_code, $5) as country_code, postal_code
            from home_address($1, due.customer_number, $4)
        ) address on true
        """,
        run.partner_id,
        run.now,
        run.time_zone,
        run.day,
        run.country_code,
        most,
        RECURRING,
    )
    return rows_changed(status)


async def list_groups(connection: Connection) -> list[Group]:
    """The groups of what was taken."""
    rows = await connection.fetch(
        """
        select distinct on (group_number) group_number, product_code, coupon_code, coupon_number, copies,
            country_code, postal_code, end_time, anchor_day
        from renewal_due
        """
    )
    return [Group(*row) for row in rows]


async def group_due(connection: Connection, run: Renewing) -> AsyncIterator[tuple[Group, int]]:
    """The groups of all that is due, and how many subscriptions each has. Takes nothing."""
    rows = connection.cursor(
        """
        select 0, product_code, coupon_code, coupon_number, copies, address.country_code, address.postal_code, end_time,
            extract(day from start_time at time zone $3)::integer as anchor_day, count(*)
        from subscription due
        left join lateral (
            select coalesce(country_code, $5) as country_code, postal_code
            from home_address($1, due.customer_number, $4)
        ) address on true
        where due.partner_id = $1 and due.renew_at <= $2
        group by product_code, coupon_code, coupon_number, copies, address.country_code, address.postal_code, end_time,
            anchor_day
        """,
        run.partner_id,
        run.now,
        run.time_zone,
        run.day,
        run.country_code,
        prefetch=5000,
    )
    async for row in rows:
        *group, number = row
        yield Group(*group), number


async def add_terms(connection: Connection, terms: Mapping[int, Terms | None]) -> None:
    """Join the terms of each group to what was taken. Invoices are put in their order, for each company from 1 on."""
    await connection.execute(
        """
        create temporary table renewal_terms (
            group_number bigint,
            company_code text,
            product_name text,
            currency text,
            next_end_time timestamptz,
            renew_at timestamptz,
            vat_percent numeric(5, 2),
            net_minor bigint,
            vat_minor bigint,
            distribution_net_minor bigint,
            distribution_vat_minor bigint
        ) on commit drop
        """
    )
    await connection.copy_records_to_table(
        "renewal_terms",
        records=[(group_number, *_columns(found)) for group_number, found in terms.items() if found is not None],
    )
    await connection.execute(
        """
        create temporary table renewal on commit drop as
        select due.*, company_code, product_name, currency, next_end_time, renew_at, vat_percent, net_minor, vat_minor,
            distribution_net_minor, distribution_vat_minor,
            case when net_minor + vat_minor + distribution_net_minor + distribution_vat_minor > 0 then
                row_number() over (
                    partition by company_code,
                        net_minor + vat_minor + distribution_net_minor + distribution_vat_minor > 0
                    order by payer_number, subscription_id
                )
            end as place,
            null::bigint as invoice_number,
            null::text as kid
        from renewal_due due
        left join renewal_terms using (group_number)
        """
    )


def _columns(terms: Terms) -> tuple[object, ...]:
    return (
        terms.company_code,
        terms.product_name,
        terms.currency,
        terms.end_time,
        terms.renew_at,
        terms.vat_percent,
        terms.net_minor,
        terms.vat_minor,
        terms.distribution_net_minor,
        terms.distribution_vat_minor,
    )


async def list_payers(connection: Connection) -> dict[str, Sequence[int]]:
    """Who pays the invoices of each company, in the order of the invoices."""
    rows = await connection.fetch(
        """
        select company_code, array_agg(payer_number order by place) as payers
        from renewal where place is not null
        group by company_code
        order by company_code
        """
    )
    return {row["company_code"]: row["payers"] for row in rows}


async def number_invoices(connection: Connection, numbers: Iterable[tuple[str, int, int, str]]) -> None:
    """Give the invoices their numbers: company, place in its order, number, payment reference."""
    # Not an array: the planner knows how many rows a table has, and takes an array for a few.
    await connection.execute(
        """
        create temporary table renewal_number (
            company_code text,
            place bigint,
            invoice_number bigint,
            kid text
        ) on commit drop
        """
    )
    await connection.copy_records_to_table("renewal_number", records=numbers)
    await connection.execute(
        """
        update renewal set invoice_number = given.invoice_number, kid = given.kid
        from renewal_number given
        where renewal.company_code = given.company_code and renewal.place = given.place
        """
    )


async def sum_up(connection: Connection) -> Made:
    """What the batch comes to."""
    row = await connection.fetchrow(
        """
        select count(next_end_time), count(*) filter (where next_end_time is null), count(place),
            coalesce(sum(net_minor + distribution_net_minor), 0)::bigint,
            coalesce(sum(vat_minor + distribution_vat_minor), 0)::bigint
        from renewal
        """
    )
    return Made(*row)  # type: ignore[misc]
