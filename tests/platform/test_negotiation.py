"""In which format an answer goes out, and in which a body comes in."""

from collections.abc import AsyncIterator
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from httpx import Response

from kolofon.platform.negotiation import BODY_LIMIT, wants_xml
from tests.browser_session import Server, bearer
from tests.playground import CALLBACK, Playground, Reader

PRIVACY = "/capi/v1/customer/privacy/NEWS"
PBM = "/capi/v1/customer/pbm/NEWS"
ACCESS = "/capi/v1/client/access"
XML = {"Content-Type": "application/xml;charset=UTF-8"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def user(server: Server, reader: Reader) -> dict[str, str]:
    return bearer(await server.user_token(reader.credential))


@pytest.fixture
async def client(server: Server) -> dict[str, str]:
    return bearer(await server.client_token())


def xml(answer: Response) -> Element:
    assert answer.headers["content-type"].startswith("application/xml"), answer.text
    return fromstring(answer.content)


async def purposes(playground: Playground) -> list[str]:
    rows = await playground.connection.fetch("select purpose from privacy_permission order by purpose")
    return [row["purpose"] for row in rows]


@pytest.mark.parametrize(
    ("accept", "prefers_xml", "expected"),
    [
        ("", False, False),
        ("", True, True),
        ("*/*", False, False),
        ("*/*", True, True),
        ("application/json", True, False),
        ("application/xml", False, True),
        ("text/xml", False, True),
        ("APPLICATION/XML", False, True),
        ("application/json;q=0.5, application/xml", False, True),
        ("application/json, application/xml;q=0.9", True, False),
        ("application/json, application/xml", False, False),
        ("application/json, application/xml", True, True),
        ("application/xml;q=nonsense, application/json;q=0.1", False, False),
        ("application/xml;q=0, */*", False, False),
        ("image/png", True, True),
        ("application/xml, application/problem+json", False, True),
        ("application/problem+json", True, True),
        ("text/html, application/xhtml+xml, */*;q=0.8", False, False),
    ],
)
def test_accept_decides_and_the_clients_setting_where_it_says_nothing(
    accept: str, prefers_xml: bool, expected: bool
) -> None:
    assert wants_xml(accept, prefers_xml) is expected


async def test_answers_are_json_unless_xml_is_asked_for(server: Server, user: dict[str, str]) -> None:
    for accept in ("*/*", "application/json"):
        answer = await server.http.get(PRIVACY, headers=user | {"Accept": accept})
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {"permission": []}
    answer = await server.http.get(PBM, headers=user | {"Accept": "application/xml"})
    channels = xml(answer)
    assert channels.tag == "channels"
    assert [[child.tag for child in entry] for entry in channels] == [["type", "value"], ["type", "value"]]
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_client_that_prefers_xml_gets_it_until_its_accept_says_json(
    server: Server, playground: Playground, reader: Reader
) -> None:
    secret = "an-old-client's-secret-long-enough"
    await playground.add_client("no.example.old", 1, secret, [CALLBACK], answer_format="xml")
    await server.parts.catalogue._read(playground.connection)
    old = bearer(await server.client_token("no.example.old", secret))
    path = "/capi/v1/client/customer/pbm/1001/NEWS"
    assert xml(await server.http.get(path, headers=old | {"Accept": "*/*"})).tag == "channels"
    assert xml(await server.http.get("/capi/v1/x", headers=old | {"Accept": "*/*"})).tag == "error"
    assert (await server.http.get(path, headers=old)).json() == {"channels": []}


async def test_the_token_endpoint_answers_json_whatever_accept_says(server: Server) -> None:
    answer = await server.token({"grant_type": "client_credentials"}, headers={"Accept": "application/xml"})
    assert answer.json()["token_type"] == "Bearer"


async def test_a_json_body_with_a_charset_is_read(server: Server, user: dict[str, str], playground: Playground) -> None:
    headers = user | {"Content-Type": "application/json; charset=utf-8"}
    answer = await server.http.post(PRIVACY, content='{"permission": [{"purpose": "DM"}]}', headers=headers)
    assert answer.status_code == 200, answer.text
    assert await purposes(playground) == ["DM"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<privacy><permission><permission><purpose>DM</purpose></permission></permission></privacy>", ["DM"]),
        ("<privacy><permission><purpose>DM</purpose></permission></privacy>", ["DM"]),
        (
            "<p><permission><purpose>DM</purpose></permission><permission><purpose>EM</purpose></permission></p>",
            ["DM", "EM"],
        ),
        (
            "<privacy><permission><p><purpose>DM</purpose></p><p><purpose>EM</purpose></p></permission></privacy>",
            ["DM", "EM"],
        ),
        (
            "<privacy xmlns='urn:x'><permission><purpose> TM </purpose></permission><unknown>1</unknown></privacy>",
            ["TM"],
        ),
        ("<privacy><permission/></privacy>", []),
    ],
    ids=["wrapped", "one bare", "repeated", "wrapped, other names", "name space, unknown element", "empty"],
)
async def test_an_xml_body_is_read_with_its_lists_wrapped_or_repeated(
    server: Server, user: dict[str, str], playground: Playground, body: str, expected: list[str]
) -> None:
    await server.http.post(PRIVACY, json={"permission": [{"purpose": "EM"}]}, headers=user)
    answer = await server.http.post(PRIVACY, content=body, headers=user | XML)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert await purposes(playground) == expected


async def test_xml_in_another_encoding_is_read_by_its_declaration(server: Server, client: dict[str, str]) -> None:
    body = "<?xml version='1.0' encoding='ISO-8859-1'?><r><externalId>blåbær</externalId>"
    body += "<credentialType>X</credentialType></r>"
    answer = await server.http.post("/capi/v1/client/extid", content=body.encode("latin-1"), headers=client | XML)
    assert answer.status_code == 200, answer.text
    assert answer.json()["externalId"] == "blåbær"


BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">'
    '<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]><privacy>&lol3;</privacy>'
)
OUTSIDE_ENTITY = '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><privacy>&x;</privacy>'


@pytest.mark.parametrize("body", [BILLION_LAUGHS, OUTSIDE_ENTITY, "<!DOCTYPE privacy><privacy/>"])
async def test_document_types_and_entities_are_refused(server: Server, user: dict[str, str], body: str) -> None:
    answer = await server.http.post(PRIVACY, content=body, headers=user | XML)
    assert answer.status_code == 400
    assert "document type or entities" in answer.json()["errorMessage"]


async def test_a_body_of_another_kind_is_415(server: Server, user: dict[str, str]) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await server.http.post(PRIVACY, content="a=b", headers=user | {"Content-Type": media_type})
        assert answer.status_code == 415, media_type
        assert answer.json()["exceptionType"] == "UnsupportedMediaTypeException"


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        (JSON, b'{"product": ', "valid JSON"),
        (JSON, b"", "body is missing"),
        (JSON, '{"product": "blåbær"}'.encode("latin-1"), "valid JSON"),
        (JSON, b'{"product": "a\\u0000b"}', "NUL"),
        (JSON, b"[" * 10_000, "valid JSON"),
        (JSON, b"[]", "object"),
        (XML, b"<access><product></access>", "well-formed XML"),
        (XML, b"", "body is missing"),
        (XML, b"<a>" * 10_000 + b"</a>" * 10_000, "product"),
    ],
    ids=["cut", "empty", "latin-1", "nul", "deep", "list", "crossed xml", "empty xml", "deep xml"],
)
async def test_a_malformed_body_is_400(
    server: Server, client: dict[str, str], headers: dict[str, str], body: bytes, said: str
) -> None:
    answer = await server.http.post(ACCESS, content=body, headers=client | headers)
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["errorMessage"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"product": 5}, "product"),
        ({"product": "x" * 256}, "product"),
        ({"customerNumber": "many"}, "customerNumber"),
        ({"customerNumber": 2**63}, "customerNumber"),
        ({"customerNumber": 0}, "customerNumber"),
        ({"uniqueId": "short"}, "uniqueId"),
        ({"accessDomain": "perhaps"}, "accessDomain"),
    ],
)
async def test_a_field_of_the_wrong_kind_is_400_and_the_answer_names_it(
    server: Server, client: dict[str, str], body: dict[str, object], field: str
) -> None:
    answer = await server.http.post(ACCESS, json={"ip": "192.0.2.1"} | body, headers=client)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith(f"{field}:"), answer.text


async def test_a_wrong_entry_of_a_list_is_named_with_its_place(server: Server, user: dict[str, str]) -> None:
    body = {"channels": [{"type": "SHIELD", "value": "DM"}, {"type": "MAYBE", "value": "TM"}]}
    answer = await server.http.post(PBM, json=body, headers=user)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"].startswith("channels[1].type:"), answer.text


async def test_unknown_members_are_ignored(server: Server, client: dict[str, str]) -> None:
    body = {"ip": "192.0.2.1", "someday": {"x": [1]}}
    assert (await server.http.post(ACCESS, json=body, headers=client)).status_code == 200


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "big"}], ids=["", "with a key"])
@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
async def test_a_body_over_a_mebibyte_is_413_and_one_of_just_that_is_read(
    server: Server, client: dict[str, str], key: dict[str, str], chunked: bool
) -> None:
    body = b'{"ip": "192.0.2.1"}'

    async def chunks(size: int) -> AsyncIterator[bytes]:
        padded = body.ljust(size)
        for start in range(0, size, 65536):
            yield padded[start : start + 65536]

    for size, status in ((BODY_LIMIT, 200), (BODY_LIMIT + 1, 413)):
        content = chunks(size) if chunked else body.ljust(size)
        answer = await server.http.post(ACCESS, content=content, headers=client | JSON | key)
        assert answer.status_code == status, answer.text
    assert answer.json()["exceptionType"] == "RequestTooLargeException"


async def test_a_refused_operation_has_its_error_in_json_in_xml_and_as_a_problem(
    server: Server, client: dict[str, str]
) -> None:
    path = "/capi/v1/client/customer/pbm/99/NEWS"
    expected = {"exceptionType": "NotFoundException", "errorMessage": "customerNumber: there is no customer 99"}
    assert (await server.http.get(path, headers=client)).json() == expected
    error = xml(await server.http.get(path, headers=client | {"Accept": "application/xml"}))
    assert error.tag == "error"
    assert {child.tag: child.text for child in error} == expected
    problem = await server.http.get(path, headers=client | {"Accept": "application/problem+json"})
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {
        "type": "about:blank",
        "title": "NotFound",
        "status": 404,
        "detail": "customerNumber: there is no customer 99",
    }


async def test_a_token_problem_has_its_error_in_json_in_xml_and_as_a_problem(server: Server) -> None:
    wrong = {"Authorization": "Bearer nonsense"}
    answer = await server.http.get(PRIVACY, headers=wrong)
    assert answer.json()["error"] == "invalid_token"
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    error = xml(await server.http.get(PRIVACY, headers=wrong | {"Accept": "application/xml"}))
    assert error.findtext("error") == "invalid_token"
    problem = await server.http.get(PRIVACY, headers=wrong | {"Accept": "application/problem+json"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 401


async def test_a_caller_in_the_wrong_mode_is_told_in_the_shape_of_a_token_problem(
    server: Server, client: dict[str, str]
) -> None:
    answer = await server.http.get(PRIVACY, headers=client)
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"
