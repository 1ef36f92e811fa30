"""All SQL of Subscription."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Reader

# All of it is read by the beginnings of primary keys; of what no customer owns only the order line that is asked for.
LIST = """
    select s.product_code, s.state, s.start_time, s.end_time,
        case when isfinite(s.paid_until) then s.paid_until end as paid_until, s.paid_until = 'infinity' as free,
        s.renew_at is not null as renews, s.coupon_code, s.coupon_number, s.terms_period, s.sales_person,
        s.distribution_level, s.delivery_plan_id,
        present.period_number, present.start_time as period_start, present.end_time as period_end,
        ordered.price_version
    from subscription s
    left join lateral (
        select p.period_number, p.start_time, p.end_time
        from subscription_period p
        where p.partner_id = s.partner_id and p.customer_number = s.customer_number
            and p.subscription_id = s.subscription_id and not p.cancelled
        order by p.start_time <= $3 desc, case when p.start_time <= $3 then -p.period_number else p.period_number end
        limit 1
    ) present on true
    left join order_line ordered
        on ordered.order_id = s.order_id and ordered.line_number = s.line_number and ordered.partner_id = s.partner_id
    where s.partner_id = $1 and s.customer_number = $2 and (s.received_b2b = any($4::boolean[]))
    order by s.subscription_id
"""


class SubscriptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and its present period, or the first one if that has not begun. `free`: paid for ever."""

    product_code: str
    state: str
    start_time: datetime
    end_time: datetime | None
    paid_until: datetime | None
    free: bool | None
    renews: bool
    coupon_code: str | None
    coupon_number: int | None
    terms_period: int
    sales_person: str | None
    distribution_level: str | None
    delivery_plan_id: int | None
    period_number: int | None
    period_start: datetime | None
    period_end: datetime | None
    price_version: datetime | None  # of the order that the present terms come from


async def list_subscriptions(
    database: Reader, partner_id: int, customer_number: int, now: datetime, received_b2b: list[bool]
) -> list[SubscriptionRow]:
    """A customer's subscriptions, the oldest first. `received_b2b`: of which sources."""
    rows = await database.fetch(LIST, partner_id, customer_number, now, received_b2b)
    return [SubscriptionRow(**dict(row)) for row in rows]
