"""What the database knows of an order that is being registered, in one statement."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """What an order names that is not in memory. `rewards` are pairs of reward partner and reward."""

    unique_id: UUID | None
    customer_numbers: list[int]
    category_codes: list[str]
    category_types: list[str]
    voucher_codes: list[str]
    rewards: list[tuple[int, str]]
    stocked: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return not any(msgspec.structs.astuple(self))


class KnownCustomer(msgspec.Struct, frozen=True):
    """A customer of the partner and its home address of today, as far as that is known."""

    customer_number: int
    country_code: str | None
    postal_code: str | None


class KnownVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher, how many uses are left, and which coupons it is for."""

    voucher_code: str
    uses_left: int
    start_time: datetime | None
    end_time: datetime | None
    coupons: list[tuple[str, int]]


class KnownStock(msgspec.Struct, frozen=True):
    """What there is of a product: in all warehouses, and in the one that has most."""

    product_code: str
    in_all: int
    at_most: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The answers. `users_customer` is the customer of the user, who is among `customers`.

    `merged` leads from numbers that are gone to those of the customers they were merged into, who are among them too.
    """

    user_exists: bool = False
    users_customer: int | None = None
    customers: list[KnownCustomer] = []
    merged: dict[int, int] = {}
    category_codes: list[str] = []
    category_types: list[str] = []
    vouchers: list[KnownVoucher] = []
    rewards_given: list[tuple[int, str]] = []
    stock: list[KnownStock] = []


_FACTS = """
select
    exists (select from user_account u where u.unique_id = $2 and u.disabled_at is null) as user_exists,
    l.customer_number as users_customer,
    (
        select coalesce(jsonb_agg(jsonb_build_array(c.customer_number, a.country_code, a.postal_code)), '[]')
        from customer c
        left join lateral home_address(c.partner_id, c.customer_number, $9) a on true
        where c.partner_id = $1 and c.customer_number = any($3::bigint[] || l.customer_number || array(
            select m.customer_number from customer_merge m where m.partner_id = $1 and m.merged_number = any($3)
        ))
    ) as customers,
    (
        select coalesce(jsonb_agg(jsonb_build_array(m.merged_number, m.customer_number)), '[]')
        from customer_merge m
        where m.partner_id = $1 and m.merged_number = any($3)
    ) as merged,
    array(
        select category_code from category_code where partner_id = $1 and category_code = any($4::text[])
    ) as category_codes,
    array(
        select category_type from category_type where partner_id = $1 and category_type = any($5::text[])
    ) as category_types,
    (
        select coalesce(jsonb_agg(jsonb_build_object(
            'voucher_code', v.voucher_code,
            'uses_left', v.uses_allowed - v.used,
            'start_time', v.start_time,
            'end_time', v.end_time,
            'coupons', (
                select coalesce(jsonb_agg(jsonb_build_array(vc.coupon_code, vc.coupon_number)), '[]')
                from voucher_coupon vc
                where vc.partner_id = v.partner_id and vc.voucher_code = v.voucher_code
            ))), '[]')
        from voucher v
        where v.partner_id = $1 and v.voucher_code = any($6::text[]) and not v.retired
    ) as vouchers,
    (
        select coalesce(jsonb_agg(jsonb_build_array(r.reward_partner_id, r.reward_id)), '[]')
        from unnest($7::integer[], $8::text[]) as wanted (reward_partner_id, reward_id)
        join customer_reward r on r.partner_id = $1
            and r.reward_partner_id = wanted.reward_partner_id and r.reward_id = wanted.reward_id
    ) as rewards_given,
    (
        select coalesce(jsonb_agg(jsonb_build_array(s.product_code, s.in_all, s.at_most)), '[]')
        from (
            select s.product_code, sum(s.quantity) as in_all, max(s.quantity) as at_most
            from stock s
            where s.partner_id = $1 and s.product_code = any($10::text[])
            group by s.product_code
        ) s
    ) as stock
from (values (1)) as always
left join user_customer l on l.unique_id = $2 and l.partner_id = $1
"""


async def find_facts(connection: Connection, partner_id: int, questions: Questions, today: date) -> Facts:
    """The facts that an order is checked against."""
    row = await connection.fetchrow(
        _FACTS,
        partner_id,
        questions.unique_id,
        questions.customer_numbers,
        questions.category_codes,
        questions.category_types,
        questions.voucher_codes,
        [number for number, _ in questions.rewards],
        [reward_id for _, reward_id in questions.rewards],
        today,
        questions.stocked,
    )
    found: dict[str, Any] = dict(row) if row is not None else {}
    found["customers"] = [KnownCustomer(*customer) for customer in found["customers"]]
    found["merged"] = dict(found["merged"])
    found["stock"] = [KnownStock(*stock) for stock in found["stock"]]
    found["vouchers"] = msgspec.convert(found["vouchers"], list[KnownVoucher])
    found["rewards_given"] = [(number, reward_id) for number, reward_id in found["rewards_given"]]
    return Facts(**found)
