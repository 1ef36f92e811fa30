"""List what customers subscribe to."""

from datetime import datetime

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.calls import Read
from kolofon.engine.customers.queries import find_customer_number
from kolofon.engine.customers.service import check_customer
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.clock import epoch_milliseconds
from kolofon.product_services.subscription import queries, rules
from kolofon.product_services.subscription.queries import SubscriptionRow
from kolofon.product_services.subscription.schemas import (
    FetchMode,
    ListedSubscription,
    SharedSubscriptions,
    Subscriptions,
)

_SOURCES: dict[FetchMode, list[bool]] = {"ORDINARY": [False], "B2B": [True], "ALL": [False, True]}


async def list_of_user(call: Read[UserCaller], mode: FetchMode) -> Subscriptions:
    """The subscriptions of the logged-in user's customer; none without a customer."""
    number = await find_customer_number(call.database, call.caller.partner_id, call.caller.unique_id)
    return Subscriptions(subscriptions=[]) if number is None else await _listed(call, number, mode)


async def list_of_customer(call: Read[ClientCaller], customer_number: int, mode: FetchMode) -> Subscriptions:
    """The subscriptions of a customer. Raises NotFound."""
    await check_customer(call.database, call.caller.partner_id, customer_number)
    return await _listed(call, customer_number, mode)


async def list_shared(_call: Read[UserCaller]) -> SharedSubscriptions:
    """What others share with the user: nothing, as long as nothing can be shared."""
    return SharedSubscriptions(shared_subscriptions=[])


async def _listed(call: Read[ClientCaller], customer_number: int, mode: FetchMode) -> Subscriptions:
    now = call.clock.now()
    rows = await queries.list_subscriptions(call.database, call.caller.partner_id, customer_number, now, _SOURCES[mode])
    return Subscriptions(subscriptions=[_subscription(call.partner, row, now) for row in rows])


def _subscription(partner: PartnerCatalogue, row: SubscriptionRow, now: datetime) -> ListedSubscription:
    end = rules.end_of(partner.offers, row, now)
    return ListedSubscription(
        product=row.product_code,
        stopped=rules.is_stopped(row, now),
        start_time=epoch_milliseconds(row.start_time),
        end_time=epoch_milliseconds(end) if end is not None else None,
        paid=rules.is_paid(row, now),
        price_details=rules.price_details(partner.offers, row, now),
        sharable=False,
        sales_person=row.sales_person,
        distribution_level=row.distribution_level,
        product_delivery_plan_id=row.delivery_plan_id,
    )
