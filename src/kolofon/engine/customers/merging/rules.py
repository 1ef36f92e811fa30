"""What a customer takes over of one that is merged into it, where both have something to say. Pure functions.

Nothing that is there is overwritten, and nobody permits more afterwards than both did before.
"""

from collections.abc import Mapping, Set
from typing import Any

from kolofon.engine.customers.contacts import NO_NAME

# A part of a name is taken over when the other parts do not contradict: two names are not mixed.
PERSON = ("first_name", "middle_name", "last_name")
COMPANY = ("company_name", "company_registration_number", "department", "department_name")
ALONE = ("sealed_national_id", "birth_date", "sex", "invoice_email")

PurposeKey = tuple[str, str, str]  # enterprise, order type, purpose
ChannelKey = tuple[str, str, str]  # enterprise, order type, channel
SHIELD = "SHIELD"


def taken_columns(into: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are empty with who stays, as the other one fills them."""
    taken: dict[str, Any] = {}
    for group in (PERSON, COMPANY, *((name,) for name in ALONE)):
        if not any(_differ(into[name], merged[name]) for name in group):
            taken |= {name: merged[name] for name in group if not _known(into[name]) and _known(merged[name])}
    return taken


def left_columns(into: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The columns whose value is let go, since who stays has another one."""
    taken = taken_columns(into, merged)
    return {
        name: merged[name]
        for name in (*PERSON, *COMPANY, *ALONE)
        if _known(merged[name]) and merged[name] != into[name] and name not in taken
    }


def kept_purposes(
    into: Set[PurposeKey], merged: Set[PurposeKey], *, into_spoke: bool, merged_spoke: bool
) -> set[PurposeKey]:
    """What is permitted after the merge. A withdrawal leaves no row, so what one of the two does not permit has ended.

    But who has never said anything about it has withdrawn nothing.
    """
    if into_spoke and merged_spoke:
        return set(into & merged)
    return set(into | merged)


def kept_permissions(
    into: Mapping[ChannelKey, str], merged: Mapping[ChannelKey, str], *, into_spoke: bool, merged_spoke: bool
) -> dict[ChannelKey, str]:
    """Permissions and shields after the merge: every shield of both, and the permissions as with purposes."""
    kept: dict[ChannelKey, str] = {}
    for key in into.keys() | merged.keys():
        states = {into.get(key), merged.get(key)}
        if SHIELD in states:
            kept[key] = SHIELD
        elif None not in states or not (into_spoke and merged_spoke):
            kept[key] = "PERMISSION"
    return kept


def _known(value: Any) -> bool:
    """Whether a column says something; a customer without a name is called by a dash."""
    return value is not None and value != NO_NAME


def _differ(one: Any, other: Any) -> bool:
    return _known(one) and _known(other) and one != other
