"""XML for the older clients: answers and errors out, request bodies in.

A list stands in an element of its own, its entries named in the singular (`<emails><email>`). Reading is guided by
the expected type, since XML alone cannot tell a list of one from a single value.
"""

import re
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from kolofon.platform.errors import InvalidRequest

_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_SINGULAR = (("sses", "ss"), ("ies", "y"), ("s", ""))


def to_xml(value: Any, root: str) -> bytes:
    """Write JSON values as XML. An object whose only member has the root's name is that root itself."""
    if isinstance(value, dict) and list(value) == [root]:
        value = value[root]
    element = Element(root)
    _fill(element, value, root)
    written: bytes = tostring(element, encoding="utf-8", xml_declaration=True)
    return written


def from_xml(body: bytes, expected: Any) -> Any:
    """Read XML into JSON values of the shape of `expected` (a msgspec type); raises InvalidRequest."""
    try:
        element = fromstring(body, forbid_dtd=True)
    except ParseError as error:
        raise InvalidRequest(f"the body is not well-formed XML: {error}") from None
    except DefusedXmlException:
        raise InvalidRequest("the XML has a document type or entities, which are not read here") from None
    return _read(element, msgspec.inspect.type_info(expected))


def _fill(element: Element, value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if member is not None:
                _fill(SubElement(element, key), member, key)
    elif isinstance(value, list):
        for entry in value:
            _fill(SubElement(element, _singular(name)), entry, _singular(name))
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _writable(str(value))


def _writable(text: str) -> str:
    """XML 1.0 has no way to write most control characters, nor halves of pairs (section 2.2)."""
    return _NOT_XML.sub("", text)


def _singular(name: str) -> str:
    for ending, replacement in _SINGULAR:
        if name.endswith(ending) and name != ending and not (ending == "s" and name.endswith("ss")):
            return name[: -len(ending)] + replacement
    return name


def _read(element: Element, expected: msgspec.inspect.Type) -> Any:
    expected = _without_null(expected)
    if isinstance(expected, msgspec.inspect.StructType):
        return _read_struct(element, expected)
    if isinstance(expected, msgspec.inspect.ListType):
        return [_read(entry, expected.item_type) for entry in element]
    if isinstance(expected, msgspec.inspect.DictType):
        return {_local(child): _read(child, expected.value_type) for child in element}
    return (element.text or "").strip()


def _read_struct(element: Element, expected: msgspec.inspect.StructType) -> dict[str, Any]:
    types = {field.encode_name: field.type for field in expected.fields}
    found: dict[str, Any] = {}
    for child in element:
        name = _local(child)
        if name not in types or _says_nothing(child, types[name]):
            continue
        if _is_bare_list(child, types[name]):
            # Lists without an element around them, the entries repeated: <channel/><channel/>.
            found.setdefault(name, []).append(_read(child, _item_type(types[name])))
        else:
            found[name] = _read(child, types[name])
    return found


def _says_nothing(element: Element, expected: msgspec.inspect.Type) -> bool:
    """Whether it stands for a number, a choice or the like that was not filled in: <floor/>."""
    empty = len(element) == 0 and not (element.text or "").strip()
    kinds = (msgspec.inspect.StrType, msgspec.inspect.StructType, msgspec.inspect.ListType, msgspec.inspect.DictType)
    return empty and not isinstance(_without_null(expected), kinds)


def _is_bare_list(element: Element, expected: msgspec.inspect.Type) -> bool:
    expected = _without_null(expected)
    if not isinstance(expected, msgspec.inspect.ListType):
        return False
    item = _without_null(expected.item_type)
    if not isinstance(item, msgspec.inspect.StructType):
        return len(element) == 0 and bool((element.text or "").strip())
    names = {field.encode_name for field in item.fields}
    children = [_local(child) for child in element]
    return bool(children) and _local(element) not in children and names.issuperset(children)


def _item_type(expected: msgspec.inspect.Type) -> msgspec.inspect.Type:
    expected = _without_null(expected)
    return expected.item_type if isinstance(expected, msgspec.inspect.ListType) else expected


def _without_null(expected: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """The type itself, without what is said about it and without its null."""
    if isinstance(expected, msgspec.inspect.Metadata):
        return _without_null(expected.type)
    if isinstance(expected, msgspec.inspect.UnionType):
        others = [t for t in expected.types if not isinstance(t, (msgspec.inspect.NoneType, msgspec.UnsetType))]
        return _without_null(_first(others))
    return expected


def _first(types: Iterable[msgspec.inspect.Type]) -> msgspec.inspect.Type:
    return next(iter(types))


def _local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
