"""The types that the parts of a publisher file are made of."""

from typing import Annotated

import msgspec
from msgspec import Meta

# How a pattern is said to people; filled by `words`.
PATTERN_WORDS: dict[str, str] = {}


def words(pattern: str, meaning: str) -> Meta:
    """A pattern that errors describe by its meaning."""
    PATTERN_WORDS[pattern] = meaning
    return Meta(pattern=pattern)


class File(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A mapping in a publisher file: a misspelled member must not be ignored."""


# Codes stand in the paths of URLs.
_CODE = words(r"^[^\s/]+$", "a code without spaces and slashes")

Code = Annotated[str, Meta(min_length=1, max_length=12), _CODE]
PurposeCode = Annotated[str, Meta(min_length=1, max_length=20), _CODE]
RuleCode = Annotated[str, Meta(min_length=1, max_length=64), _CODE]
Name = Annotated[str, Meta(min_length=1, max_length=200), words(r"^\S(.*\S)?$", "text without spaces around it")]
Time = Annotated[
    str,
    words(
        r"^([+-][0-9]{1,5}d|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?)$",
        "a date (2026-01-31), a time (2026-01-31T12:00) or days from the first load (-30d)",
    ),
]
