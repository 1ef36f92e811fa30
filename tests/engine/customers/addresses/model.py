"""A second telling of how addresses change, by what counts on each day, to compare the rows of the first with.

Home is a step function: what was moved to, by the first day. A change is a product, a first day and a last one. There
are no rows that end when others begin, so nothing can be forgotten to be shortened or lengthened.
"""

from datetime import date, timedelta
from typing import TypeAlias

from kolofon.engine.customers.addresses.forms import AddressData
from kolofon.engine.customers.addresses.rules import AddressRow

PRODUCTS = ("PAPER", "MAG")
FIRST_DAY = date(2027, 1, 1)
DAYS = 400
Key: TypeAlias = tuple[str | None, date]
Told: TypeAlias = tuple[str | None, date, date | None, str]


class Refused(Exception):
    """It is not allowed."""


def content(word: str) -> AddressData:
    """An address of which only the street is told."""
    return AddressData(street=word)


def a_day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def told(row: AddressRow) -> Told:
    """A row as the model has it."""
    return row.product_code, row.valid_from, row.valid_until, row.data.street or ""


class Model:
    """What counts on which day."""

    def __init__(self) -> None:
        self.today = FIRST_DAY
        self.home: dict[date, str] = {}
        self.changes: dict[Key, tuple[date | None, str]] = {}  # the day after the last, and the content

    def address(self, product: str | None, day: date) -> str | None:
        """Where a product goes on a day; None: home."""
        for (of_product, first), (until, word) in self.changes.items():
            if of_product == product and first <= day and (until is None or day < until):
                return word
        begun = [first for first in self.home if first <= day]
        return self.home[max(begun)] if begun else None

    def rows(self) -> set[Told]:
        """All of it as rows."""
        starts = sorted(self.home)
        ends: list[date | None] = [*starts[1:], None]
        home: set[Told] = {(None, first, until, self.home[first]) for first, until in zip(starts, ends, strict=False)}
        return home | {(product, first, until, word) for (product, first), (until, word) in self.changes.items()}

    def correct(self, word: str) -> None:
        if self.address(None, self.today) != word:
            self.home[self.today] = word

    def move(self, word: str, first: date) -> None:
        if first == self.today:
            self.correct(word)
        elif first < self.today or self.home.get(first, word) != word:
            raise Refused
        else:
            self.home[first] = word

    def change(self, products: tuple[str, ...], word: str, first: date, until: date | None) -> None:
        wanted: dict[Key, tuple[date | None, str]] = {(product, first): (until, word) for product in products}
        if first < self.today or (until is not None and until <= first):
            raise Refused
        others = {key: value for key, value in self.changes.items() if wanted.get(key) != value}
        self._check_free(others, wanted)
        self.changes |= wanted

    def cancel(self, key: Key) -> None:
        if key[1] <= self.today:
            raise Refused
        if key[0] is None:
            del self.home[key[1]]
        else:
            del self.changes[key]

    def move_dates(self, key: Key, first: date | None, until: date | None) -> None:
        if key[0] is None:
            self._move_move(key[1], first)
        else:
            self._move_change(key, first, until)

    def _move_move(self, old: date, new: date | None) -> None:
        if old <= self.today or new is None or new < self.today:
            raise Refused
        between = [first for first in self.home if min(old, new) <= first <= max(old, new) and first not in (old, new)]
        taken = new in self.home and new not in (old, self.today)
        if between or taken:
            raise Refused
        self.home[new] = self.home.pop(old)

    def _move_change(self, key: Key, first: date | None, until: date | None) -> None:
        old_until, word = self.changes[key]
        new_first = key[1] if first is None else first
        new_until = old_until if until is None else until
        over = old_until is not None and old_until <= self.today
        starts_anew = new_first != key[1] and (key[1] <= self.today or new_first < self.today)
        ends_wrongly = new_until is not None and new_until <= max(new_first, self.today)
        if over or starts_anew or ends_wrongly:
            raise Refused
        others = {other: value for other, value in self.changes.items() if other != key}
        wanted = {(key[0], new_first): (new_until, word)}
        self._check_free(others, wanted)
        self.changes = others | wanted

    @staticmethod
    def _check_free(others: dict[Key, tuple[date | None, str]], wanted: dict[Key, tuple[date | None, str]]) -> None:
        """Day by day, as far as the calendar of the tests goes."""
        horizon = [a_day(number) for number in range(2 * DAYS)]
        for (product, first), (until, _) in wanted.items():
            for (of_product, other_first), (other_until, _) in others.items():
                shared = (
                    day
                    for day in horizon
                    if first <= day and other_first <= day
                    if (until is None or day < until) and (other_until is None or day < other_until)
                )
                if of_product == product and any(True for _ in shared):
                    raise Refused
