"""Reading a publisher file: text, shape and meaning are all checked before anything else is done with it."""

import re
from pathlib import Path
from typing import Any

import msgspec

from kolofon.catalogue import file_checks, file_client_checks, file_reader_checks
from kolofon.catalogue.file_errors import FieldPath, Problems, PublisherFileError
from kolofon.catalogue.file_yaml import Document, read_yaml
from kolofon.catalogue.publisher import PublisherFile
from kolofon.catalogue.shape_words import shape_problem

_LARGEST = 16 * 1024 * 1024
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class Source(msgspec.Struct, frozen=True):
    """A checked file, with the means to report what turns out to be wrong with it later."""

    publisher: PublisherFile
    problems: Problems


def read_publisher_file(path: Path) -> Source:
    """Read and check a file; raises PublisherFileError with everything that is wrong at the first stage that fails."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise PublisherFileError(f"{path}:1: cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise PublisherFileError(f"{path}:1: expected at most {_LARGEST // 1024 // 1024} MiB")
    document = read_yaml(str(path), content)
    problems = Problems(str(path), document.lines)
    publisher = _shaped(document, problems)
    file_checks.check(publisher, problems)
    file_client_checks.check(publisher, problems)
    file_reader_checks.check(publisher, problems)
    problems.raise_any()
    return Source(publisher, problems)


def _shaped(document: Document, problems: Problems) -> PublisherFile:
    """The file as structs. Every entry is tried by itself, so that one mistake does not hide the next."""
    if isinstance(document.value, dict):
        for field in msgspec.structs.fields(PublisherFile):
            value = document.value.get(field.encode_name)
            entry_types: tuple[Any, ...] = getattr(field.type, "__args__", ())
            if isinstance(value, list) and entry_types:
                for index, entry in enumerate(value):
                    _try(entry, entry_types[0], (field.encode_name, index), problems)
            elif field.encode_name in document.value:
                _try(value, field.type, (field.encode_name,), problems)
        unknown = document.value.keys() - {field.encode_name for field in msgspec.structs.fields(PublisherFile)}
        for name in unknown:
            _try({name: None}, PublisherFile, (), problems)
    problems.raise_any()
    publisher: PublisherFile = _try(document.value, PublisherFile, (), problems)
    problems.raise_any()
    return publisher


def _try(value: Any, expected: Any, at: FieldPath, problems: Problems) -> Any:
    try:
        return msgspec.convert(value, expected, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        inner = tuple(name or int(index) for name, index in _STEP.findall(where.removesuffix("`")))
        problem = shape_problem(message, msgspec.inspect.type_info(expected), value, inner)
        problems.add((*at, *problem.path), problem.message)
        return None
