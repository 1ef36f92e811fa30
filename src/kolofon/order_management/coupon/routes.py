"""Coupon: three operations. All of it is in memory, so none of them asks the database."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from kolofon.engine.calls import ClientReads
from kolofon.order_management.coupon.schemas import Coupons, PriceAnswer, PriceRequest
from kolofon.order_management.coupon.service import check_coupon_price, list_coupon, list_coupons

TAG = "Coupon"
ProductCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of a product.")]
CouponCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of a coupon.")]
CouponNumber = Annotated[int, PathParameter(ge=1, le=2**53 - 1, description="Number of a coupon.")]
Marketing = Annotated[bool, QueryParameter(description="Also tell the marketing codes of each coupon.")]


@post(
    "/v1/client/coupon/price",
    operation_id="checkCouponPriceClient",
    summary="Check coupon price - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "couponPrice"},
)
async def check_price(data: JSONBody[PriceRequest], client_reads: ClientReads) -> PriceAnswer:
    """The price of a coupon, with VAT, and with distribution when country and postal code are told."""
    return check_coupon_price(client_reads, data)


@get(
    "/v1/client/coupon/{product_code:str}",
    operation_id="listCouponClient",
    summary="List coupon - client mode",
    tags=[TAG],
    opt={"xml_root": "coupons"},
)
async def list_of_product(
    product_code: ProductCode,
    client_reads: ClientReads,
    marketing: Marketing = False,
) -> Coupons:
    """The coupons of a product that may be ordered with now, with what the next renewal costs."""
    return list_coupons(client_reads, product_code, marketing)


@get(
    "/v1/client/coupon/{coupon_code:str}/{coupon_number:int}",
    operation_id="listCouponForCouponNumberClient",
    summary="List coupon for coupon number - client mode",
    tags=[TAG],
    opt={"xml_root": "coupons"},
)
async def list_one(
    coupon_code: CouponCode,
    coupon_number: CouponNumber,
    client_reads: ClientReads,
    marketing: Marketing = False,
) -> Coupons:
    """One coupon by its code and number, a marketing coupon too; an empty list when it may not be used now."""
    return list_coupon(client_reads, coupon_code, coupon_number, marketing)


HANDLERS = [check_price, list_of_product, list_one]
