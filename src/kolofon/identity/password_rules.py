"""What a new password has to be. Length is what helps (NIST SP 800-63B); kinds of characters are not asked for."""

from enum import Enum
from functools import cache
from importlib.resources import files

from kolofon.identity.sessions import LONGEST_PASSWORD

SHORTEST_PASSWORD = 10
_FEWEST_DIFFERENT = 4


class Weakness(Enum):
    """What is wrong with a password."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"


def weakness(password: str, credential: str) -> Weakness | None:
    """What is wrong with a new password of a credential's user; None when it can be used."""
    if len(password) < SHORTEST_PASSWORD:
        return Weakness.SHORT
    if len(password) > LONGEST_PASSWORD:
        return Weakness.LONG
    folded = password.strip().casefold()
    is_simple = len(set(folded)) < _FEWEST_DIFFERENT
    if is_simple or folded in _common_passwords() or folded in _forms_of(credential):
        return Weakness.COMMON
    return None


def _forms_of(credential: str) -> set[str]:
    local_part = credential.partition("@")[0]
    return {form.casefold() for form in (credential, local_part, credential.lstrip("+"))}


@cache
def _common_passwords() -> frozenset[str]:
    lines = (files("kolofon.identity") / "common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
