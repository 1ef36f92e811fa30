"""The shape of offers in a publisher file: coupons, what brings them to readers, and what bringing the paper costs."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.types import Amount, Code, Country, File, Moment, Name, PeriodText, words

PostalCode = Annotated[
    str,
    Meta(max_length=10),
    words(r"^[A-Z0-9]([A-Z0-9 -]*[A-Z0-9])?$", "a postal code, such as 9000"),
]
PlanDay = Literal["fullAccessAndDelivery", "onlyPhysicalDelivery", "onlyDigitalAccess", "noAccessOrDelivery"]
Number = Annotated[int, Meta(ge=1, le=999_999_999_999)]


class DeliveryPlan(File, kw_only=True):
    """What a subscriber on the plan gets on which weekday."""

    id: Annotated[int, Meta(ge=1, le=2_147_483_647)]
    product: Code
    name: Annotated[str, Meta(min_length=1, max_length=12)]
    monday: PlanDay = "fullAccessAndDelivery"
    tuesday: PlanDay = "fullAccessAndDelivery"
    wednesday: PlanDay = "fullAccessAndDelivery"
    thursday: PlanDay = "fullAccessAndDelivery"
    friday: PlanDay = "fullAccessAndDelivery"
    saturday: PlanDay = "fullAccessAndDelivery"
    sunday: PlanDay = "fullAccessAndDelivery"

    @property
    def days(self) -> tuple[PlanDay, ...]:
        """All seven, Monday first."""
        return (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )


class DistributionPrice(File, kw_only=True):
    """What bringing a copy somewhere costs for a period; without a product, of all that are not digital."""

    product: Code | None = None
    country: Country
    postal_code_from: PostalCode | None = None
    postal_code_to: PostalCode | None = None
    price: Amount
    vat_included: bool = True


class Coupon(File, kw_only=True):
    """An offer, known by its code and number. Marketing: it sells nothing, but tells where an order came from.

    Without a renewal price, what it sells ends with its period. voucherOnly: for who has a voucher that names it.
    """

    code: Code
    number: Number
    description: Name
    kind: Literal["subscription", "marketing"] = "subscription"
    product: Code | None = None
    price: Amount | None = None
    period: PeriodText | None = None
    renewal_price: Amount | None = None
    renewal_period: PeriodText | None = None
    vat_included: bool = True
    start: Moment | None = None
    end: Moment | None = None
    delivery_plan: Annotated[int, Meta(ge=1)] | None = None
    extra_products: tuple[Code, ...] = ()
    voucher_only: bool = False
    project: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    market: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    activity: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    sales_method: Code | None = None


class CouponKey(File):
    """A coupon by its code and number."""

    code: Code
    number: Number


class Voucher(File, kw_only=True):
    """A code that coupons are bought with, so often. Whoever types it may use small letters."""

    code: Annotated[
        str,
        Meta(min_length=1, max_length=36),
        words(r"^[A-Za-zÆØÅÄÖæøåäö0-9._-]+$", "a voucher code of letters, digits, dots, dashes and underscores"),
    ]
    uses: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    start: Moment | None = None
    end: Moment | None = None
    coupons: Annotated[tuple[CouponKey, ...], Meta(min_length=1)]


class RewardPartner(File, kw_only=True):
    """Who gives rewards with orders; the product is what is sent, one of its stock for each reward."""

    id: Annotated[int, Meta(ge=1, le=2_147_483_647)]
    name: Name
    product: Code | None = None
