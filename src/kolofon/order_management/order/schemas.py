"""Wire shapes of registering orders and customers."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.engine.customers.party import DateOrTime, Party
from kolofon.order_management.order.payment_schemas import (
    PaymentInfo,
    PaymentInfoKco,
    PaymentInfoNexi,
    PaymentInfoOther,
    PaymentInfoPayex,
    PaymentInfoSwishPayex,
    PaymentInfoVippsEcommerce,
    PaymentInfoVippsRecurring,
)
from kolofon.platform.schemas import Answer, CustomerNumber, RequestBody, UniqueId

PaymentMethod = Literal[
    "invoice",
    "free",
    "sms",
    "smsPay",
    "vippsRecurring",
    "vippsEcommerce",
    "kco",
    "creditcardPayex",
    "swishPayex",
    "nexi",
    "other",
]
ProductSpecType = Literal["coupon", "product", "issue", "article"]
Amount = Annotated[float, Meta(ge=0, le=1_000_000_000, description="Money, with two decimals at most.")]
CouponNumber = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Number of a coupon.")]
ProductCode = Annotated[str, Meta(max_length=12, description="Code of a product.")]
OrderId = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Id of an order.")]


class StartInfo(RequestBody, kw_only=True):
    """When a subscription is to start; without it, at once or behind the one that runs."""

    start_date: DateOrTime | None = None
    start_issue: Annotated[str, Meta(max_length=10, description="Code of the first issue wanted.")] | None = None


class ArticleDetail(RequestBody, kw_only=True):
    """The article that is bought."""

    company_code: Annotated[str, Meta(max_length=12, description="Company that sells it.")] | None = None
    product: Annotated[str, Meta(max_length=12, description="Title that it belongs to.")] | None = None
    article_ref: (
        Annotated[str, Meta(max_length=255, description="The publisher's id; access is asked for by it.")] | None
    ) = None
    article_desc: Annotated[str, Meta(max_length=255, description="Its headline, for the invoice.")] | None = None
    article_category: Annotated[str, Meta(max_length=40, description="What its price hangs on.")] | None = None


class OrderLine(RequestBody, kw_only=True):
    """One thing that is ordered. productSpecType decides which of the other members are needed."""

    product_spec_type: Annotated[
        ProductSpecType,
        Meta(description="coupon: a subscription; product: goods; issue: a copy of a periodical; article: an article."),
    ]
    product_spec_code: Annotated[str, Meta(max_length=12, description="Code of the coupon (coupon, issue).")] | None = (
        None
    )
    product_spec_no: CouponNumber | None = None
    product: (
        Annotated[str, Meta(max_length=12, description="Code of the product (product), or of the issue (issue).")]
        | None
    ) = None
    quantity: Annotated[int, Meta(ge=1, le=100_000, description="How many.")] = 1
    unit_price: Amount | None = None
    promotion_code: Annotated[str, Meta(max_length=40, description="Kept with the line.")] | None = None
    category_code: Annotated[str, Meta(max_length=12, description="Category of the subscription.")] | None = None
    voucher_code: (
        Annotated[str, Meta(max_length=36, description="Code of a voucher that the coupon can be had with.")] | None
    ) = None
    allow_access_product: (
        Annotated[str, Meta(max_length=12, description="Product to open as soon as the order is completed.")] | None
    ) = None
    allow_access_category_type: (
        Annotated[str, Meta(max_length=12, description="Category type to open, likewise.")] | None
    ) = None
    allow_access_seconds: (
        Annotated[int, Meta(ge=1, le=31_536_000, description="For how long; a year at most.")] | None
    ) = None
    start_info: StartInfo | None = None
    reward_partner_id: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Who gives a reward with it.")] | None = None
    reward_id: Annotated[str, Meta(max_length=36, description="Which reward; each is given once.")] | None = None
    article_detail: ArticleDetail | None = None
    receiver: Annotated[Party, Meta(description="Who gets it; nobody: the payer.")] | None = None
    recruiter: Annotated[Party, Meta(description="Who recruited the subscriber.")] | None = None


class OrderRequest(RequestBody, kw_only=True):
    """An order. It takes effect when it is completed."""

    external_order_id: (
        Annotated[str, Meta(max_length=40, description="The client's own id; several orders may share one.")] | None
    ) = None
    order_date: DateOrTime | None = None
    payment_method: Annotated[PaymentMethod, Meta(description="How it is paid.")]
    merchant_id: Annotated[str, Meta(max_length=100, description="Which account with the payment provider.")] | None = (
        None
    )
    order_amount: Amount | None = None
    currency: Annotated[str, Meta(max_length=3, description="ISO 4217; must be the partner's.")] | None = None
    marketing_coupon_code: (
        Annotated[str, Meta(max_length=12, description="Marketing coupon; needs its number.")] | None
    ) = None
    marketing_coupon_number: CouponNumber | None = None
    campaign_parameters: (
        Annotated[str, Meta(max_length=2000, description="Tracking parameters; kept with the order.")] | None
    ) = None
    company_code: Annotated[str, Meta(max_length=12, description="Company that sells all of it.")] | None = None
    customer_reference: (
        Annotated[str, Meta(max_length=100, description="The payer's reference, for the invoice.")] | None
    ) = None
    unique_user_id: UniqueId | None = None
    seller: Annotated[str, Meta(max_length=40, description="Code of the seller.")] | None = None
    sales_method: Annotated[str, Meta(max_length=12, description="Sales method, e.g. TM.")] | None = None
    payer: Annotated[Party, Meta(description="Who pays.")]
    order_lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=100, description="What is ordered.")]
    recurring: Annotated[bool, Meta(description="Whether later periods may be charged by themselves.")] | None = None
    prepaid: Annotated[bool, Meta(description="Whether the money has been taken already.")] = False
    payment_info: PaymentInfo | None = None
    payment_info_payex: PaymentInfoPayex | None = None
    payment_info_swish_payex: PaymentInfoSwishPayex | None = None
    payment_info_vipps_recurring: PaymentInfoVippsRecurring | None = None
    payment_info_vipps_ecommerce: PaymentInfoVippsEcommerce | None = None
    payment_info_kco: PaymentInfoKco | None = None
    payment_info_nexi: PaymentInfoNexi | None = None
    payment_info_other: PaymentInfoOther | None = None


class OrderAnswer(Answer):
    """The order that was registered."""

    order_id: OrderId


class CustomerRequest(Party, kw_only=True):
    """A customer to register, by its user or by itself."""

    unique_user_id: UniqueId | None = None


class CustomerAnswer(Answer):
    """The customer that was made or found."""

    customer_number: CustomerNumber
