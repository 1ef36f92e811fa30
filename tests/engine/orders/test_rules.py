"""The states of an order, and from which warehouse a line is taken."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.orders.rules import (
    COMPLETED,
    TRANSITIONS,
    OrderStatus,
    OutOfStock,
    Wanted,
    may_become,
    take_stock,
)

STATUSES = [status for status in TRANSITIONS if status is not None]


@given(st.lists(st.sampled_from(STATUSES), max_size=8))
def test_an_order_is_handed_over_once_and_only_after_it_was_fulfilled(wishes: list[OrderStatus]) -> None:
    history: list[OrderStatus | None] = [None]
    for wish in ["preliminary", *wishes]:
        if may_become(history[-1], wish):
            history.append(wish)
    assert history[1] == "preliminary"
    assert len(set(history)) == len(history)
    for before, after in pairwise(history):
        assert after != "transferred" or before == "fulfilled"
        assert before not in {"transferred", "cancelled", "failed", "expired"}


def test_every_status_can_be_reached_and_those_that_are_complete_lead_on() -> None:
    reached = {after for afters in TRANSITIONS.values() for after in afters}
    assert reached == set(STATUSES)
    assert {"fulfilled", "transferred"} == COMPLETED
    assert may_become("fulfilled", "transferred")


PRODUCTS = st.sampled_from(["MUG", "CAP"])
STOCK = st.dictionaries(st.tuples(PRODUCTS, st.sampled_from(["A", "B", "C"])), st.integers(0, 9), max_size=6)
WANTED = st.lists(st.tuples(PRODUCTS, st.integers(1, 5)), max_size=6)


@given(STOCK, WANTED)
def test_stock_never_falls_below_nothing_and_every_counted_line_is_taken_whole(
    stock: dict[tuple[str, str], int], lines: list[tuple[str, int]]
) -> None:
    wanted = [Wanted(number, product, quantity) for number, (product, quantity) in enumerate(lines, 1)]
    counted = {product for product, _ in stock}
    try:
        taken = take_stock(stock, wanted)
    except OutOfStock:
        # There is a line that no warehouse can serve when those before it are served.
        assert any(line.product_code in counted for line in wanted)
        return
    left = dict(stock)
    for part in taken:
        left[part.product_code, part.warehouse] -= part.quantity
    assert all(quantity >= 0 for quantity in left.values())
    expected = [(line.line_number, line.quantity) for line in wanted if line.product_code in counted]
    assert [(part.line_number, part.quantity) for part in taken] == expected


def test_a_line_is_not_split_between_warehouses() -> None:
    stock = {("MUG", "A"): 2, ("MUG", "B"): 3}
    assert [part.warehouse for part in take_stock(stock, [Wanted(1, "MUG", 3), Wanted(2, "MUG", 2)])] == ["B", "A"]
    with pytest.raises(OutOfStock):
        take_stock(stock, [Wanted(1, "MUG", 4)])


def test_what_no_warehouse_has_ever_had_is_not_counted() -> None:
    assert take_stock({}, [Wanted(1, "MUG", 1000)]) == []
