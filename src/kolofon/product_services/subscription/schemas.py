"""Wire shapes of Subscription."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.offers import PeriodType
from kolofon.platform.schemas import Answer, Code, EpochMilliseconds, RequestBody

FetchMode = Literal["ORDINARY", "B2B", "ALL"]
ShareStatus = Literal[
    "SHARE_OK",
    "NO_SUBSCRIPTION",
    "SUBSCRIPTION_STOPPED",
    "REQUEST_ACCEPTED",
    "REQUEST_DECLINED",
    "SHARING_ENDED",
    "SHARE_CODE_NOT_FOUND",
    "SHARE_CHANGE_TYPE_NOT_SUPPORTED",
    "ALREADY_IN_USE",
    "SHARE_LIMIT",
    "INVITATIONS_POOL_EXHAUSTED",
]
ProductCode = Annotated[str, Meta(max_length=12, description="Product code.")]


class PriceDetail(Answer):
    """What a period costs."""

    price: Annotated[float, Meta(description="Price of one copy, as in the price list.")]
    period_length: Annotated[int, Meta(ge=1, description="How many days, weeks, months or years.")]
    period_type: Annotated[PeriodType, Meta(description="What periodLength counts.")]


class ListedSubscription(Answer):
    """One subscription. `endTime` is left out when it never ends."""

    product: ProductCode
    stopped: Annotated[bool, Meta(description="true: it has ended.")]
    start_time: Annotated[
        EpochMilliseconds, Meta(description="00:00:00 on the first day of the present unbroken subscription.")
    ]
    paid: Annotated[bool, Meta(description="Whether the present period is paid.")]
    price_details: Annotated[
        list[PriceDetail], Meta(description="The present period, and the one after it if that is known.")
    ]
    sharable: Annotated[bool, Meta(description="Whether it can be shared.")]
    end_time: (
        Annotated[
            EpochMilliseconds,
            Meta(
                description=(
                    "23:59:59 on the last paid day, or on the publication day of the last received issue if that is "
                    "later. Of one of which nothing is paid yet: on the last day of its period."
                )
            ),
        ]
        | None
    ) = None
    share_type: Annotated[Literal["USERS", "NETS", "B2B"], Meta(description="Only when sharable.")] | None = None
    sales_person: Annotated[str, Meta(description="Who sold it.")] | None = None
    distribution_level: (
        Annotated[str, Meta(description="Of one received from a business: whether it comes on paper.")] | None
    ) = None
    product_delivery_plan_id: Annotated[int, Meta(description="What is delivered on which weekday.")] | None = None


class Subscriptions(Answer):
    """The subscriptions a customer has or had, the oldest first."""

    subscriptions: list[ListedSubscription]


class SharedSubscription(Answer):
    """A product that somebody else shares with the user."""

    share_code: Annotated[str, Meta(description="Names the share.")]
    product: ProductCode
    status: Annotated[ShareStatus, Meta(description="How the share stands.")]
    start_time: Annotated[EpochMilliseconds, Meta(description="When it began.")] | None = None
    end_time: Annotated[EpochMilliseconds, Meta(description="When it ends.")] | None = None


class SharedSubscriptions(Answer):
    """What others share with the user."""

    shared_subscriptions: list[SharedSubscription]


class StartRequest(RequestBody):
    """What to start and when. A coupon is named by its code and its number."""

    product: Annotated[Code, Meta(description="Code of a subscription product.")]
    start_time: Annotated[
        EpochMilliseconds, Meta(description="It starts with the day of this time, at the earliest today.")
    ]
    company_code: (
        Annotated[str, Meta(max_length=12, description="Company the product belongs to, to make sure.")] | None
    ) = None
    end_time: (
        Annotated[
            EpochMilliseconds,
            Meta(description="Its last day; it is not renewed then. What costs something ends with its period."),
        ]
        | None
    ) = None
    copies: (
        Annotated[str, Meta(pattern="^[1-9][0-9]{0,4}$", description="How many copies, 1 to 99999; 1 unless told.")]
        | None
    ) = None
    coupon_code: Annotated[Code, Meta(description="Code of a coupon of the product.")] | None = None
    coupon_number: Annotated[int, Meta(ge=1, le=2**53 - 1, description="Number of the coupon.")] | None = None
    customer_reference: (
        Annotated[str, Meta(max_length=255, description="The customer's own reference, shown on invoices.")] | None
    ) = None


class Started(Answer):
    """It was done."""

    status: Annotated[Literal["OK"], Meta(description="OK: the subscription is there.")]
