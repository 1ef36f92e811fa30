"""What a word of a search can be. A lexeme is a letter and the thing itself; migration 0021 lists the letters."""

import re
from collections.abc import Callable, Iterator

import msgspec
import phonenumbers

from kolofon.engine.customers.searching.criteria import Folded, Run
from kolofon.platform.credentials import PHONE, normalised_credential
from kolofon.platform.errors import InvalidRequest

LONGEST_RUN = 5  # +47 91 23 45 67
_LONGEST_NAME = 3  # van der Berg
BEGINNING = 3  # letters of a word, from which on it may be a beginning
_PHONE_BEGINNING = 5  # digits
_NAMES = "flcsy"
_NUMBERS = "znr"


class Meaning(msgspec.Struct, frozen=True):
    """A lexeme without its partner; `begins`: those that begin so are meant too."""

    lexeme: str
    begins: bool = False


Meanings = dict[Meaning, None]  # one of them has to be there; in order


def words(folded: Folded, letters: str) -> list[Meanings]:
    """For each word what it can be: a word of these kinds, or part of neighbours that were written as one."""
    return _for_each_word(folded, lambda run: _named(run, letters))


def anything(folded: Folded, region: str) -> list[Meanings]:
    """For each word what it can be, of all kinds of things."""
    return _for_each_word(folded, lambda run: _anything(run, region))


def phones(text: str, region: str) -> Meanings:
    """The ways to read a phone number, in whatever way it was written; none of less than five digits.

    Zeros before it do not count: they stand for a country or a trunk line, which is where everybody's number begins.
    """
    digits = re.sub("[^0-9]", "", text)
    bare = digits.lstrip("0")
    if len(bare) < _PHONE_BEGINNING:
        return {}
    code = str(phonenumbers.country_code_for_region(region))
    readings = [_parsed(text, region), _parsed(f"+{digits}", region), code + bare, bare]
    return {Meaning(f"p:{reading}", begins=True): None for reading in readings if reading}


def email(text: str) -> Meanings:
    """An e-mail address or its beginning."""
    return {Meaning(f"e:{text.lower()}", begins=len(text) >= BEGINNING): None}


def _for_each_word(folded: Folded, meanings_of: Callable[[Run], Iterator[Meaning]]) -> list[Meanings]:
    found: list[Meanings] = [{} for _ in folded.words]
    for run in folded.runs:
        meanings = dict.fromkeys(meanings_of(run))
        for place in range(run.first, run.last + 1):
            found[place] |= meanings
    return found


def _named(run: Run, letters: str) -> Iterator[Meaning]:
    if run.last - run.first < _LONGEST_NAME:
        # As typed: of Joe is kept jo, which is still less than all of A.
        begins = len(run.word) >= BEGINNING and len(run.lexeme) > 1 and not _is_number(run)
        yield from (Meaning(f"{letter}:{run.lexeme}", begins) for letter in letters)
    if "s" in letters and run.word[0].isdigit():
        yield Meaning(f"h:{run.word}")


def _anything(run: Run, region: str) -> Iterator[Meaning]:
    yield from _named(run, _NAMES)
    yield Meaning(f"i:{run.word}")
    if _is_number(run):
        yield from (Meaning(f"{letter}:{run.word}") for letter in _NUMBERS)
        yield from phones(run.word, region)


def _is_number(run: Run) -> bool:
    return run.word.isascii() and run.word.isdigit()


def _parsed(text: str, region: str) -> str | None:
    try:
        stored, kind = normalised_credential(text, region)
    except InvalidRequest:
        return None
    return stored.removeprefix("+") if kind == PHONE else None
