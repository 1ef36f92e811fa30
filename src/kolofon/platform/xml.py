"""XML for the older clients: answers and errors out, request bodies in.

A list stands in an element of its own, its entries named in the singular (`<emails><email>`). Reading is guided by
the expected type, since XML alone cannot tell a list of one from a single value.

Where any value may stand, a member whose name cannot name an element is `<member name="…">`, and what is read are
objects, lists where a name is repeated, and texts.
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
# Of the names that an element may have (section 2.3), those without a colon and without rarer letters.
_LETTERS = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"
_NAME = re.compile(f"[{_LETTERS}][{_LETTERS}0-9.-]*")
_OTHER_NAME = "member"
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
    try:
        return _read(element, msgspec.inspect.type_info(expected))
    except RecursionError:
        raise InvalidRequest("the XML is nested too deeply") from None


def _fill(element: Element, value: Any, name: str) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if member is not None:
                _fill(_member(element, key), member, key)
    elif isinstance(value, list):
        for entry in value:
            _fill(_member(element, _singular(name)), entry, _singular(name))
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _writable(str(value))


def _member(element: Element, name: str) -> Element:
    if _NAME.fullmatch(name) is not None:
        return SubElement(element, name)
    return SubElement(element, _OTHER_NAME, {"name": _writable(name)})


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
        return _read_members(element, expected.value_type)
    if isinstance(expected, msgspec.inspect.AnyType) and len(element):
        return _read_members(element, expected)
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


def _read_members(element: Element, expected: msgspec.inspect.Type) -> dict[str, Any]:
    """The members of an object of which only the kind of its values is known."""
    found: dict[str, list[Any]] = {}
    for child in element:
        name = _local(child)
        found.setdefault(child.get("name", name) if name == _OTHER_NAME else name, []).append(_read(child, expected))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


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
    members = {field.encode_name: _without_null(field.type) for field in item.fields}
    children = [_local(child) for child in element]
    if not children or _local(element) in children or not members.keys() >= set(children):
        return False
    # An entry may be named as one of its own members: <phoneNumbers><phoneNumber><phoneNumber>.
    return all(_may_have_elements(members[_local(child)]) for child in element if len(child))


def _may_have_elements(expected: msgspec.inspect.Type) -> bool:
    kinds = (msgspec.inspect.StructType, msgspec.inspect.ListType, msgspec.inspect.DictType, msgspec.inspect.AnyType)
    return isinstance(expected, kinds)


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
