"""JSON values as XML and back."""

from contextlib import suppress
from typing import Annotated, Any

import msgspec
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.errors import InvalidRequest
from kolofon.platform.schemas import RequestBody
from kolofon.platform.xml import from_xml, to_xml


class Place(RequestBody):
    postal_place: str | None = None
    country_codes: list[str] | None = None


class Line(RequestBody):
    line: str | None = None
    kind: str | None = None


class Person(RequestBody):
    first_name: str | None = None
    age: int | None = None
    active: bool | None = None
    phone_numbers: list[str] | None = None
    addresses: list[Place] | None = None
    home: Place | None = None
    lines: list[Line] | None = None  # whose entries are named as one of their members


# XML cannot say whether a text has blanks around it that count, and has no word for an empty one.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1).filter(
    lambda text: bool(text) and text == text.strip()
)
PLACES = st.builds(
    Place,
    postal_place=st.none() | WORDS,
    country_codes=st.none() | st.lists(WORDS, min_size=1, max_size=3),
).filter(lambda place: place != Place())
PEOPLE = st.builds(
    Person,
    first_name=st.none() | WORDS,
    age=st.none() | st.integers(-(2**53), 2**53),
    active=st.none() | st.booleans(),
    phone_numbers=st.none() | st.lists(WORDS, min_size=1, max_size=3),
    addresses=st.none() | st.lists(PLACES, min_size=1, max_size=3),
    home=st.none() | PLACES,
    lines=st.none() | st.lists(st.builds(Line, line=WORDS, kind=st.none() | WORDS), min_size=1, max_size=3),
)


@given(PEOPLE)
def test_what_is_written_is_read_back_the_same(person: Person) -> None:
    written = to_xml(msgspec.to_builtins(person), "person")
    assert msgspec.convert(from_xml(written, Person), Person, strict=False) == person


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.from_regex("[a-z]{1,8}", fullmatch=True), children)
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_text_an_answer_holds_it_is_well_formed_xml(value: Any) -> None:
    assert fromstring(to_xml(value, "answer")).tag == "answer"


@pytest.mark.parametrize(
    ("value", "root", "expected"),
    [
        (
            {"emails": [{"email": "a"}]},
            "profile",
            "<profile><emails><email><email>a</email></email></emails></profile>",
        ),
        ({"channels": [{"type": "NONE"}]}, "channels", "<channels><channel><type>NONE</type></channel></channels>"),
        ({"accesses": [{"access": True}]}, "r", "<r><accesses><access><access>true</access></access></accesses></r>"),
        ({"companies": ["a"]}, "r", "<r><companies><company>a</company></companies></r>"),
        ({"address": "a", "gone": None}, "r", "<r><address>a</address></r>"),
        ({"name": "<&>"}, "r", "<r><name>&lt;&amp;&gt;</name></r>"),
        ({"name": "a\x00\x0bb\n"}, "r", "<r><name>ab\n</name></r>"),
    ],
)
def test_lists_stand_in_their_name_and_entries_in_its_singular(value: Any, root: str, expected: str) -> None:
    declaration = b"<?xml version='1.0' encoding='utf-8'?>\n"
    assert to_xml(value, root) == declaration + expected.encode()


@pytest.mark.parametrize(
    "body",
    [
        "<p><phoneNumbers><phoneNumber>1</phoneNumber></phoneNumbers></p>",
        "<p><phoneNumbers>1</phoneNumbers></p>",
        "<p><firstName/><phoneNumbers>1</phoneNumbers></p>",
    ],
)
def test_a_list_of_one_is_a_list(body: str) -> None:
    assert from_xml(body.encode(), Person)["phoneNumbers"] == ["1"]


def test_an_entry_may_be_named_as_one_of_its_members() -> None:
    wrapped = "<lines><line><line>4000</line><kind>home</kind></line><line><line>4001</line></line></lines>"
    bare = "<lines><line>4000</line><kind>home</kind></lines><lines><line>4001</line></lines>"
    expected = [{"line": "4000", "kind": "home"}, {"line": "4001"}]
    for body in (wrapped, bare):
        assert from_xml(f"<p>{body}</p>".encode(), Person)["lines"] == expected


def test_a_list_of_objects_may_stand_bare_or_wrapped() -> None:
    one, other = "<postalPlace>Oslo</postalPlace>", "<postalPlace>Bergen</postalPlace>"
    expected = [{"postalPlace": "Oslo"}, {"postalPlace": "Bergen"}]
    wrapped = f"<p><addresses><address>{one}</address><address>{other}</address></addresses></p>"
    bare = f"<p><addresses>{one}</addresses><addresses>{other}</addresses></p>"
    assert from_xml(wrapped.encode(), Person)["addresses"] == expected
    assert from_xml(bare.encode(), Person)["addresses"] == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<a>", b"<a></b>", b"text", b"\xff\xfe", b"<a>&#0;</a>", b"<a>&unknown;</a>", b"<?xml encoding='x'?><a/>"],
)
def test_what_is_not_well_formed_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        from_xml(body, Person)


@given(st.binary(max_size=200))
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    with suppress(InvalidRequest):
        assert isinstance(from_xml(b"<p>" + body + b"</p>", Person), dict)


class Described(msgspec.Struct):
    """Members that say something of themselves, as those of the API do."""

    person: Annotated[Person, msgspec.Meta(description="Who.")]
    people: Annotated[list[Person], msgspec.Meta(description="Others.")] | None = None
    number: Annotated[int, msgspec.Meta(ge=0)] | None = None
    name: str | None = None


def test_a_description_of_a_member_changes_nothing() -> None:
    body = b"<p><person><firstName>A</firstName></person><people><person><firstName>B</firstName></person></people></p>"
    assert from_xml(body, Described) == {"person": {"firstName": "A"}, "people": [{"firstName": "B"}]}


def test_an_empty_element_is_an_empty_text_and_no_number() -> None:
    assert from_xml(b"<p><number/><name/></p>", Described) == {"name": ""}
