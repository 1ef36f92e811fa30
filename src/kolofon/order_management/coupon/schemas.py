"""Wire shapes of Coupon."""

from typing import Annotated

from msgspec import Meta

from kolofon.catalogue.offers import PeriodType
from kolofon.platform.schemas import Answer, Code, CustomerNumber, EpochMilliseconds, RequestBody

CouponCode = Annotated[Code, Meta(description="Code of a coupon; with the number it names one.")]
CouponNumber = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Number of a coupon within its code.")]
PeriodLength = Annotated[int, Meta(ge=1, description="How many days, weeks, months or years.")]
PeriodUnit = Annotated[PeriodType, Meta(description="What periodLength counts.")]


class PriceRequest(RequestBody):
    """Which coupon, and where to."""

    coupon_code: CouponCode
    coupon_number: CouponNumber
    customer_number: CustomerNumber | None = None
    country_code: (
        Annotated[str, Meta(max_length=3, description="ISO 3166 alpha-2, such as NO: whose VAT and distribution.")]
        | None
    ) = None
    postal_code: (
        Annotated[str, Meta(max_length=10, description="With countryCode: where distribution is priced for.")] | None
    ) = None


class PriceAnswer(Answer):
    """The price of a coupon's first period."""

    company_code: Annotated[str, Meta(max_length=12, description="Company that sells the product.")]
    product: Annotated[str, Meta(max_length=12, description="Code of the product the coupon sells.")]
    price: Annotated[float, Meta(description="As in the price list.")]
    vat_amount: Annotated[float, Meta(description="VAT in the price or on top of it.")]
    vatpercent: Annotated[float, Meta(description="Rate of the VAT, in per cent.")]
    vat_include: Annotated[bool, Meta(description="true: price contains the VAT; false: it comes on top.")]
    currency: Annotated[str, Meta(max_length=3, description="ISO 4217, such as NOK.")]
    dist_amount: Annotated[float, Meta(description="Price of distribution; 0 unless country and postal code are told.")]
    dist_amountvat: Annotated[float, Meta(description="VAT in distAmount or on top of it, as vatInclude says.")]
    customer_number: CustomerNumber | None = None


class ExtraProduct(Answer):
    """A product that comes along."""

    product_id: Annotated[str, Meta(max_length=12, description="Product code.")]
    description: Annotated[str, Meta(description="Name of the product.")]


class Renewal(Answer):
    """What every period after the first costs."""

    renewal_price: Annotated[float, Meta(description="As in the price list.")]
    period_length: PeriodLength
    period_type: PeriodUnit


class Marketing(Answer):
    """Where orders with the coupon come from."""

    project: Annotated[str, Meta(description="Project code.")] | None = None
    market: Annotated[str, Meta(description="Market code.")] | None = None
    activity: Annotated[str, Meta(description="Activity code.")] | None = None
    sales_method: Annotated[str, Meta(description="Sales method.")] | None = None


class ListedCoupon(Answer):
    """One offer. A marketing coupon has no price and no period."""

    coupon_code: CouponCode
    coupon_number: CouponNumber
    start_time: Annotated[EpochMilliseconds, Meta(description="First moment the coupon may be used.")] | None = None
    end_time: Annotated[EpochMilliseconds, Meta(description="Last moment the coupon may be used.")] | None = None
    description: str = ""
    coupon_price: Annotated[float, Meta(description="Price of the first period, as in the price list.")] | None = None
    period_length: PeriodLength | None = None
    period_type: PeriodUnit | None = None
    product_delivery_plan_id: Annotated[int, Meta(description="Delivery plan the coupon is bound to.")] | None = None
    extra_products: list[ExtraProduct] | None = None
    renewal: Renewal | None = None
    marketing: Marketing | None = None


class Coupons(Answer):
    """The coupons that were asked for."""

    coupons: list[ListedCoupon]
