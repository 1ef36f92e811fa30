"""The states of an order and how one becomes another, and from which warehouse a line is taken."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from kolofon.platform.errors import InvalidRequest

OrderStatus = Literal["preliminary", "fulfilled", "transferred", "cancelled", "failed", "expired"]
CallbackStatus = Literal["success", "failed"]
# The largest whole number that JavaScript holds exactly.
_LARGEST_ID = 2**53 - 1
_LONGEST_ID = len(str(_LARGEST_ID))

# From the registering (None) to the ends. What is fulfilled is handed over however long it takes; a person may end it
# before, as when the payment was taken back.
TRANSITIONS: Mapping[OrderStatus | None, frozenset[OrderStatus]] = {
    None: frozenset({"preliminary"}),
    "preliminary": frozenset({"fulfilled", "cancelled", "failed", "expired"}),
    "fulfilled": frozenset({"transferred", "cancelled", "failed"}),
    "transferred": frozenset(),
    "cancelled": frozenset(),
    "failed": frozenset(),
    "expired": frozenset(),
}
COMPLETED: frozenset[OrderStatus] = frozenset({"fulfilled", "transferred"})


def read_order_id(text: str) -> int:
    """The id of an order as it stands in an address; raises InvalidRequest."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID and 1 <= int(text) <= _LARGEST_ID):
        raise InvalidRequest("orderId: expected the id of an order")
    return int(text)


def may_become(before: OrderStatus | None, after: OrderStatus) -> bool:
    """Whether an order may change so."""
    return after in TRANSITIONS[before]


class Wanted(msgspec.Struct, frozen=True):
    """What a line takes of a stock."""

    line_number: int
    product_code: str
    quantity: int


class Taken(msgspec.Struct, frozen=True):
    """What is taken for a line, and where."""

    line_number: int
    product_code: str
    warehouse: str
    quantity: int


class OutOfStock(Exception):
    """No warehouse has enough for a line."""

    def __init__(self, product_code: str) -> None:
        super().__init__(product_code)
        self.product_code = product_code


def take_stock(stock: Mapping[tuple[str, str], int], wanted: Sequence[Wanted]) -> list[Taken]:
    """Where each line is taken from: the first warehouse that has enough for the whole of it.

    `stock` are quantities by product and warehouse. A product that is in no warehouse is not counted. Raises
    OutOfStock.
    """
    left = dict(sorted(stock.items()))
    counted = {product_code for product_code, _ in left}
    taken = []
    for line in wanted:
        if line.product_code not in counted:
            continue
        places = (place for place in left if place[0] == line.product_code and left[place] >= line.quantity)
        place = next(places, None)
        if place is None:
            raise OutOfStock(line.product_code)
        left[place] -= line.quantity
        taken.append(Taken(line.line_number, *place, line.quantity))
    return taken
