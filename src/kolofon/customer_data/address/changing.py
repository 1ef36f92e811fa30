"""Change addresses: a small state machine over dated periods (engine/customers/addresses/rules.py has its steps)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from kolofon.customer_data.address.reading import Wanted, read_change
from kolofon.customer_data.address.schemas import AddressChange, Addresses
from kolofon.customer_data.address.service import answer
from kolofon.engine.calls import Write
from kolofon.engine.customers.addresses import queries, rules
from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.engine.customers.addresses.rules import AddressRow, Plan
from kolofon.engine.customers.service import customer_to_change
from kolofon.events.feed.service import Event, publish
from kolofon.platform import audit
from kolofon.platform.callers import UserCaller
from kolofon.platform.dates import day_of
from kolofon.platform.errors import InvalidRequest


async def change_addresses(call: Write[UserCaller], request: AddressChange) -> Addresses:
    """Change the addresses of the logged-in customer. Raises InvalidRequest, NotFound.

    What is that way already is not done again: a repeat finds it done.
    """
    partner, now = call.partner, call.clock.now()
    wanted = read_change(partner, request, now)
    today = day_of(now, partner.offers.time_zone)
    number = await customer_to_change(call.transaction, call.caller)
    rows = await queries.list_changeable(call.transaction, partner.partner_id, number, wanted.address_id, today)
    plan = plan_change(rows, today, wanted)
    if not plan.is_empty:
        await _write(call, number, rows, plan, wanted)
    listed = await queries.list_addresses(call.transaction, partner.partner_id, number, None, today)
    return answer(partner, listed, today)


def plan_change(rows: Sequence[AddressRow], today: date, wanted: Wanted) -> Plan:
    """What is to be written. Raises InvalidRequest, NotFound."""
    if wanted.address_id and wanted.products:
        _check_product(rules.named(rows, wanted.address_id), wanted)
    match wanted.change_type:
        case "update":
            return _update(rows, today, wanted)
        case "delete":
            return rules.cancel(rows, today, wanted.address_id)
        case "create":
            data = _data(rows, today, wanted)
            return rules.change_for_a_time(rows, today, wanted.products, data, wanted.start, wanted.until)
        case "createPermanent":
            return rules.move_home(rows, today, _data(rows, today, wanted), wanted.start)


def _update(rows: Sequence[AddressRow], today: date, wanted: Wanted) -> Plan:
    if wanted.moves_dates:
        return rules.move_dates(rows, today, wanted.address_id, wanted.start, wanted.until)
    if wanted.address_id:
        row = rules.named(rows, wanted.address_id)
        if row.standing(today) == "historical":
            raise InvalidRequest("id: this address is over; expected that of the home address, or none")
        if row != rules.home_on(rows, today):
            raise InvalidRequest(
                "period: expected new dates; what a change says is not edited: delete it and create another"
            )
    return rules.correct_home(rows, today, _data(rows, today, wanted))


def _check_product(row: AddressRow, wanted: Wanted) -> None:
    """The id says which product it is, so a product beside it need not be there; when it is, it has to be that one."""
    if wanted.change_type == "create" or row.product_code is None:
        return
    if row.product_code not in wanted.products:
        raise InvalidRequest(f"product: the change {row.address_id} is for {row.product_code}")


def _data(rows: Sequence[AddressRow], today: date, wanted: Wanted) -> AddressData:
    if wanted.data is not None:
        return wanted.data
    return rules.data_to_use_again(rows, today, wanted.address_id)


async def _write(call: Write[UserCaller], number: int, rows: Sequence[AddressRow], plan: Plan, wanted: Wanted) -> None:
    partner_id, now = call.partner.partner_id, call.clock.now()
    await queries.change_periods(call.transaction, partner_id, number, plan.changed)
    ids = await queries.add_addresses(call.transaction, partner_id, number, plan.added, now)
    added = [msgspec.structs.replace(row, address_id=id_) for row, id_ in zip(plan.added, ids, strict=True)]
    changed = {row.address_id for row in plan.changed}
    change = audit.Change(
        action="changeAddresses",
        subject=f"customer:{number}",
        before={"changeType": wanted.change_type, "addresses": _told(row for row in rows if row.address_id in changed)},
        after={"changeType": wanted.change_type, "addresses": _told([*plan.changed, *added])},
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    await publish(call.transaction, partner_id, now, [Event("customer", "update", {"customerNumber": number})])


def _told(rows: Iterable[AddressRow]) -> list[dict[str, Any]]:
    """Addresses by the columns of their table, as far as they say something."""
    told = [msgspec.to_builtins(row) for row in rows]
    return [
        {name: value for name, value in (row | row.pop("data")).items() if value is not None and name != "data"}
        for row in told
    ]
