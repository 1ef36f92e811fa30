"""Fulfillment: one operation, client mode."""

from litestar import post
from litestar.params import JSONBody

from kolofon.engine.calls import ClientWrites
from kolofon.order_management.fulfillment import service
from kolofon.order_management.fulfillment.schemas import CompleteOrderAnswer, CompleteOrderRequest

TAG = "Fulfillment"


@post(
    "/v1/client/order/fulfillment",
    operation_id="completeOrderClient",
    summary="Complete order - client mode",
    tags=[TAG],
    status_code=200,
    opt={"xml_root": "fulfillment"},
)
async def complete_order(
    data: JSONBody[CompleteOrderRequest],
    client_writes: ClientWrites,
) -> CompleteOrderAnswer:
    """Complete an order that is prepaid, or that needs no payment before; the rest is done later."""
    return await service.complete(client_writes, data)


HANDLERS = [complete_order]
