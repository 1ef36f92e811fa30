"""VAT of lines that stand together, and which rate counts."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from kolofon.engine.pricing.rules import share_vat, vat_percent
from tests.engine.pricing.samples import DAY, offers, vat

Line = tuple[Decimal, bool, int]
PERCENTS = st.sampled_from([Decimal(text) for text in ("0", "6", "12", "13.5", "15", "25", "25.5", "0.01", "100")])
PRICES = st.integers(0, 10**9)
LINES = st.lists(st.tuples(PERCENTS, st.booleans(), PRICES), max_size=30)


def exact(line: Line) -> Fraction:
    percent, included, price = line
    rate = Fraction(percent) / 100
    return price * rate / (1 + rate) if included else price * rate


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@given(LINES)
def test_the_lines_of_a_rate_add_up_to_the_rounded_vat_of_their_sum(lines: Sequence[Line]) -> None:
    shares = share_vat(lines)
    for percent in {line[0] for line in lines}:
        of_rate = [index for index, line in enumerate(lines) if line[0] == percent]
        assert sum(shares[i][1] for i in of_rate) == half_up(sum((exact(lines[i]) for i in of_rate), Fraction(0)))


@given(LINES)
def test_no_line_is_further_than_an_øre_from_its_own_vat_and_none_is_negative(lines: Sequence[Line]) -> None:
    for line, (net, line_vat) in zip(lines, share_vat(lines), strict=True):
        assert abs(exact(line) - line_vat) < 1
        assert net >= 0
        assert line_vat >= 0


@given(LINES)
def test_what_is_paid_is_the_price_or_the_price_and_the_vat(lines: Sequence[Line]) -> None:
    for (_, included, price), (net, line_vat) in zip(lines, share_vat(lines), strict=True):
        assert (net + line_vat if included else net) == price


@given(PERCENTS, PRICES)
@example(Decimal(25), 10000)
def test_a_price_says_the_same_with_the_vat_included_and_without(percent: Decimal, price: int) -> None:
    [(net, vat_on_top)] = share_vat([(percent, False, price)])
    assert vat_on_top == int((price * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))
    [(net_again, vat_within)] = share_vat([(percent, True, net + vat_on_top)])
    assert net_again + vat_within == net + vat_on_top
    # The øre that was rounded away comes back as half an øre at most.
    assert abs(vat_within - vat_on_top) <= 1


@given(LINES.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_of_the_lines_changes_no_total(orders: tuple[list[Line], list[Line]]) -> None:
    totals = [[sum(column) for column in zip(*share_vat(lines), strict=True)] for lines in orders]
    assert totals[0] == totals[1]


def test_three_lines_of_a_third_of_an_øre_share_the_one_that_they_owe_together() -> None:
    lines = [(Decimal(25), True, 2), (Decimal(25), True, 2), (Decimal(25), True, 1)]
    assert share_vat(lines) == [(1, 1), (2, 0), (1, 0)]


def test_a_half_is_rounded_up() -> None:
    assert share_vat([(Decimal(25), False, 2)]) == [(2, 1)]
    assert share_vat([(Decimal(25), False, 1)]) == [(1, 0)]


def test_the_rate_is_that_of_the_country_of_delivery_else_of_the_partner() -> None:
    sold = offers(vat_rates=(vat("25"), vat("6", "SE")))
    assert vat_percent(sold, "GOODS", "SE", DAY) == 6
    assert vat_percent(sold, "GOODS", "NO", DAY) == 25
    assert vat_percent(sold, "GOODS", "DK", DAY) == 25


def test_a_rate_counts_from_its_day_on_until_the_next() -> None:
    rates = (vat("24", valid_from=date(2030, 1, 1)), vat("20"), vat("25", valid_from=date(2026, 6, 1)))
    sold = offers(vat_rates=rates)
    found = [
        vat_percent(sold, "GOODS", "NO", day)
        for day in (date(2026, 5, 31), date(2026, 6, 1), date(2029, 12, 31), date(2030, 1, 1))
    ]
    assert found == [20, 25, 25, 24]


def test_what_has_no_kind_or_no_rate_yet_has_no_vat() -> None:
    sold = offers(vat_rates=(vat("25", valid_from=date(2030, 1, 1)),))
    assert vat_percent(sold, None, "NO", DAY) == 0
    assert vat_percent(sold, "GOODS", "NO", DAY) == 0
