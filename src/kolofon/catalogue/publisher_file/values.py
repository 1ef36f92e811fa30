"""What the texts of a publisher file mean: amounts, per cents, periods, postal codes."""

from decimal import Decimal
from typing import Any

from kolofon.catalogue.offers import Period
from kolofon.platform import money

_LONGEST = 3660


def minor_units(text: str, currency: str) -> int:
    """An amount in minor units; raises ValueError in words for the file's author."""
    return money.minor_units(Decimal(text), currency)


def period(text: str) -> Period:
    """The period meant by `14 days` or `1 month`; raises ValueError in words for the file's author."""
    length, _, name = text.partition(" ")
    kind: Any = name.removesuffix("s") + "s"
    if int(length) > _LONGEST:
        raise ValueError(f"expected at most {_LONGEST} {kind}, got {text!r}")
    return Period(int(length), kind)


def bare_postal_code(text: str) -> str:
    """A postal code without the space and dash that people write into it."""
    return text.replace(" ", "").replace("-", "")
