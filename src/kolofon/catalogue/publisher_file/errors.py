"""What can be wrong with a publisher file, said with file, line and field."""

from collections.abc import Mapping
from typing import TypeAlias

from kolofon.failures import Failure

FieldPath: TypeAlias = tuple[str | int, ...]


class PublisherFileError(Failure):
    """A publisher file cannot be used. Each line of the message is one problem: `FILE:LINE: field.path: problem`."""


class Problems:
    """Collects what is wrong with one file, so that its author sees all of it at once."""

    def __init__(self, file: str, lines: Mapping[FieldPath, int]) -> None:
        self._file = file
        self._lines = lines
        self._found: dict[tuple[int, str], None] = {}

    def add(self, path: FieldPath, message: str) -> None:
        """Note what is wrong with a field; one that is not there is reported where it is missing."""
        text = f"{path_text(path)}: {message}" if path else message
        self._found[self.line(path), text] = None

    def line(self, path: FieldPath) -> int:
        """The line, from 1, of a field or of the nearest thing around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def raise_any(self) -> None:
        """Raise PublisherFileError with everything found so far, in the order of the lines."""
        if self._found:
            raise PublisherFileError("\n".join(f"{self._file}:{line}: {text}" for line, text in sorted(self._found)))


def path_text(path: FieldPath) -> str:
    """A path as people write it: `clients[0].redirectUris[1]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")
