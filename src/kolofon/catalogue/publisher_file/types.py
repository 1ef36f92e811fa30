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
LongCode = Annotated[str, Meta(min_length=1, max_length=40), _CODE]
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
# Of what every load brings to what the file says: days from the first load would be other ones at the next.
Moment = Annotated[
    str,
    words(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?$",
        "a date (2026-01-31) or a time (2026-01-31T12:00)",
    ),
]
Country = Annotated[str, words(r"^[A-Z]{2}$", "two capital letters, such as NO")]
Amount = Annotated[str, words(r"^[0-9]{1,10}(\.[0-9]{1,4})?$", "an amount, such as 299 or 299.50")]
Percent = Annotated[
    str, words(r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$", "per cent, from 0 to 100, such as 25 or 2.5")
]
PeriodText = Annotated[
    str, words(r"^[1-9][0-9]{0,3} (day|week|month|year)s?$", "a period, such as 14 days, 3 months or 1 year")
]
