"""The commands about orders: those that could not be handed over are seen here, tried again, or ended."""

from typing import TYPE_CHECKING

import click

from kolofon.command_line import tools
from kolofon.failures import Failure

if TYPE_CHECKING:
    from kolofon.engine.orders.handover_queries import StuckOrder
    from kolofon.platform.clock import Clock
    from kolofon.platform.database import Connection


@click.group()
def orders() -> None:
    """See orders that could not be handed over, and what to do with them.

    The worker tries each again, at last once an hour, for ever.
    """


@orders.command("stuck")
def stuck() -> None:
    """List the orders whose hand-over has failed so far, the oldest first."""
    from kolofon.engine.orders.handover_queries import list_stuck

    with tools.database() as url:
        rows = tools.run(url, lambda connection, _: list_stuck(connection))
    if not rows:
        click.echo("none")
        return
    tools.print_table(("order", "partner", "completed", "attempts", "next attempt", "problem"), map(_row, rows))


@orders.command("retry")
@click.argument("order_id", type=click.IntRange(min=1))
def retry(order_id: int) -> None:
    """Have the worker hand over ORDER_ID now, and not when its time comes."""
    with tools.database() as url:
        tools.run(url, lambda connection, clock: _retry(connection, clock, order_id, tools.actor()))
    click.echo(f"the worker hands over order {order_id}")


@orders.command("end")
@click.argument("order_id", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why; it is kept with the order.")
def end(order_id: int, reason: str) -> None:
    """End ORDER_ID, which is not handed over yet, as failed.

    What it has taken of vouchers, stock and rewards is given back.
    """
    with tools.database() as url:
        tools.run(url, lambda connection, clock: _end(connection, clock, order_id, reason, tools.actor()))
    click.echo(f"order {order_id} has ended")


def _row(order: "StuckOrder") -> tuple[str, ...]:
    times = [time.strftime("%Y-%m-%d %H:%M") for time in (order.fulfilled_at, order.next_attempt_at)]
    return str(order.order_id), order.partner_code, times[0], str(order.attempts), times[1], order.problem


async def _retry(connection: "Connection", clock: "Clock", order_id: int, actor: str) -> None:
    from kolofon.engine.orders.handover_queries import make_due
    from kolofon.platform import audit

    async with connection.transaction():
        partner_id = await make_due(connection, order_id, clock.now())
        if partner_id is None:
            raise Failure(f"order {order_id} does not wait for its hand-over")
        change = audit.Change(action="ordersRetry", subject=f"order:{order_id}")
        await audit.record_command(connection, clock, partner_id, actor, change)


async def _end(connection: "Connection", clock: "Clock", order_id: int, reason: str, actor: str) -> None:
    from kolofon.catalogue.memory import read_catalogue
    from kolofon.engine.calls import partner_clock
    from kolofon.engine.orders.queries import find_order
    from kolofon.engine.orders.service import end_order
    from kolofon.platform import audit
    from kolofon.platform.errors import ApiError

    catalogue = await read_catalogue(connection)
    async with connection.transaction():
        order = await find_order(connection, order_id)
        if order is None or order.status not in {"preliminary", "fulfilled"}:
            raise Failure(f"order {order_id} is not there, or has come to its end")
        partner = catalogue.partner(order.partner_id)
        try:
            now = partner_clock(partner, clock).now()
            await end_order(connection, partner, now, order_id, "failed", actor, reason)
        except ApiError as error:
            raise Failure(error.message) from None
        change = audit.Change(action="ordersEnd", subject=f"order:{order_id}", after={"reason": reason})
        await audit.record_command(connection, clock, order.partner_id, actor, change)
