"""Complete an order for a client."""

from kolofon.engine.calls import Write
from kolofon.engine.orders.callback_queries import add_callback
from kolofon.engine.orders.methods import METHODS, needs_payer
from kolofon.engine.orders.queries import OrderPayment, find_order
from kolofon.engine.orders.rules import CallbackStatus
from kolofon.engine.orders.service import Completion, complete_order
from kolofon.engine.return_urls import checked_return_url
from kolofon.order_management.fulfillment.schemas import CompleteOrderAnswer, CompleteOrderRequest
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller
from kolofon.platform.errors import NotFound


async def complete(call: Write[ClientCaller], request: CompleteOrderRequest) -> CompleteOrderAnswer:
    """Complete an order of the partner that nobody has to pay in a browser. Raises InvalidRequest, NotFound."""
    callback_url = request.callback_url
    if callback_url is not None:
        callback_url = checked_return_url(call.clients[call.caller.client_id], "callbackUrl", callback_url)
    order = await find_order(call.transaction, request.order_id)
    if order is None or order.partner_id != call.caller.partner_id:
        raise NotFound(f"orderId: there is no order {request.order_id}")
    if order.status == "preliminary" and needs_payer(order.payment_method, order.prepaid):
        return _answer(order.order_id, _who_pays(order))
    now = call.clock.now()
    completion = await complete_order(
        call.transaction, call.partner, now, order.order_id, call.caller.actor, "completeOrderClient"
    )
    if callback_url is not None:
        status: CallbackStatus = "success" if completion.is_complete else "failed"
        due = call.clock.machine.now()
        await add_callback(call.transaction, order.partner_id, order.order_id, callback_url, status, due)
    if not completion.was_done:
        await _record(call, completion)
    return _answer(order.order_id, completion.problem)


def _who_pays(order: OrderPayment) -> str:
    if METHODS[order.payment_method].by_page:
        return (
            f"paymentMethod: an order with {order.payment_method} is paid on the fulfillment page, unless it is prepaid"
        )
    return f"paymentMethod: {order.payment_method} is not connected here"


async def _record(call: Write[ClientCaller], completion: Completion) -> None:
    change = audit.Change(
        action="completeOrderClient",
        subject=f"order:{completion.order_id}",
        before={"status": "preliminary"},
        after={"status": completion.status},
    )
    await audit.record(call.transaction, call.clock, call.caller, change)


def _answer(order_id: int, problem: str | None) -> CompleteOrderAnswer:
    return CompleteOrderAnswer(
        fulfillment_status="OK" if problem is None else "ERROR", order_id=order_id, error_message=problem
    )
