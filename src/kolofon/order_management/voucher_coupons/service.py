"""List what may be ordered with a voucher."""

from kolofon.engine.calls import Read
from kolofon.engine.guessing import Guesses
from kolofon.engine.pricing.rules import is_on_sale
from kolofon.order_management.voucher_coupons import queries
from kolofon.order_management.voucher_coupons.schemas import VoucherCoupon, VoucherCoupons
from kolofon.platform.callers import ClientCaller
from kolofon.platform.errors import InvalidRequest


async def list_voucher_coupons(call: Read[ClientCaller], guesses: Guesses, voucher_code: str) -> VoucherCoupons:
    """The coupons of a usable voucher that are sold now.

    Raises TooManyRequests, and InvalidRequest in the same words whatever is the matter with the code: who guesses
    learns nothing.
    """
    await guesses.check(call.caller.client_id)
    offers, now = call.partner.offers, call.clock.now()
    keys = await queries.list_usable_coupons(call.database, call.caller.partner_id, voucher_code.strip().upper(), now)
    found = [offers.coupons[key] for key in keys if key in offers.coupons]
    on_sale = [coupon for coupon in found if is_on_sale(offers, coupon, now)]
    if not on_sale:
        await guesses.was_wrong(call.caller.client_id)
        raise InvalidRequest(f"voucherCode: there is no voucher {voucher_code} that can be used")
    return VoucherCoupons(
        coupons=[
            VoucherCoupon(
                coupon_code=coupon.coupon_code, coupon_number=coupon.coupon_number, description=coupon.description
            )
            for coupon in on_sale
        ]
    )
