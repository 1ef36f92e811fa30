"""YAML as an author of codes means it: every plain value stays the text that was written, and keeps its line.

YAML 1.1 would read the country NO as false and the code 0123 as 83. Here only an empty value, `~` and `null` mean
something else than their letters; what becomes a number or a truth value is decided by the field's type.
"""

import unicodedata
from typing import Any

import msgspec
import yaml
from yaml.composer import ComposerError

from kolofon.catalogue.publisher_file.errors import FieldPath, Problems, PublisherFileError

_DEEPEST = 20
_TAG = "tag:yaml.org,2002:"


class Document(msgspec.Struct, frozen=True):
    """What a file says (mappings, lists, texts and None) and on which line each part of it begins."""

    value: Any
    lines: dict[FieldPath, int]


class _Loader(yaml.SafeLoader):
    """Composes nodes; nothing is ever constructed from them by YAML's own rules."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML looks here, and copies before it changes it
        first: [(tag, pattern) for tag, pattern in resolvers if tag == f"{_TAG}null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuses what could make a small file endless: aliases, and nesting without end."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise ComposerError(None, None, "anchors and aliases are not read here", mark)
        if self._depth == _DEEPEST:
            raise ComposerError(None, None, f"nested deeper than {_DEEPEST} levels", mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def read_yaml(file: str, content: bytes) -> Document:
    """Read one YAML document; raises PublisherFileError. `file` is the name that errors give."""
    root = _compose(file, _decoded(file, content))
    if root is None:
        raise PublisherFileError(f"{file}:1: the file is empty")
    lines: dict[FieldPath, int] = {}
    problems = Problems(file, lines)
    value = _value(root, (), lines, problems)
    problems.raise_any()
    return Document(value, lines)


def _decoded(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PublisherFileError(f"{file}:{line}: expected text in UTF-8") from None


def _compose(file: str, text: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise PublisherFileError(f"{file}:{line}: not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PublisherFileError(f"{file}:{line}: not valid YAML: a character that YAML does not allow") from None


def _value(node: yaml.Node, path: FieldPath, lines: dict[FieldPath, int], problems: Problems) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, path, problems)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_value(item, (*path, index), lines, problems) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _mapping(node, path, lines, problems)
    problems.add(path, f"expected a value without the tag {node.tag}")
    return None


def _scalar(node: yaml.ScalarNode, path: FieldPath, problems: Problems) -> str | None:
    if node.tag == f"{_TAG}null":
        return None
    text: str = node.value
    if node.tag != f"{_TAG}str":
        problems.add(path, f"expected a value without the tag {node.tag}")
    elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        problems.add(path, "expected text without line breaks and control characters")
    return text


def _mapping(
    node: yaml.MappingNode, path: FieldPath, lines: dict[FieldPath, int], problems: Problems
) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
            # The key cannot be part of a path, so the problem is put on its line by a path of its own.
            lines[(*path, "")] = line
            problems.add((*path, ""), "expected the name of a field")
            continue
        if key in members:
            first = lines[(*path, key)]
            lines[(*path, key)] = line
            problems.add((*path, key), f"expected once, but it is there in line {first} already")
            lines[(*path, key)] = first
            continue
        lines[(*path, key)] = line
        members[key] = _value(value_node, (*path, key), lines, problems)
    return members
