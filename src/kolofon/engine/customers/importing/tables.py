"""Rows as PostgreSQL copies them into its tables: the text form of COPY."""

from collections.abc import Iterable

import msgspec

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


class Lines(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a customer has in each table: lines without partner, customer number and time, which come before."""

    customer: str
    emails: list[str]
    phone_numbers: list[str]
    address: list[str]  # one at most
    references: list[str]
    categories: list[str]
    permissions: list[str]
    purposes: list[str]


NOTHING = Lines("", [], [], [], [], [], [], [])


def line_of(values: Iterable[object]) -> str:
    """Values of a row's columns as a line, without its end. None: no value."""
    texts = [None if value is None else str(value) for value in values]
    together = "".join(filter(None, texts))
    if "\\" in together or not together.isprintable():
        texts = [None if text is None else text.translate(_ESCAPED) for text in texts]
    return "\t".join([_NULL if text is None else text for text in texts])
