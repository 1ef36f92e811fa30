"""Wire shapes of Fulfillment."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, RequestBody

OrderId = Annotated[int, Meta(ge=1, le=2**53 - 1, description="Id of an order, as Register order answers it.")]


class CompleteOrderRequest(RequestBody):
    """Which order, and whom to call when its payment has come to an end."""

    order_id: OrderId
    callback_url: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                description="Absolute URL on a host that is registered for the client; called with GET and "
                "`fulfillmentStatus` (`success` or `failed`) added to its query.",
            ),
        ]
        | None
    ) = None


class CompleteOrderAnswer(Answer, kw_only=True):
    """Whether the order is complete. A business failure is an answer and no error."""

    fulfillment_status: Annotated[Literal["OK", "ERROR"], Meta(description="OK: the request was taken.")]
    order_id: OrderId
    error_message: Annotated[str | None, Meta(description="Why it is ERROR; null when OK.")]
