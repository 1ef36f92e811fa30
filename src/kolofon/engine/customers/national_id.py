"""National identity numbers: whether one can be right, by its control digits; and sealed, as they are kept."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from kolofon.platform.problems import Problems
from kolofon.platform.sealing import SealBroken, seal, unseal

KEY_PURPOSE = "national identity numbers"

_NORWEGIAN = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
_SWEDISH = re.compile(r"(?:[0-9]{2})?([0-9]{6})[-+]?([0-9]{4})")
_OTHER = re.compile(r"[0-9A-Za-z][0-9A-Za-z+-]{4,19}")
_CHECKED = ("NO", "SE")


def checked_national_id(told: str | None, country_code: str, field: str, problems: Problems) -> str | None:
    """A number without its spaces, None for none. One that cannot be right is added to the problems, but not told:
    messages end up in logs of callers, reports are sent around.
    """
    number = (told or "").replace(" ", "")
    if number and not is_national_id(number, country_code):
        problems.add(field, "expected a national identity number with its control digits")
    return number or None


def seal_national_id(number: str, key: bytes) -> str:
    """A number as it is kept: who has not the key (of KEY_PURPOSE) cannot read it. Another text each time."""
    return urlsafe_b64encode(seal(key, number.encode())).decode()


def unseal_national_id(sealed: str, key: bytes) -> str | None:
    """The number; None: it was sealed with another key."""
    try:
        return unseal(key, urlsafe_b64decode(sealed)).decode()
    except (SealBroken, ValueError):
        return None


def is_national_id(number: str, country_code: str) -> bool:
    """Whether it is Norwegian or Swedish by its control digits, or looks like one of another country."""
    if _is_norwegian(number) or _is_swedish(number):
        return True
    return country_code not in _CHECKED and _OTHER.fullmatch(number) is not None


def _is_norwegian(number: str) -> bool:
    """Fødselsnummer and D-nummer: eleven digits, the last two of which control the others."""
    if len(number) != 11 or not number.isascii() or not number.isdecimal():
        return False
    digits = [int(digit) for digit in number]
    return all(sum(w * d for w, d in zip(weights, digits, strict=False)) % 11 == 0 for weights in _NORWEGIAN)


def _is_swedish(number: str) -> bool:
    """Personnummer and samordningsnummer: ten digits or twelve, the last of which controls nine (Luhn)."""
    found = _SWEDISH.fullmatch(number)
    if found is None:
        return False
    digits = [int(digit) for digit in found[1] + found[2]]
    doubled = [digit * 2 if index % 2 == 0 else digit for index, digit in enumerate(digits)]
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0
