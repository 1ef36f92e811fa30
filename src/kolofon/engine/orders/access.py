"""Access that bridges the time from an order's completing to its hand-over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.registering import find_or_create_customer
from kolofon.engine.orders import queries
from kolofon.engine.orders.queries import Access, ClaimLine, LockedOrder
from kolofon.platform.database import Connection


async def open_access(connection: Connection, partner: PartnerCatalogue, now: datetime, order: LockedOrder) -> None:
    """Open what a user's order asks for; the user becomes a customer for it. Nothing when the order is nobody's.

    A line for somebody else than the payer opens nothing: who gets it is not who reads here.
    """
    accesses = _asked_for(order.lines, now)
    if order.unique_id is None or not accesses:
        return
    customer_number = order.customer_number
    if customer_number is None:
        payer = msgspec.convert(order.payer, Party)
        found = await find_or_create_customer(connection, partner, now, payer, order.unique_id)
        customer_number = found.customer_number
        await queries.note_customer(connection, order.order_id, customer_number)
    await queries.add_access(connection, partner.partner_id, order.order_id, customer_number, now, accesses)


def _asked_for(lines: Sequence[ClaimLine], now: datetime) -> list[Access]:
    accesses = []
    for line in lines:
        if line.allow_access_seconds is None or line.has_receiver:
            continue
        end_time = now + timedelta(seconds=line.allow_access_seconds)
        kinds = {"product": line.allow_access_product, "categoryType": line.allow_access_category_type}
        accesses += [
            Access(kind=kind, code=code, end_time=end_time) for kind, code in kinds.items() if code is not None
        ]
    return accesses
