"""From a YAML file to structs, for every kind of file that people write; errors name file, line and field."""

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kolofon.catalogue.publisher_file.document import Document, read_yaml
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems, PublisherFileError
from kolofon.catalogue.publisher_file.shape_words import shape_problem

T = TypeVar("T", bound=msgspec.Struct)
_LARGEST = 16 * 1024 * 1024
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def read_document(path: Path) -> Document:
    """Read a file as YAML; raises PublisherFileError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise PublisherFileError(f"{path}:1: cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise PublisherFileError(f"{path}:1: expected at most {_LARGEST // 1024 // 1024} MiB")
    return read_yaml(str(path), content)


def shaped(document: Document, problems: Problems, shape: type[T]) -> T:
    """The file as structs. Every entry is tried by itself, so that one mistake does not hide the next."""
    if isinstance(document.value, dict):
        for field in msgspec.structs.fields(shape):
            value = document.value.get(field.encode_name)
            entry_types: tuple[Any, ...] = getattr(field.type, "__args__", ())
            if isinstance(value, list) and entry_types:
                for index, entry in enumerate(value):
                    _try(entry, entry_types[0], (field.encode_name, index), problems)
            elif field.encode_name in document.value:
                _try(value, field.type, (field.encode_name,), problems)
        unknown = document.value.keys() - {field.encode_name for field in msgspec.structs.fields(shape)}
        for name in unknown:
            _try({name: None}, shape, (), problems)
    problems.raise_any()
    found: T = _try(document.value, shape, (), problems)
    problems.raise_any()
    return found


def _try(value: Any, expected: Any, at: FieldPath, problems: Problems) -> Any:
    try:
        return msgspec.convert(value, expected, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        inner = tuple(name or int(index) for name, index in _STEP.findall(where.removesuffix("`")))
        problem = shape_problem(message, msgspec.inspect.type_info(expected), value, inner)
        problems.add((*at, *problem.path), problem.message)
        return None
