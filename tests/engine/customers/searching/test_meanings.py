"""What a word of a search can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.engine.customers.searching.meanings import phones


@given(st.text("0123456789 +-", max_size=40), st.sampled_from(["NO", "SE", "DK", "FI"]))
def test_no_reading_of_a_phone_number_is_the_beginning_of_very_many(text: str, region: str) -> None:
    """A country's code alone begins all of its numbers: it would be a search through everybody."""
    for meaning in phones(text, region):
        assert len(meaning.lexeme.removeprefix("p:")) >= 5


@pytest.mark.parametrize("text", ["00000", "00 00 00", "00004", "0047 1", "00047", "+0000000"])
def test_zeros_are_no_digits_of_a_phone_number(text: str) -> None:
    assert phones(text, "NO") == phones(text, "SE") == {}
