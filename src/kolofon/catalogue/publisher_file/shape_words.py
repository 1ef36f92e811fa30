"""What msgspec found wrong with a shape, in the words of a publisher file."""

import re
from typing import Any

import msgspec
from msgspec.inspect import LiteralType, NoneType, StructType, Type, UnionType, VarTupleType

from kolofon.catalogue.publisher_file.errors import FieldPath
from kolofon.catalogue.publisher_file.types import PATTERN_WORDS

_KINDS = {
    "str": "text",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "list": "a list",
    "object": "a mapping",
    "dict": "a mapping",
    "null": "nothing",
    "NoneType": "nothing",
}
_LENGTHS = {"str": "characters", "array": "entries"}
_BOUNDS = {">=": "at least", "<=": "at most"}


class ShapeProblem(msgspec.Struct, frozen=True):
    """Where in the value the problem is, and what was expected."""

    path: FieldPath
    message: str


def shape_problem(message: str, expected: Type, value: Any, path: FieldPath) -> ShapeProblem:
    """Put one message of msgspec into words. `path` leads from the value to the place that the message is about."""
    for step in path:
        expected, value = _step(expected, value, step)
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        return ShapeProblem((*path, match[1]), f"unknown field; expected one of {', '.join(_members(expected, value))}")
    if match := re.fullmatch(r"Object missing required field `(.*)`", message):
        return ShapeProblem((*path, match[1]), "expected, but it is missing")
    if message.startswith(("Invalid enum value", "Invalid value")):
        return ShapeProblem(path, f"expected one of {', '.join(_choices(expected))}, got {_shown(value)}")
    return ShapeProblem(path, _in_words(message, value))


def _in_words(message: str, value: Any) -> str:
    if match := re.fullmatch(r"Expected `(\w+)` matching regex '(.*)'", message):
        # msgspec shows the pattern as Python would write it.
        pattern = match[2].replace("\\\\", "\\")
        return f"expected {PATTERN_WORDS.get(pattern, pattern)}, got {_shown(value)}"
    if match := re.fullmatch(r"Expected `(\w+)` of length (>=|<=) (\d+)", message):
        return f"expected {_BOUNDS[match[2]]} {match[3]} {_LENGTHS[match[1]]}, got {len(value)}"
    if match := re.fullmatch(r"Expected `int` (>=|<=) (\d+)", message):
        return f"expected {_BOUNDS[match[1]]} {match[2]}, got {_shown(value)}"
    if message == "Invalid RFC3339 encoded date":
        return f"expected a date, such as 2026-01-31, got {_shown(value)}"
    if match := re.fullmatch(r"Expected `(.+)`, got `(\w+)`", message):
        kinds = [_KINDS.get(kind, kind) for kind in match[1].split(" | ") if kind != "null"]
        return f"expected {' or '.join(kinds)}, got {_shown(value)}"
    return message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:60]}…")
    return _KINDS[type(value).__name__]


def _step(expected: Type, value: Any, step: str | int) -> tuple[Type, Any]:
    expected = _without_null(expected)
    if isinstance(step, int):
        return (expected.item_type if isinstance(expected, VarTupleType) else expected), value[step]
    for struct in _structs(expected, value):
        for field in struct.fields:
            if field.encode_name == step:
                return field.type, value.get(step)
    return expected, value.get(step)


def _structs(expected: Type, value: Any) -> list[StructType]:
    """The structs that may be meant; of several with tags the one whose tag the value has."""
    expected = _without_null(expected)
    all_types = expected.types if isinstance(expected, UnionType) else (expected,)
    structs = [each for each in all_types if isinstance(each, StructType)]
    meant = [each for each in structs if each.tag_field and value.get(each.tag_field) == each.tag]
    return meant or structs


def _members(expected: Type, value: Any) -> list[str]:
    names: list[str] = []
    for struct in _structs(expected, value):
        names += [struct.tag_field] if struct.tag_field else []
        names += [field.encode_name for field in struct.fields]
    return list(dict.fromkeys(names))


def _choices(expected: Type) -> list[str]:
    expected = _without_null(expected)
    if isinstance(expected, LiteralType):
        return [str(value) for value in expected.values]
    all_types = expected.types if isinstance(expected, UnionType) else ()
    # The place of a wrong tag is the tag's own field, whose type _step does not find: the union is still at hand.
    return [str(each.tag) for each in all_types if isinstance(each, StructType)]


def _without_null(expected: Type) -> Type:
    if isinstance(expected, UnionType):
        others = [each for each in expected.types if not isinstance(each, NoneType)]
        return others[0] if len(others) == 1 else expected
    return expected
