"""Subscription: four operations."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from kolofon.engine.calls import ClientReads, CustomerNumber, UserReads, UserWrites
from kolofon.product_services.subscription.schemas import (
    FetchMode,
    SharedSubscriptions,
    Started,
    StartRequest,
    Subscriptions,
)
from kolofon.product_services.subscription.service import (
    list_of_customer,
    list_of_user,
    list_shared,
)
from kolofon.product_services.subscription.starting import start_subscription

TAG = "Subscription"
Mode = Annotated[
    FetchMode,
    QueryParameter(
        name="subscriptionSourceFetchMode",
        description="ORDINARY: all but those received from a business, B2B: only those, ALL: both.",
    ),
]


@get(
    "/v1/subscription",
    operation_id="listSubscriptions",
    summary="List subscriptions",
    tags=[TAG],
    opt={"xml_root": "subscriptions"},
)
async def list_own(user_reads: UserReads, subscription_source_fetch_mode: Mode = "ORDINARY") -> Subscriptions:
    """What the logged-in customer subscribes to or did; empty without a customer."""
    return await list_of_user(user_reads, subscription_source_fetch_mode)


@get(
    "/v1/client/subscription/{customer_number:int}",
    operation_id="listSubscriptionsClient",
    summary="List subscriptions - client mode",
    tags=[TAG],
    opt={"xml_root": "subscriptions"},
)
async def list_for_client(
    customer_number: CustomerNumber, client_reads: ClientReads, subscription_source_fetch_mode: Mode = "ORDINARY"
) -> Subscriptions:
    """What a customer of the partner subscribes to or did."""
    return await list_of_customer(client_reads, customer_number, subscription_source_fetch_mode)


@get(
    "/v1/subscription/shared",
    operation_id="listSharedSubscriptions",
    summary="List shared subscriptions",
    tags=[TAG],
    opt={"xml_root": "sharedSubscriptions"},
)
async def list_shared_with_user(user_reads: UserReads) -> SharedSubscriptions:
    """What others share with the logged-in user."""
    return await list_shared(user_reads)


@post(
    "/v1/subscription",
    operation_id="startSubscription",
    summary="Start subscription",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "subscription"},
)
async def start(data: JSONBody[StartRequest], user_writes: UserWrites) -> Started:
    """Start a subscription of the logged-in customer, or add a period to the one there is. It is paid by invoice."""
    return await start_subscription(user_writes, data)


HANDLERS = [list_own, list_for_client, list_shared_with_user, start]
