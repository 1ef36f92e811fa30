"""The timeline of addresses against a model of what counts on each day, and what a model need not know."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kolofon.engine.customers.addresses import rules
from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.engine.customers.addresses.rules import AddressRow, Plan
from kolofon.platform.errors import InvalidRequest, NotFound
from tests.engine.customers.addresses.model import (
    DAYS,
    FIRST_DAY,
    PRODUCTS,
    Key,
    Model,
    Refused,
    a_day,
    content,
    told,
)

WORDS = st.sampled_from(["Storgata", "Kirkeveien", "Hytta", "Brygga"])
DAY = st.integers(0, DAYS - 1).map(a_day)
LENGTH = st.none() | st.integers(-2, 60)


def counting(rows: list[AddressRow], product: str | None, day: date) -> list[AddressRow]:
    """What the look-up of deliveries finds: changes of the product, else home."""
    found = [row for row in rows if row.dropped is None and row.counts_on(day)]
    return [row for row in found if row.product_code == product] or [row for row in found if row.product_code is None]


def check_no_overlap(rows: list[AddressRow]) -> None:
    """What the database's constraint looks at after every single write."""
    live = [row for row in rows if row.dropped is None]
    for row in live:
        assert row.valid_until is None or row.valid_from < row.valid_until, row
        same = [other for other in live if other.product_code == row.product_code and other is not row]
        assert not any(other.counts_on(row.valid_from) for other in same), (row, same)


class Timeline(RuleBasedStateMachine):
    """Random changes on days that go by."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.rows: list[AddressRow] = []
        self.was: dict[tuple[str | None, date], str | None] = {}

    def write(self, plan: Plan) -> None:
        for changed in plan.changed:
            places = [place for place, row in enumerate(self.rows) if row.address_id == changed.address_id]
            [place] = places
            self.rows[place] = changed
            check_no_overlap(self.rows)
        for row in plan.added:
            self.rows.append(msgspec.structs.replace(row, address_id=len(self.rows) + 1))
            check_no_overlap(self.rows)

    def live(self) -> list[AddressRow]:
        return [row for row in self.rows if row.dropped is None]

    def both(self, of_model: object, of_rules: object) -> None:
        """Do it on both sides; either both refuse or none."""
        assert callable(of_model)
        assert callable(of_rules)
        try:
            of_model()
        except Refused:
            with pytest.raises(InvalidRequest):
                of_rules()
            return
        self.write(of_rules())

    @initialize(moved_in=st.booleans(), word=WORDS)
    def begin(self, moved_in: bool, word: str) -> None:
        if moved_in:
            self.correct(word)

    @rule(word=WORDS)
    def correct(self, word: str) -> None:
        today = self.model.today
        self.both(lambda: self.model.correct(word), lambda: rules.correct_home(self.live(), today, content(word)))

    @rule(word=WORDS, data=st.data())
    def move(self, word: str, data: st.DataObject) -> None:
        today, first = self.model.today, self.a_day(data)
        self.both(
            lambda: self.model.move(word, first), lambda: rules.move_home(self.live(), today, content(word), first)
        )

    @rule(products=st.sets(st.sampled_from(PRODUCTS), min_size=1), word=WORDS, data=st.data(), length=LENGTH)
    def change(self, products: set[str], word: str, data: st.DataObject, length: int | None) -> None:
        today, chosen, first = self.model.today, tuple(sorted(products)), self.a_day(data)
        until = first + timedelta(days=length) if length is not None else None
        self.both(
            lambda: self.model.change(chosen, word, first, until),
            lambda: rules.change_for_a_time(self.live(), today, chosen, content(word), first, until),
        )

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        row, key = self.drawn(data)
        self.both(lambda: self.model.cancel(key), lambda: rules.cancel(self.live(), self.model.today, row.address_id))

    @precondition(lambda self: self.live())
    @rule(data=st.data(), moves_start=st.booleans(), moves_end=st.booleans())
    def move_dates(self, data: st.DataObject, moves_start: bool, moves_end: bool) -> None:
        row, key = self.drawn(data)
        first = self.a_day(data) if moves_start else None
        until = self.a_day(data) if moves_end else None
        self.both(
            lambda: self.model.move_dates(key, first, until),
            lambda: rules.move_dates(self.live(), self.model.today, row.address_id, first, until),
        )

    def a_day(self, data: st.DataObject) -> date:
        """Any, or one where something begins or ends, or the day beside it."""
        ends = {row.valid_until for row in self.live() if row.valid_until is not None}
        borders = sorted({self.model.today} | {row.valid_from for row in self.live()} | ends)
        beside = st.builds(lambda day, by: day + timedelta(days=by), st.sampled_from(borders), st.integers(-1, 1))
        return data.draw(beside | DAY)

    def drawn(self, data: st.DataObject) -> tuple[AddressRow, Key]:
        row = data.draw(st.sampled_from(self.live()))
        return row, (row.product_code, row.valid_from)

    @rule(days=st.integers(1, 40))
    def days_go_by(self, days: int) -> None:
        for _ in range(days):
            for product in (None, *PRODUCTS):
                self.was[product, self.model.today] = self.model.address(product, self.model.today)
            self.model.today += timedelta(days=1)

    @invariant()
    def the_rows_are_those_of_the_model(self) -> None:
        assert {told(row) for row in self.live()} == self.model.rows()

    @invariant()
    def home_has_no_gap_and_no_end(self) -> None:
        home = sorted((row for row in self.live() if row.product_code is None), key=lambda row: row.valid_from)
        assert [row.valid_until for row in home] == [*(row.valid_from for row in home[1:]), None][: len(home)]

    def teardown(self) -> None:
        """Each day of more than a year has one address, and days that are over have the one they had."""
        for number in range(DAYS):
            for product in (None, *PRODUCTS):
                day = a_day(number)
                found = counting(self.rows, product, day)
                assert len(found) <= 1
                word = found[0].data.street if found else None
                assert word == self.was.get((product, day), self.model.address(product, day))


Timeline.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestTimeline = Timeline.TestCase

TODAY = date(2027, 3, 1)
HOME = AddressRow(address_id=1, valid_from=date(2020, 1, 1), data=content("Storgata"))


def test_a_correction_on_the_first_day_is_kept_but_never_counted() -> None:
    begun = msgspec.structs.replace(HOME, valid_from=TODAY)
    plan = rules.correct_home([begun], TODAY, content("Storgaten"))
    assert [(row.dropped, row.valid_from) for row in plan.changed] == [("corrected", TODAY)]
    assert [told(row) for row in plan.added] == [(None, TODAY, None, "Storgaten")]


def test_what_is_that_way_already_is_not_written() -> None:
    assert rules.correct_home([HOME], TODAY, HOME.data).is_empty
    assert rules.move_home([HOME], TODAY, HOME.data, None).is_empty
    wanted = AddressRow(address_id=2, product_code="PAPER", valid_from=TODAY, data=content("Hytta"))
    assert rules.change_for_a_time([HOME, wanted], TODAY, ["PAPER"], content("Hytta"), None, None).is_empty
    assert rules.move_dates([HOME, wanted], TODAY, 2, TODAY, None).is_empty


def test_floor_and_flat_stay_while_it_is_the_same_house() -> None:
    flat = AddressData(street="Storgata", street_number=1, postal_code="0150", floor=3, suite="H0301")
    home = msgspec.structs.replace(HOME, data=flat)
    told_anew = AddressData(street="Storgata", street_number=1, postal_code="0150", care_of="Hansen")
    [added] = rules.correct_home([home], TODAY, told_anew).added
    assert (added.data.floor, added.data.suite, added.data.care_of) == (3, "H0301", "Hansen")
    [elsewhere] = rules.correct_home([home], TODAY, msgspec.structs.replace(told_anew, street_number=2)).added
    assert (elsewhere.data.floor, elsewhere.data.suite) == (None, None)


def test_many_changes_are_refused_but_those_that_are_there_can_still_be_changed() -> None:
    rows = [HOME] + [
        AddressRow(
            address_id=2 + number,
            product_code="PAPER",
            valid_from=TODAY + timedelta(days=2 * number),
            valid_until=TODAY + timedelta(days=2 * number + 1),
            data=content("Hytta"),
        )
        for number in range(rules.PLANNED_AT_MOST)
    ]
    with pytest.raises(InvalidRequest, match=r"^changeType: 50 changes"):
        rules.change_for_a_time(rows, TODAY, ["MAG"], content("Hytta"), None, None)
    with pytest.raises(InvalidRequest, match=r"^changeType: 50 changes"):
        rules.move_home(rows, TODAY, content("Brygga"), TODAY + timedelta(days=500))
    assert not rules.correct_home(rows, TODAY, content("Brygga")).is_empty
    assert not rules.cancel(rows, TODAY, 30).is_empty


def test_nobody_can_use_what_is_not_there_or_the_home_address_again() -> None:
    with pytest.raises(NotFound, match=r"^id: there is no address 7$"):
        rules.data_to_use_again([HOME], TODAY, 7)
    with pytest.raises(InvalidRequest, match=r"^id: this is the home address already"):
        rules.data_to_use_again([HOME], TODAY, 1)


def test_a_clock_that_was_put_back_makes_no_second_address() -> None:
    rows = [msgspec.structs.replace(HOME, valid_from=TODAY)]
    plan = rules.correct_home(rows, FIRST_DAY, content("Kirkeveien"))
    assert [told(row) for row in plan.added] == [(None, FIRST_DAY, TODAY, "Kirkeveien")]
    assert plan.changed == ()
