"""How a customer's addresses change: from the rows that are there and the day to the rows that are to be written.

Home addresses follow each other without gaps from the first on, the last of them without end. A temporary change has a
product and a period, and no other one of the product on any of its days. So there is one address for a product and a
day. What is over stays as it was.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NoReturn

import msgspec

from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.platform.errors import InvalidRequest, NotFound

PLANNED_AT_MOST = 50  # changes of a customer that run or will
Standing = Literal["current", "future", "historical"]


class AddressRow(msgspec.Struct, frozen=True, kw_only=True):
    """An address that counts from the day `valid_from` until the day before `valid_until`; None: without end.

    Without a product it is a home address; with one a temporary change that counts instead where that is delivered.
    `address_id` is 0 until it is written. One that is dropped never counts, though it is kept.
    """

    address_id: int = 0
    product_code: str | None = None
    valid_from: date
    valid_until: date | None = None
    dropped: Literal["corrected", "cancelled", "merged"] | None = None
    data: AddressData

    def counts_on(self, day: date) -> bool:
        """Whether that day is one of its days."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def standing(self, today: date) -> Standing:
        """Which of the three kinds it is."""
        if self.counts_on(today):
            return "current"
        return "future" if self.valid_from > today else "historical"


class Plan(msgspec.Struct, frozen=True):
    """What is to be written: rows that change, in an order in which no two ever overlap, then rows that are new."""

    changed: tuple[AddressRow, ...] = ()
    added: tuple[AddressRow, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether all is as it was wanted already."""
        return not self.changed and not self.added


def named(rows: Sequence[AddressRow], address_id: int) -> AddressRow:
    """The address with an id. Raises NotFound."""
    for row in rows:
        if row.address_id == address_id:
            return row
    raise NotFound(f"id: there is no address {address_id}")


def home_on(rows: Sequence[AddressRow], day: date) -> AddressRow | None:
    """The home address of a day; None before the first."""
    return next((row for row in rows if row.product_code is None and row.counts_on(day)), None)


def data_to_use_again(rows: Sequence[AddressRow], today: date, address_id: int) -> AddressData:
    """What an address says that is to be used once more. Raises NotFound, InvalidRequest for the home address."""
    row = named(rows, address_id)
    if row == home_on(rows, today):
        raise InvalidRequest("id: this is the home address already; expected that of another one, or none")
    return row.data


def correct_home(rows: Sequence[AddressRow], today: date, data: AddressData) -> Plan:
    """From today on the home address is this one, until the next move that is planned.

    Floor and flat stay as they are known while it is the same house.
    """
    home = home_on(rows, today)
    return _begin_today(rows, today, data if home is None else _with_floor(home.data, data))


def move_home(rows: Sequence[AddressRow], today: date, data: AddressData, start: date | None) -> Plan:
    """A move for good, on a day from today on; None: today. It lasts until the next move that is planned."""
    if start is None or start == today:
        return _begin_today(rows, today, data)
    _check_start(start, today)
    before = home_on(rows, start)
    if before is None:
        return _checked(rows, today, Plan(added=(_first_home(rows, start, data),)))
    if before.valid_from == start:
        if before.data == data:
            return Plan()
        raise InvalidRequest("period.startTime: another move is planned for that day; delete it first")
    ended = msgspec.structs.replace(before, valid_until=start)
    moved = AddressRow(valid_from=start, valid_until=before.valid_until, data=data)
    return _checked(rows, today, Plan((ended,), (moved,)))


def change_for_a_time(
    rows: Sequence[AddressRow],
    today: date,
    products: Sequence[str],
    data: AddressData,
    start: date | None,
    until: date | None,
) -> Plan:
    """Another address for some products, all of them or none, from a day (None: today) to the day before `until`.

    What is there already, the same in all, is not made again.
    """
    start = start or today
    _check_start(start, today)
    _check_end(start, until)
    added = []
    for product in products:
        wanted = AddressRow(product_code=product, valid_from=start, valid_until=until, data=data)
        clash = _clash(rows, wanted)
        if clash is None:
            added.append(wanted)
        elif msgspec.structs.replace(clash, address_id=0) != wanted:
            _refuse_overlap(clash)
    return _checked(rows, today, Plan(added=tuple(added)))


def move_dates(
    rows: Sequence[AddressRow], today: date, address_id: int, start: date | None, until: date | None
) -> Plan:
    """Other dates for a change that runs or is planned; None: as it was. A planned move has a first day only."""
    row = named(rows, address_id)
    if row.standing(today) == "historical":
        raise InvalidRequest("id: this change is over; expected one that runs or is planned")
    if row.product_code is not None:
        return _move_change(rows, today, row, start, until)
    if row.counts_on(today):
        raise InvalidRequest("period: the home address has no dates to move; leave the period out, or the id")
    return _move_move(rows, today, row, start)


def cancel(rows: Sequence[AddressRow], today: date, address_id: int) -> Plan:
    """A change that has not begun will not be. The home address before a planned move gets its time back."""
    row = named(rows, address_id)
    if row.standing(today) != "future":
        expected = "move its end instead" if row.product_code is not None else "expected a change that is planned"
        raise InvalidRequest(f"id: this address has begun and cannot be deleted; {expected}")
    dropped = msgspec.structs.replace(row, dropped="cancelled")
    before = _before(rows, row)
    if before is None:
        return Plan((dropped,))
    return Plan((dropped, msgspec.structs.replace(before, valid_until=row.valid_until)))


def _begin_today(rows: Sequence[AddressRow], today: date, data: AddressData) -> Plan:
    home = home_on(rows, today)
    if home is None:
        return Plan(added=(_first_home(rows, today, data),))
    if home.data == data:
        return Plan()
    begun = AddressRow(valid_from=today, valid_until=home.valid_until, data=data)
    return Plan((_ended(home, today),), (begun,))


def _ended(home: AddressRow, day: date) -> AddressRow:
    """A home address that another one takes the place of: from its first day on it never counted."""
    if home.valid_from == day:
        return msgspec.structs.replace(home, dropped="corrected")
    return msgspec.structs.replace(home, valid_until=day)


def _first_home(rows: Sequence[AddressRow], start: date, data: AddressData) -> AddressRow:
    """One that begins before all that are there, if any are."""
    first = min((row.valid_from for row in rows if row.product_code is None and row.valid_from > start), default=None)
    return AddressRow(valid_from=start, valid_until=first, data=data)


def _move_change(
    rows: Sequence[AddressRow], today: date, row: AddressRow, start: date | None, until: date | None
) -> Plan:
    start = row.valid_from if start is None else start
    until = row.valid_until if until is None else until
    if start != row.valid_from:
        if row.valid_from <= today:
            raise InvalidRequest("period.startTime: this change has begun; only its end can be moved")
        _check_start(start, today)
    _check_end(max(start, today), until)
    moved = msgspec.structs.replace(row, valid_from=start, valid_until=until)
    clash = _clash([other for other in rows if other != row], moved)
    if clash is not None:
        _refuse_overlap(clash)
    return Plan((moved,)) if moved != row else Plan()


def _move_move(rows: Sequence[AddressRow], today: date, row: AddressRow, start: date | None) -> Plan:
    if start is None:
        raise InvalidRequest("period.startTime: expected the new first day of the move")
    if start == row.valid_from:
        return Plan()
    _check_start(start, today)
    if row.valid_until is not None and start >= row.valid_until:
        raise InvalidRequest(f"period.startTime: the next move is planned for {row.valid_until}; expected a day before")
    moved = msgspec.structs.replace(row, valid_from=start)
    before = _before(rows, row)
    if before is None:
        return Plan((moved,))
    if start <= before.valid_from and not before.counts_on(today):
        raise InvalidRequest(f"period.startTime: a move is planned for {before.valid_from}; expected a day after that")
    ended = _ended(before, start)
    # Whichever becomes shorter goes first.
    return Plan((ended, moved) if start < row.valid_from else (moved, ended))


def _before(rows: Sequence[AddressRow], row: AddressRow) -> AddressRow | None:
    if row.product_code is not None:
        return None
    return next((other for other in rows if other.product_code is None and other.valid_until == row.valid_from), None)


def _clash(rows: Sequence[AddressRow], wanted: AddressRow) -> AddressRow | None:
    """A change of the same product that has a day in common."""
    for row in rows:
        begins_before_end = wanted.valid_until is None or row.valid_from < wanted.valid_until
        ends_after_start = row.valid_until is None or row.valid_until > wanted.valid_from
        if row.product_code == wanted.product_code and begins_before_end and ends_after_start:
            return row
    return None


def _refuse_overlap(clash: AddressRow) -> NoReturn:
    last = f" to {clash.valid_until - timedelta(days=1)}" if clash.valid_until is not None else ""
    raise InvalidRequest(
        f"period: change {clash.address_id} for {clash.product_code} has days in common: {clash.valid_from}{last}"
    )


def _check_start(start: date, today: date) -> None:
    if start < today:
        raise InvalidRequest("period.startTime: expected a day from today on")


def _check_end(earliest: date, until: date | None) -> None:
    if until is not None and until <= earliest:
        raise InvalidRequest("period.endTime: expected a day from the first day on, and from today on")


def _checked(rows: Sequence[AddressRow], today: date, plan: Plan) -> Plan:
    home = home_on(rows, today)
    planned = [row for row in rows if row != home and row.standing(today) != "historical"]
    if plan.added and len(planned) + len(plan.added) > PLANNED_AT_MOST:
        raise InvalidRequest(f"changeType: {PLANNED_AT_MOST} changes may run or be planned at a time; delete one first")
    return plan


def _with_floor(before: AddressData, data: AddressData) -> AddressData:
    """The operation that corrects an address does not know of floors, so they stay while it is the same house."""
    same_house = all(
        getattr(before, name) == getattr(data, name)
        for name in ("street", "street_number", "entrance", "postal_code", "country_code")
    )
    if not same_house or (data.floor_type, data.floor, data.suite) != (None, None, None):
        return data
    return msgspec.structs.replace(data, floor_type=before.floor_type, floor=before.floor, suite=before.suite)
