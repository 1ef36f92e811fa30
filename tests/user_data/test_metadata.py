"""Metadata: a JSON object of a client's own making for each customer."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.platform.database import Connection
from kolofon.user_data.metadata.service import DEEPEST, MOST_BYTES
from tests.browser_session import Server, bearer
from tests.playground import OTHER, OTHER_SECRET, Playground, Reader
from tests.privacy.customer import audit_rows
from tests.waiting import until_waiting

SHOP, SHOP_SECRET = "no.example.shop", "shop-secret-that-is-long-enough-for-tests"
# Values that JSON can say and that floats or columns of jsonb would change or refuse.
HARD = (
    '{"big":123456789012345678901234567890,"exact":1.10,"tiny":1e-400,"zero":-0,"a":1,"a":2,"":null,'
    '"æ \\\\u0000":"\\ud83d\\ude00\\u001f<&>]]>","nested":[[{},[]],[1,"2",true,null]]}'
)


class Notes:
    """The metadata of customer 1001 as one token sees it, in user mode or in client mode."""

    def __init__(self, server: Server, token: str, path: str) -> None:
        self._server = server
        self._token = token
        self._path = path

    async def call(self, method: str, content: str | bytes | None = None, **headers: str) -> httpx.Response:
        url = f"/capi/v1{self._path}"
        headers = bearer(self._token) | ({"Content-Type": "application/json"} if content is not None else {}) | headers
        return await self._server.http.request(method, url, content=content, headers=headers)

    async def text(self, method: str, content: str | bytes | None = None) -> str:
        answer = await self.call(method, content)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.text

    async def change(self, value: Any) -> None:
        assert json.loads(await self.text("POST", json.dumps(value))) == value

    async def stored(self) -> Any:
        return json.loads(await self.text("GET"))

    async def remove(self) -> Any:
        return json.loads(await self.text("DELETE"))

    async def refusal(self, content: str | bytes) -> str:
        answer = await self.call("POST", content)
        assert answer.status_code == 400, (content[:80], answer.text)
        return str(answer.json()["errorMessage"])


async def of_user(server: Server, reader: Reader) -> Notes:
    return Notes(server, await server.user_token(reader.credential), "/customer/metadata")


async def of_client(server: Server, customer_number: object = 1001, *client: str) -> Notes:
    return Notes(server, await server.client_token(*client), f"/client/metadata/{customer_number}")


@pytest.fixture(params=["user", "client"])
async def notes(server: Server, reader: Reader, request: pytest.FixtureRequest) -> Notes:
    return await (of_user(server, reader) if request.param == "user" else of_client(server))


async def test_the_object_of_the_reference_s_example_is_stored_listed_and_removed(notes: Notes) -> None:
    assert await notes.stored() == {}
    assert await notes.remove() == {}
    await notes.change({"foo": "bar"})
    assert await notes.stored() == {"foo": "bar"}
    assert await notes.remove() == {"foo": "bar"}
    assert await notes.stored() == {}
    assert await notes.remove() == {}


async def test_it_is_replaced_whole(notes: Notes) -> None:
    await notes.change({"foo": "bar", "deep": {"a": 1, "b": 2}})
    await notes.change({"deep": {"b": 3}})
    assert await notes.stored() == {"deep": {"b": 3}}
    await notes.change({})
    assert await notes.stored() == {}
    assert await notes.remove() == {}


async def test_both_modes_of_a_client_see_the_same_object(server: Server, reader: Reader) -> None:
    user, client = await of_user(server, reader), await of_client(server)
    await user.change({"by": "user"})
    assert await client.stored() == {"by": "user"}
    await client.change({"by": "client"})
    assert await user.stored() == {"by": "client"}
    assert await client.remove() == {"by": "client"}
    assert await user.stored() == {}


async def test_clients_customers_and_partners_do_not_see_each_other_s(
    server: Server, playground: Playground, reader: Reader
) -> None:
    await playground.add_client(SHOP, 1, SHOP_SECRET, ["https://shop.example.no/callback"])
    await playground.add_reader("ola@example.no", 1002)
    await playground.add_reader("astrid@annan.se", 1001, partner_id=2)
    all_notes = {
        "web": await of_client(server),
        "shop": await of_client(server, 1001, SHOP, SHOP_SECRET),
        "ola": await of_client(server, 1002),
        "annan": await of_client(server, 1001, OTHER, OTHER_SECRET),
    }
    for name, notes in all_notes.items():
        assert await notes.stored() == {}
        await notes.change({"of": name})
    for name, notes in all_notes.items():
        assert await notes.stored() == {"of": name}
    assert await all_notes["shop"].remove() == {"of": "shop"}
    assert [await notes.stored() for notes in all_notes.values()] == [
        {"of": "web"},
        {},
        {"of": "ola"},
        {"of": "annan"},
    ]


async def test_what_cannot_be_a_float_or_a_column_is_given_back_to_the_last_digit(notes: Notes) -> None:
    spread = HARD.replace(",", " ,\n\t").replace(":", " : ")
    assert await notes.text("POST", spread) == HARD
    assert await notes.text("GET") == HARD
    assert await notes.text("DELETE") == HARD


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is missing"),
        ("null", "expected `object`"),
        ("[]", "expected `object`"),
        ('[{"foo": "bar"}]', "expected `object`"),
        ('"foo"', "expected `object`"),
        ("7", "expected `object`"),
        ("true", "expected `object`"),
        ("{", "the body is not valid JSON"),
        ('{"foo": NaN}', "the body is not valid JSON"),
        ('{"foo": 1e400}', "the body is not valid JSON"),
        ('{"foo": "\\ud800"}', "the body is not valid JSON"),
        ('{"\\udc00x": 1}', "the body is not valid JSON"),
        ('{"foo": "\\u0000"}', "the body holds a NUL character"),
        ('{"\\\\\\u0000": 1}', "the body holds a NUL character"),
        (b'{"foo": "\xff"}', "the body is not valid JSON"),
        (b'\xef\xbb\xbf{"foo": 1}', "the body is not valid JSON"),
        ('{"foo":' * 5000, "the body is not valid JSON"),
        ('{"foo":' * 20 + "{}" + "}" * 20, f"expected {DEEPEST} objects and arrays in each other"),
        ('{"foo":' + "[" * 20 + "]" * 20 + "}", f"expected {DEEPEST} objects and arrays in each other"),
    ],
)
async def test_anything_but_an_object_that_can_be_kept_is_refused(
    notes: Notes, body: str | bytes, message: str
) -> None:
    await notes.change({"kept": True})
    assert message.replace("`", "") in (await notes.refusal(body)).replace("`", "")
    assert await notes.stored() == {"kept": True}


async def test_twenty_levels_are_not_too_deep(notes: Notes) -> None:
    await notes.change(json.loads('{"foo":' + "[" * 19 + "]" * 19 + "}"))


async def test_64_kib_are_not_too_much_however_many_blanks_there_are_and_a_byte_more_is(notes: Notes) -> None:
    frame = len('{"":"æ"}'.encode())
    largest = f'{{"":"{"x" * (MOST_BYTES - frame)}æ"}}'
    assert await notes.text("POST", largest) == largest
    answer = await notes.call("POST", " " * 1000 + largest)
    assert answer.status_code == 200
    message = await notes.refusal(largest.replace('"":', '"k":', 1))
    assert message == f"the metadata has {MOST_BYTES + 1} bytes: expected {MOST_BYTES} at most, without blanks"
    assert await notes.stored() == json.loads(largest)
    key = "k" * (MOST_BYTES - 6)
    assert await notes.text("POST", f'{{"{key}":1}}') == f'{{"{key}":1}}'
    assert (await notes.call("POST", " " * (1024 * 1024) + "{}")).status_code == 413


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=st.dictionaries(texts, values, max_size=5), escaped=st.booleans())
async def test_any_object_is_given_back_as_it_was_sent(
    server: Server, reader: Reader, value: dict[str, Any], escaped: bool
) -> None:
    notes = await of_client(server)
    answer = await notes.call("POST", json.dumps(value, ensure_ascii=escaped).encode())
    assert (answer.status_code, answer.json()) == (200, value)
    assert await notes.stored() == value


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=st.dictionaries(texts, values, max_size=5))
async def test_any_object_can_be_read_as_xml(server: Server, reader: Reader, value: dict[str, Any]) -> None:
    notes = await of_client(server)
    await notes.change(value)
    answer = await notes.call("GET", Accept="application/xml")
    assert answer.status_code == 200
    element = fromstring(answer.text)
    assert element.tag == "customerMetadata"
    assert len(element) == sum(member is not None for member in value.values())


async def test_xml_writes_members_by_name_and_names_that_are_none_as_attributes(notes: Notes) -> None:
    await notes.change({"foo": "bar", "to be": [1, {"<x": None, "y": True}], "1st": {"member": "m"}, "{x}": "&"})
    xml = (await notes.call("GET", Accept="application/xml")).text
    inside = xml.partition("<customerMetadata>")[2].partition("</customerMetadata>")[0]
    assert inside == (
        '<foo>bar</foo><member name="to be"><member name="to be">1</member><member name="to be"><y>true</y></member>'
        '</member><member name="1st"><member>m</member></member><member name="{x}">&amp;</member>'
    )


async def test_a_body_in_xml_is_read_as_objects_lists_and_texts(notes: Notes) -> None:
    body = (
        '<m><foo>bar</foo><member name="to be">or not</member><deep><a>1</a><a>2</a><b/></deep>'
        '<member name="member">m</member></m>'
    )
    answer = await notes.call("POST", body, **{"Content-Type": "application/xml"})
    assert answer.status_code == 200, answer.text
    expected = {"foo": "bar", "to be": "or not", "deep": {"a": ["1", "2"], "b": ""}, "member": "m"}
    assert answer.json() == expected
    assert await notes.stored() == expected


async def test_xml_that_is_nested_too_deeply_is_refused(notes: Notes) -> None:
    for depth in (21, 1000, 50_000):
        body = "<a>" * depth + "<b>x</b>" + "</a>" * depth
        answer = await notes.call("POST", body, **{"Content-Type": "application/xml"})
        assert answer.status_code == 400
        assert "nested too deeply" in answer.text
    assert await notes.stored() == {}


async def test_who_is_no_customer_has_none(server: Server, playground: Playground) -> None:
    stranger = await playground.add_reader("stranger@example.no")
    for notes in (await of_user(server, stranger), await of_client(server, 4711)):
        for method, content in (("GET", None), ("POST", "{}"), ("DELETE", None)):
            answer = await notes.call(method, content)
            assert (answer.status_code, answer.json()["exceptionType"]) == (404, "NotFoundException")
    for number in ("0", "-1", "9007199254740992", "x"):
        answer = await (await of_client(server, number)).call("GET")
        assert answer.status_code in {400, 404}


async def test_the_audit_log_tells_who_changed_it_and_how_much_it_was_but_not_what(
    server: Server, reader: Reader, connection: Connection
) -> None:
    user, client = await of_user(server, reader), await of_client(server)
    await user.change({"foo": "secret"})
    await user.change({"foo": "secret"})
    await client.change({"foo": "four"})
    await user.remove()
    await client.remove()
    rows = await audit_rows(connection)
    assert [(row["action"], row["actor"], row["before"], row["after"]) for row in rows] == [
        ("changeMetadata", f"user:{reader.unique_id.hex}", None, {"bytes": 16}),
        ("changeMetadataClient", "client:no.example.web", {"bytes": 16}, {"bytes": 14}),
        ("removeMetadata", f"user:{reader.unique_id.hex}", {"bytes": 14}, None),
    ]
    assert {row["subject"] for row in rows} == {"customer:1001"}
    assert "secret" not in str(rows)


async def test_changes_at_the_same_moment_each_see_the_one_before(
    server: Server, reader: Reader, connection: Connection
) -> None:
    user, client = await of_user(server, reader), await of_client(server)
    wanted = [{"n": "x" * number} for number in range(20)]
    await asyncio.gather(*((user, client)[index % 2].change(value) for index, value in enumerate(wanted)))
    rows = await audit_rows(connection)
    assert len(rows) == 20
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]
    assert rows[-1]["after"] == {"bytes": len(await user.text("GET"))}


async def test_a_change_waits_for_who_holds_the_customer(
    server: Server, playground: Playground, reader: Reader
) -> None:
    client = await of_client(server)
    holding = playground.connection.transaction()
    await holding.start()
    await playground.connection.execute("select from customer where customer_number = 1001 for no key update")
    change = asyncio.create_task(client.change({"foo": "bar"}))
    await until_waiting(playground.connection)
    assert not change.done()
    await holding.commit()
    await change


async def test_a_change_can_be_repeated(server: Server, reader: Reader) -> None:
    client = await of_client(server)
    for _ in range(2):
        answer = await client.call("POST", HARD, **{"Idempotency-Key": "n-1"})
        assert (answer.status_code, answer.text) == (200, HARD)
        await client.remove()
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert await client.stored() == {}
