"""Completing an order for a browser: directly, or when its payment has come to an end."""

from typing import Literal
from uuid import UUID

import msgspec

from kolofon.engine.calls import partner_clock
from kolofon.engine.customers.party import Party
from kolofon.engine.customers.queries import find_customer_number, find_remaining
from kolofon.engine.orders.methods import METHODS, Outcome, PaymentProvider, ToPay, needs_payer
from kolofon.engine.orders.queries import OrderPayment, find_order, tie_order
from kolofon.engine.orders.rules import OrderStatus
from kolofon.engine.orders.service import complete_order, end_order
from kolofon.identity.login_server import LoginServer
from kolofon.identity.notices.queries import list_recipients
from kolofon.platform import audit
from kolofon.platform.database import Connection

_CAUSE = "fulfillmentUrl"
_ENDS: dict[Outcome, Literal["cancelled", "failed"]] = {"cancel": "cancelled", "error": "failed"}


class Completing:
    """Completes orders of one partner. `who`: the user in front of the browser, `client_id`: the site."""

    def __init__(self, server: LoginServer, partner_id: int, client_id: str, who: UUID | None) -> None:
        self._server = server
        self._partner = server.catalogue.current.partner(partner_id)
        self._client_id = client_id
        self._actor = f"user:{who.hex}" if who is not None else f"client:{client_id}"

    async def find(self, order_id: int) -> OrderPayment | None:
        """The order, if it is one of the partner's."""
        async with self._server.pool().acquire() as connection:
            order = await find_order(connection, order_id)
        return order if order is not None and order.partner_id == self._partner.partner_id else None

    async def is_party(self, order: OrderPayment, unique_id: UUID) -> bool:
        """Whether the order's payer is reached at one of the user's verified credentials."""
        payer = msgspec.convert(order.payer, Party)
        reached_at = {*(payer.emails or ()), *(payer.phone_numbers or ())}
        async with self._server.pool().acquire() as connection:
            return not reached_at.isdisjoint(await list_recipients(connection, unique_id))

    async def names_another(self, order: OrderPayment, unique_id: UUID) -> bool:
        """Whether the order names a customer number that is not the user's. Anybody may have typed that."""
        named = msgspec.convert(order.payer, Party).customer_number
        if named is None:
            return False
        async with self._server.pool().acquire() as connection:
            number = await find_customer_number(connection, order.partner_id, unique_id)
            if number == named:
                return False
            return number is None or await find_remaining(connection, order.partner_id, named) != number

    async def tie(self, order: OrderPayment, unique_id: UUID) -> bool:
        """Make an order of nobody a user's; False when it has become somebody's meanwhile."""
        async with self._server.pool().acquire() as connection, connection.transaction():
            if not await tie_order(connection, order.partner_id, order.order_id, unique_id):
                return False
            after = {"uniqueId": unique_id.hex}
            await self._record(connection, order.order_id, "tieOrder", after)
            return True

    async def complete(self, order: OrderPayment) -> Outcome:
        """Complete an order that needs no payment now; one that has come to an end is left as it is."""
        if not METHODS[order.payment_method].by_page:
            return "error"
        return await self._complete(order.order_id)

    def provider_of(self, order: OrderPayment) -> PaymentProvider | None:
        """Who takes the money of an order that is not paid yet."""
        return self._server.payment_providers.get(order.payment_method)

    async def settle(self, order: OrderPayment, provider: PaymentProvider) -> Outcome:
        """What became of a payment, and of the order by it."""
        outcome = await provider.outcome(to_pay(order))
        if outcome == "success":
            return await self._complete(order.order_id)
        status = _ENDS.get(outcome)
        if status is not None:
            async with self._server.pool().acquire() as connection, connection.transaction():
                now = partner_clock(self._partner, self._server.clock).now()
                await end_order(connection, self._partner, now, order.order_id, status, self._actor, _CAUSE)
        return outcome

    async def _complete(self, order_id: int) -> Outcome:
        now = partner_clock(self._partner, self._server.clock).now()
        async with self._server.pool().acquire() as connection, connection.transaction():
            completion = await complete_order(connection, self._partner, now, order_id, self._actor, _CAUSE)
            if not completion.was_done:
                await self._record(connection, order_id, "completeOrder", {"status": completion.status})
        return outcome_of(completion.status)

    async def _record(self, connection: Connection, order_id: int, action: str, after: dict[str, str]) -> None:
        change = audit.Change(action=action, subject=f"order:{order_id}", after=after)
        who = self._partner.partner_id, self._actor, self._client_id
        await audit.record_visit(connection, self._server.clock, who, change)


def awaits_payment(order: OrderPayment) -> bool:
    """Whether somebody has to pay before the order is complete."""
    return order.status == "preliminary" and needs_payer(order.payment_method, order.prepaid)


def outcome_of(status: OrderStatus) -> Outcome:
    """What the browser is told of an order."""
    if status in {"fulfilled", "transferred"}:
        return "success"
    return "cancel" if status == "cancelled" else "error"


def to_pay(order: OrderPayment) -> ToPay:
    """What a provider has to know of an order."""
    return ToPay(
        order_id=order.order_id,
        partner_id=order.partner_id,
        merchant_id=order.merchant_id,
        currency=order.currency,
        amount_minor=order.amount_minor,
        recurring=order.recurring,
    )
