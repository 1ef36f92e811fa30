"""Wire shapes of Voucher Coupons."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer


class VoucherCoupon(Answer):
    """A coupon that the voucher lets be ordered."""

    coupon_code: Annotated[str, Meta(max_length=12, description="Goes into the order line as productSpecCode.")]
    coupon_number: Annotated[int, Meta(description="Goes into the order line as productSpecNo.")]
    description: Annotated[str, Meta(description="What is offered.")]


class VoucherCoupons(Answer):
    """At least one coupon: without any, a voucher is refused."""

    coupons: list[VoucherCoupon]
