"""SQL that brings delivery plans and coupons to what a publisher file says."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import Change
from kolofon.platform.database import Connection


class StoredCoupon(msgspec.Struct, frozen=True):
    """What has to be known of a coupon before it is changed."""

    kind: str
    product_code: str | None
    retired: bool


class CouponRow(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon by its columns."""

    coupon_code: str
    coupon_number: int
    kind: str
    product_code: str | None
    description: str
    start_time: datetime | None
    end_time: datetime | None
    delivery_plan_id: int | None
    extra_products: tuple[str, ...]
    project: str | None
    market: str | None
    activity: str | None
    sales_method: str | None
    voucher_only: bool


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery plan by its columns."""

    delivery_plan_id: int
    product_code: str
    plan_name: str
    days: tuple[str, ...]


async def list_coupons(connection: Connection, partner_id: int) -> dict[tuple[str, int], StoredCoupon]:
    """What there is of coupons, by code and number."""
    rows = await connection.fetch(
        "select coupon_code, coupon_number, kind, product_code, retired from coupon where partner_id = $1", partner_id
    )
    return {
        (row["coupon_code"], row["coupon_number"]): StoredCoupon(row["kind"], row["product_code"], row["retired"])
        for row in rows
    }


async def list_plan_products(connection: Connection, partner_id: int) -> dict[int, str]:
    """The product of each delivery plan, by its id."""
    rows = await connection.fetch(
        "select delivery_plan_id, product_code from delivery_plan where partner_id = $1", partner_id
    )
    return {row["delivery_plan_id"]: row["product_code"] for row in rows}


async def put_coupons(connection: Connection, partner_id: int, now: datetime, coupons: list[CouponRow]) -> list[Change]:
    """Add or change coupons, and retire those that are not wanted. One that is wanted again is no longer retired.

    Kind and product stay what they were.
    """
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($3) as w (coupon_code text, coupon_number bigint, kind text, product_code text,
                description text, start_time timestamptz, end_time timestamptz, delivery_plan_id integer,
                extra_products text[], project text, market text, activity text, sales_method text,
                voucher_only boolean)
        ), retired as (
            update coupon c
            set retired = true, changed_at = $2
            where c.partner_id = $1 and not c.retired and not exists (
                select from wanted w where w.coupon_code = c.coupon_code and w.coupon_number = c.coupon_number
            )
            returning c.coupon_code, c.coupon_number
        ), written as (
            insert into coupon (partner_id, coupon_code, coupon_number, kind, product_code, description, start_time,
                end_time, delivery_plan_id, extra_products, project, market, activity, sales_method, voucher_only,
                changed_at)
            select $1, coupon_code, coupon_number, kind, product_code, description, start_time, end_time,
                delivery_plan_id, extra_products, project, market, activity, sales_method, voucher_only, $2
            from wanted
            on conflict (partner_id, coupon_code, coupon_number) do update
            set description = excluded.description, start_time = excluded.start_time, end_time = excluded.end_time,
                delivery_plan_id = excluded.delivery_plan_id, extra_products = excluded.extra_products,
                project = excluded.project, market = excluded.market, activity = excluded.activity,
                sales_method = excluded.sales_method, voucher_only = excluded.voucher_only,
                retired = excluded.retired, changed_at = excluded.changed_at
            where (coupon.description, coupon.start_time, coupon.end_time, coupon.delivery_plan_id,
                    coupon.extra_products, coupon.project, coupon.market, coupon.activity, coupon.sales_method,
                    coupon.voucher_only, coupon.retired)
                is distinct from (excluded.description, excluded.start_time, excluded.end_time,
                    excluded.delivery_plan_id, excluded.extra_products, excluded.project, excluded.market,
                    excluded.activity, excluded.sales_method, excluded.voucher_only, excluded.retired)
            returning coupon_code, coupon_number, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what, coupon_code || ' ' || coupon_number as code
        from written
        union all
        select 'retired', coupon_code || ' ' || coupon_number from retired
        """,
        partner_id,
        now,
        coupons,
    )
    return [Change(*row) for row in rows]


async def set_changed(connection: Connection, partner_id: int, now: datetime, keys: set[tuple[str, int]]) -> None:
    """Note that coupons have changed, though their own rows have not: a price has."""
    await connection.execute(
        """
        update coupon
        set changed_at = $2
        from unnest($3::text[], $4::bigint[]) as changed (coupon_code, coupon_number)
        where coupon.partner_id = $1 and coupon.coupon_code = changed.coupon_code
            and coupon.coupon_number = changed.coupon_number
        """,
        partner_id,
        now,
        [code for code, _ in keys],
        [number for _, number in keys],
    )


async def put_plans(connection: Connection, partner_id: int, plans: list[PlanRow]) -> list[Change]:
    """Add or change delivery plans, and retire those that are not wanted. Their products stay what they were."""
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($2)
                as w (delivery_plan_id integer, product_code text, plan_name text, days text[])
        ), retired as (
            update delivery_plan p
            set retired = true
            where p.partner_id = $1 and not p.retired and not exists (
                select from wanted w where w.delivery_plan_id = p.delivery_plan_id
            )
            returning p.delivery_plan_id
        ), written as (
            insert into delivery_plan (partner_id, delivery_plan_id, product_code, plan_name, days)
            select $1, delivery_plan_id, product_code, plan_name, days from wanted
            on conflict (partner_id, delivery_plan_id) do update
            set plan_name = excluded.plan_name, days = excluded.days, retired = excluded.retired
            where (delivery_plan.plan_name, delivery_plan.days, delivery_plan.retired)
                is distinct from (excluded.plan_name, excluded.days, excluded.retired)
            returning delivery_plan_id, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what, delivery_plan_id::text as code from written
        union all
        select 'retired', delivery_plan_id::text from retired
        """,
        partner_id,
        plans,
    )
    return [Change(*row) for row in rows]
