"""The contract that Kolofon keeps: every operation of the API, from the files beside this one.

A field is written as its path and its kind: `channels[].type: string in SHIELD|NONE required` is the member `type` of
the objects in the list `channels`, a string with two values, which a caller must send. `max 12` is a length, `array of
string` a list of plain values. `source` says how firm an operation is: documented and example are facts, path is one
for the path, inferred is a reading.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml


class Field(msgspec.Struct, frozen=True):
    """One member of a body, or one parameter of a query."""

    path: str
    type: str
    entry_type: str | None
    longest: int | None
    values: frozenset[str]


class Operation(msgspec.Struct, frozen=True):
    """One operation."""

    operation_id: str
    tag: str
    method: str
    path: str
    mode: str
    query: tuple[Field, ...]
    request: tuple[Field, ...]
    answer: tuple[Field, ...]


@cache
def contract() -> dict[str, Operation]:
    """All operations by their id."""
    found: dict[str, Operation] = {}
    for file in sorted((Path(__file__).parent / "contract").glob("*.yaml")):
        for tag, operations in yaml.safe_load(file.read_text("utf-8")).items():
            for operation_id, members in operations.items():
                assert operation_id not in found, operation_id
                found[operation_id] = _operation(operation_id, tag, members)
    return found


def _operation(operation_id: str, tag: str, members: dict[str, Any]) -> Operation:
    method, path = members["call"].split()
    fields = (
        tuple(_field(*entry) for entry in members.get(part, {}).items()) for part in ("query", "request", "answer")
    )
    return Operation(operation_id, tag, method, path, members["mode"], *fields)


def _field(path: str, text: str) -> Field:
    kind, _, rest = text.removesuffix(" required").partition(" in ")
    words = (rest or kind).split()
    longest = int(words[words.index("max") + 1]) if "max" in words else None
    values = frozenset(words[0].split("|")) if rest else frozenset()
    kinds = kind.split()
    entry_type = kinds[kinds.index("of") + 1] if "of" in kinds else None
    return Field(path, kinds[0], entry_type, longest, values)
