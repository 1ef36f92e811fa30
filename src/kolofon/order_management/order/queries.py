"""The SQL that writes an order down."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is kept, in the order of the columns below."""

    order_id: int
    partner_id: int
    client_id: str
    unique_id: UUID | None
    external_order_id: str | None
    registered_at: datetime
    order_time: datetime
    payment_method: str
    recurring: bool
    prepaid: bool
    merchant_id: str | None
    company_code: str
    currency: str
    amount_minor: int
    vat_minor: int
    prepaid_minor: int | None
    marketing_coupon_code: str | None
    marketing_coupon_number: int | None
    campaign_parameters: str | None
    customer_reference: str | None
    seller: str | None
    sales_method: str | None
    payer: dict[str, Any]
    payment_info: dict[str, Any] | None
    expires_at: datetime


class NewLine(msgspec.Struct, frozen=True, kw_only=True):
    """An order line as it is kept, by the names of the columns."""

    line_number: int
    product_spec_type: str
    coupon_code: str | None
    coupon_number: int | None
    product_code: str
    issue_code: str | None
    description: str
    quantity: int
    price_version: datetime | None
    vat_included: bool
    unit_price_minor: int
    discount_minor: int
    net_minor: int
    vat_percent: Decimal
    vat_minor: int
    distribution_net_minor: int
    distribution_vat_minor: int
    promotion_code: str | None
    category_code: str | None
    voucher_code: str | None
    allow_access_product: str | None
    allow_access_category_type: str | None
    allow_access_seconds: int | None
    start_time: datetime | None
    start_issue: str | None
    reward_partner_id: int | None
    reward_id: str | None
    article_ref: str | None
    article_description: str | None
    article_category: str | None
    receiver: dict[str, Any] | None
    recruiter: dict[str, Any] | None


async def add_order(connection: Connection, order: NewOrder, lines: Sequence[NewLine], actor: str) -> bool:
    """Write down a preliminary order with its lines and its first change; False when its id is taken."""
    return bool(
        await connection.fetchval(
            """
            with made as (
                insert into customer_order
                    (order_id, partner_id, client_id, unique_id, external_order_id, status, registered_at, order_time,
                    payment_method, recurring, prepaid, merchant_id, company_code, currency, amount_minor, vat_minor,
                    prepaid_minor, marketing_coupon_code, marketing_coupon_number, campaign_parameters,
                    customer_reference, seller, sales_method, payer, payment_info, expires_at)
                values ($1, $2, $3, $4, $5, 'preliminary', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                    $18, $19, $20, $21, $22, $23, $24, $25)
                on conflict (order_id) do nothing
                returning order_id, partner_id, registered_at
            ), lines as (
                insert into order_line
                    (order_id, line_number, partner_id, product_spec_type, coupon_code, coupon_number, product_code,
                    issue_code, description, quantity, price_version, vat_included, unit_price_minor, discount_minor,
                    net_minor, vat_percent, vat_minor, distribution_net_minor, distribution_vat_minor, promotion_code,
                    category_code, voucher_code, allow_access_product, allow_access_category_type,
                    allow_access_seconds, start_time, start_issue, reward_partner_id, reward_id, article_ref,
                    article_description, article_category, receiver, recruiter)
                select made.order_id, l.line_number, made.partner_id, l.product_spec_type, l.coupon_code,
                    l.coupon_number, l.product_code, l.issue_code, l.description, l.quantity, l.price_version,
                    l.vat_included, l.unit_price_minor, l.discount_minor, l.net_minor, l.vat_percent, l.vat_minor,
                    l.distribution_net_minor, l.distribution_vat_minor, l.promotion_code, l.category_code,
                    l.voucher_code, l.allow_access_product, l.allow_access_category_type, l.allow_access_seconds,
                    l.start_time, l.start_issue, l.reward_partner_id, l.reward_id, l.article_ref,
                    l.article_description, l.article_category, nullif(l.receiver, 'null'), nullif(l.recruiter, 'null')
                from made, jsonb_populate_recordset(null::order_line, $26) l
            ), change as (
                insert into order_change (order_id, partner_id, changed_at, status_before, status, cause, actor)
                select order_id, partner_id, registered_at, null, 'preliminary', 'registered', $27 from made
            )
            select true from made
            """,
            *msgspec.structs.astuple(order),
            lines,
            actor,
        )
    )
