"""Money: whole minor units (øre, cent) inside, decimals at the API's edge."""

import math
from decimal import Decimal

# ISO 4217 gives nearly every currency two decimals.
_DECIMALS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
LARGEST_MINOR = 10**12
# What a float's arithmetic leaves behind (0.1 + 0.2) is smaller than this part of a minor unit.
_NOISE = Decimal("0.0001")


def decimals(currency: str) -> int:
    """How many decimals a currency has."""
    return _DECIMALS.get(currency, 2)


def minor_units(amount: float | Decimal, currency: str) -> int:
    """An amount from the wire in minor units.

    Raises ValueError, in words for the caller, when it is negative, no number, above 10^12 minor units, or has more
    decimals than the currency.
    """
    if not math.isfinite(amount) or amount < 0:
        raise ValueError("expected an amount of 0 or more")
    exact = Decimal(str(amount)) if isinstance(amount, float) else Decimal(amount)
    if exact > LARGEST_MINOR:  # before it is scaled, which for huge numbers is not exact
        raise ValueError("the amount is too large")
    scaled = exact.scaleb(decimals(currency))
    minor = round(scaled)
    if scaled != minor and not (isinstance(amount, float) and abs(scaled - minor) < _NOISE):
        raise ValueError(f"expected at most {decimals(currency)} decimals in {currency}")
    if minor > LARGEST_MINOR:
        raise ValueError("the amount is too large")
    return minor


def amount(minor: int, currency: str) -> float:
    """An amount in minor units as the wire has it."""
    return float(minor / 10 ** decimals(currency))
