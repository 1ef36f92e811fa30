"""Bringing delivery plans, coupons and vouchers to what the file says. Orders refer to them: they are only retired."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import Change, KindChanges, kind_of
from kolofon.catalogue.coupons import queries, voucher_queries
from kolofon.catalogue.coupons.queries import CouponRow, PlanRow, StoredCoupon
from kolofon.catalogue.coupons.voucher_queries import VoucherRow
from kolofon.catalogue.publisher_file.errors import Problems
from kolofon.catalogue.publisher_file.offers import Coupon, Voucher
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.when import resolve_moment
from kolofon.platform.database import Connection

StoredCoupons = dict[tuple[str, int], StoredCoupon]


class PutCoupons(msgspec.Struct, frozen=True):
    """What there was of coupons before, and what became of them."""

    before: StoredCoupons
    changes: tuple[Change, ...]


async def put_plans(
    connection: Connection, partner_id: int, publisher: PublisherFile, problems: Problems
) -> KindChanges:
    """Add, change and retire delivery plans. One that would change its product is added to the problems."""
    before = await queries.list_plan_products(connection, partner_id)
    for index, plan in enumerate(publisher.delivery_plans):
        product = before.get(plan.id, plan.product)
        if product != plan.product:
            message = f"expected {product}, as it was: a delivery plan keeps its product; another one needs another id"
            problems.add(("deliveryPlans", index, "product"), message)
    rows = [
        PlanRow(delivery_plan_id=plan.id, product_code=plan.product, plan_name=plan.name, days=plan.days)
        for plan in publisher.delivery_plans
    ]
    return kind_of("delivery plans", len(rows), await queries.put_plans(connection, partner_id, rows))


async def put_coupons(
    connection: Connection, partner_id: int, publisher: PublisherFile, now: datetime, problems: Problems
) -> PutCoupons:
    """Add, change and retire coupons. One that would change what it sells is added to the problems."""
    before = await queries.list_coupons(connection, partner_id)
    for index, coupon in enumerate(publisher.coupons):
        stored = before.get((coupon.code, coupon.number))
        if stored is not None and (stored.kind, stored.product_code) != (coupon.kind, coupon.product):
            sold = stored.product_code or "no product"
            message = f"expected {sold}, as it was: a coupon keeps what it sells; another offer needs another number"
            problems.add(("coupons", index, "product"), message)
    rows = [_coupon_row(coupon, publisher.partner.time_zone) for coupon in publisher.coupons]
    return PutCoupons(before, tuple(await queries.put_coupons(connection, partner_id, now, rows)))


async def put_vouchers(
    connection: Connection, partner_id: int, publisher: PublisherFile, problems: Problems
) -> KindChanges:
    """Add, change and retire vouchers. One that would have fewer uses than were made is added to the problems."""
    stored = await voucher_queries.list_vouchers(connection, partner_id)
    wanted = [_voucher_row(voucher, publisher.partner.time_zone) for voucher in publisher.vouchers]
    different = [row for row in wanted if stored.get(row.voucher_code) != row]
    codes = {row.voucher_code for row in wanted}
    gone = [code for code, row in stored.items() if code not in codes and not row.retired]
    used = await voucher_queries.lock_vouchers(connection, partner_id, [*(r.voucher_code for r in different), *gone])
    for index, row in enumerate(wanted):
        if row.uses_allowed < used.get(row.voucher_code, 0):
            message = f"expected at least {used[row.voucher_code]}: so often it was used"
            problems.add(("vouchers", index, "uses"), message)
    problems.raise_any()
    await voucher_queries.put_vouchers(connection, partner_id, different)
    await voucher_queries.retire_vouchers(connection, partner_id, gone)
    changes = [Change("changed" if row.voucher_code in stored else "added", row.voucher_code) for row in different]
    return kind_of("vouchers", len(wanted), [*changes, *(Change("retired", code) for code in gone)])


def _coupon_row(coupon: Coupon, time_zone: str) -> CouponRow:
    return CouponRow(
        coupon_code=coupon.code,
        coupon_number=coupon.number,
        kind=coupon.kind,
        product_code=coupon.product,
        description=coupon.description,
        start_time=resolve_moment(coupon.start, time_zone),
        end_time=resolve_moment(coupon.end, time_zone),
        delivery_plan_id=coupon.delivery_plan,
        extra_products=coupon.extra_products,
        project=coupon.project,
        market=coupon.market,
        activity=coupon.activity,
        sales_method=coupon.sales_method,
        voucher_only=coupon.voucher_only,
    )


def _voucher_row(voucher: Voucher, time_zone: str) -> VoucherRow:
    return VoucherRow(
        voucher_code=voucher.code.upper(),
        uses_allowed=voucher.uses,
        start_time=resolve_moment(voucher.start, time_zone),
        end_time=resolve_moment(voucher.end, time_zone),
        coupons=tuple(sorted((coupon.code, coupon.number) for coupon in voucher.coupons)),
    )
