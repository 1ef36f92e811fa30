"""Credentials as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.credentials import EXTERNAL_PREFIXES, external_credential, normalised_credential
from kolofon.platform.errors import InvalidRequest


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Kari@Example.NO", ("kari@example.no", "A")),
        (" kari@example.no ", ("kari@example.no", "A")),
        ("kari@bücher.example", ("kari@bücher.example", "A")),
        ("41234567", ("+4741234567", "B")),
        ("+47 412 34 567", ("+4741234567", "B")),
        ("0047 41234567", ("+4741234567", "B")),
        ("+46 70 123 45 67", ("+46701234567", "B")),
        ("AID:Ab:1", ("AID:Ab:1", "D")),
    ],
)
def test_it_is_stored_in_one_form_however_it_is_typed(typed: str, stored: tuple[str, str]) -> None:
    assert normalised_credential(typed) == stored
    assert normalised_credential(stored[0]) == stored


def test_a_number_without_country_is_of_the_region() -> None:
    assert normalised_credential("070-123 45 67", "SE") == ("+46701234567", "B")


@pytest.mark.parametrize(
    "typed", ["", "kari", "kari@", "@example.no", "123", "AID:", "NOBODY:1", "AID:a\0b", "a\0@b.no"]
)
def test_what_is_none_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        normalised_credential(typed)


@given(st.sampled_from(sorted(EXTERNAL_PREFIXES)), st.from_regex("[!-~]{1,40}", fullmatch=True))
def test_an_external_identity_keeps_its_letters_and_its_type(letter: str, external_id: str) -> None:
    stored = external_credential(letter, external_id)
    assert normalised_credential(stored) == (stored, letter)


@given(st.text(max_size=60))
def test_nothing_that_can_be_typed_does_more_than_be_refused(typed: str) -> None:
    try:
        stored, _ = normalised_credential(typed)
    except InvalidRequest:
        return
    assert "\0" not in stored
