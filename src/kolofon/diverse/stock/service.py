"""List and change stocks."""

from kolofon.diverse.stock import queries
from kolofon.diverse.stock.queries import Figure
from kolofon.diverse.stock.schemas import Stock, StockChanged, StockUpdate, StockUpdates
from kolofon.engine.calls import Read, Write
from kolofon.platform.callers import ClientCaller
from kolofon.platform.errors import InvalidRequest

MAIN = "MAIN"  # where a product is kept of which nobody says where


async def list_stocks(call: Read[ClientCaller], product_code: str | None) -> list[Stock]:
    """The stock of one product, or of all."""
    found = await queries.list_stocks(call.database, call.caller.partner_id, product_code)
    return [Stock(product_id=each.product_code, warehouse=each.warehouse, quantity=each.quantity) for each in found]


async def change_stocks(call: Write[ClientCaller], request: StockUpdates) -> StockChanged:
    """Set new figures. Raises InvalidRequest, and then none is set."""
    updates = request.updates or []
    for index, update in enumerate(updates):
        if update.product_id not in call.partner.offers.products:
            raise InvalidRequest(f"updates[{index}].productId: there is no product {update.product_id}")
    connection, partner_id, now = call.transaction, call.caller.partner_id, call.clock.now()
    wanted = await _wanted(call, updates)
    await queries.make_stocks(connection, partner_id, list(wanted), now)
    before = await queries.lock_stocks(connection, partner_id, list(wanted))
    changed = [
        Figure(*place, quantity, quantity - before[place])
        for place, quantity in wanted.items()
        if quantity != before[place]
    ]
    await queries.change_stocks(connection, partner_id, changed, f"reported by {call.caller.actor}", now)
    return StockChanged(status="ok")


async def _wanted(call: Write[ClientCaller], updates: list[StockUpdate]) -> dict[tuple[str, str], int]:
    """The new figures by product and warehouse."""
    unsaid = [update.product_id for update in updates if update.warehouse is None]
    places = await queries.list_warehouses(call.transaction, call.caller.partner_id, unsaid) if unsaid else {}
    wanted: dict[tuple[str, str], int] = {}
    for index, update in enumerate(updates):
        known = places.get(update.product_id, [MAIN])
        if update.warehouse is None and len(known) > 1:
            where = f"updates[{index}].warehouse"
            raise InvalidRequest(f"{where}: expected one of {', '.join(known)}, where {update.product_id} is kept")
        wanted[update.product_id, update.warehouse or known[0]] = update.quantity
    return wanted
