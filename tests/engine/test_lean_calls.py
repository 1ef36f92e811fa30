"""The short way gives what Litestar's gives. A query, even one that nobody reads, makes a request go the long way."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kolofon.app import Parts, _litestar
from kolofon.engine.calls import reading_calls
from kolofon.engine.lean_calls import LeanCalls
from kolofon.platform.frame import API_PREFIX
from tests.browser_session import Server, bearer
from tests.playground import Playground, Reader

CLIENT_ACCESS = "/capi/v1/client/access"
JSON = "application/json"

members = st.dictionaries(
    st.sampled_from(["product", "articleId", "ip", "domain", "uniqueId", "credential", "customerNumber", "other"]),
    st.one_of(
        st.sampled_from(["DIGI", "192.0.2.7", "kari@example.no", "1001", "", "x" * 300, "a\u0000b"]),
        st.integers(-1, 2000),
        st.booleans(),
        st.none(),
        st.lists(st.integers(), max_size=2),
    ),
    max_size=5,
)


async def both_ways(server: Server, token: str, method: str, path: str, **options: Any) -> list[tuple[Any, ...]]:
    answers = []
    for query in ("", "?unread=1"):
        headers = bearer(token) | options.get("headers", {})
        answer = await server.http.request(
            method, path + query, content=options.get("content"), headers={k: v for k, v in headers.items() if v}
        )
        shown = {name: answer.headers.get(name) for name in ("content-type", "www-authenticate", "x-ratelimit-reset")}
        answers.append((answer.status_code, answer.text, shown | {"x-ratelimit-reset": None}))
    return answers


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.one_of(members, st.integers(), st.text(max_size=5), st.none(), st.lists(members, max_size=1)))
async def test_any_json_is_answered_alike(server: Server, reader: Reader, body: Any) -> None:
    token = await server.client_token()
    content = msgspec.json.encode(body)
    lean, general = await both_ways(
        server, token, "POST", CLIENT_ACCESS, content=content, headers={"Content-Type": JSON}
    )
    assert lean == general
    assert lean[0] in {200, 400}


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 400),
        (b"", {"Content-Type": JSON}, 400),
        (b"{", {"Content-Type": JSON}, 400),
        (b"\xff", {"Content-Type": JSON}, 400),
        (b"[" * 5000, {"Content-Type": JSON}, 400),
        (b'{"ip": "192.0.2.7"}', {"Content-Type": "application/json; charset=utf-8"}, 200),
        (b'{"ip": "192.0.2.7"}', {"Content-Type": ""}, 200),
        (b'{"ip": "192.0.2.7"}', {"Content-Type": "text/plain"}, 415),
        (b'{"ip": "192.0.2.7"}', {"Content-Type": JSON, "Accept": "application/xml"}, 200),
        (b'{"ip": "nowhere"}', {"Content-Type": JSON, "Accept": "application/xml"}, 400),
        (b'{"ip": "nowhere"}', {"Content-Type": JSON, "Accept": "application/problem+json"}, 400),
        (b"<access><ip>192.0.2.7</ip></access>", {"Content-Type": "application/xml"}, 200),
        (b" " * (1024 * 1024 + 1), {"Content-Type": JSON}, 413),
    ],
)
async def test_every_kind_of_request_is_answered_alike(
    server: Server, content: bytes, headers: dict[str, str], status: int
) -> None:
    token = await server.client_token()
    lean, general = await both_ways(server, token, "POST", CLIENT_ACCESS, content=content, headers=headers)
    assert lean == general
    assert lean[0] == status


@pytest.mark.parametrize(
    "path", ["/v1/user/profile", "/v1/customer/profile", "/v1/customer/pbm", "/v1/customer/product"]
)
@pytest.mark.parametrize("accept", [JSON, "application/xml"])
async def test_lists_and_refusals_of_the_mode_are_answered_alike(
    server: Server, reader: Reader, path: str, accept: str
) -> None:
    for token, status in ((await server.user_token(reader.credential), 200), (await server.client_token(), 403)):
        lean, general = await both_ways(server, token, "GET", f"/capi{path}", headers={"Accept": accept})
        assert lean == general
        assert lean[0] == status


async def test_the_log_and_the_figures_know_the_route_either_way(server: Server, playground: Playground) -> None:
    token = await server.client_token()
    headers = bearer(token) | {"Content-Type": JSON}
    name = f'kolofon_requests_total{{method="POST",route="{CLIENT_ACCESS}",status="200"}}'

    async def counted() -> float:
        lines = (await server.http.get("/metrics")).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    before = await counted()
    for query in ("", "?unread=1"):
        await server.http.post(CLIENT_ACCESS + query, content=b'{"ip": "192.0.2.7"}', headers=headers)
    assert await counted() == before + 2


def test_only_reading_operations_with_fixed_paths_are_called_directly(parts: Parts) -> None:
    reads = reading_calls(parts.reader, parts.clock, parts.catalogue)
    lean = LeanCalls(_litestar(parts), reads, API_PREFIX)
    assert {f"{method} {path.removeprefix('/capi')}" for method, path in lean._operations} == {
        "POST /v1/customer/access",
        "POST /v1/client/access",
        "GET /v1/user/profile",
        "GET /v1/user/profile/external",
        "GET /v1/customer/profile",
        "GET /v1/customer/address",
        "GET /v1/customer/category/type",
        "GET /v1/customer/category/code",
        "GET /v1/customer/info",
        "POST /v1/client/credential",
        "POST /v1/client/customer/search",
        "GET /v1/customer/pbm",
        "GET /v1/customer/product",
        "GET /v1/client/product",
        "POST /v1/client/product",
        "POST /v1/client/productdependency/discount",
        "GET /v1/subscription",
        "GET /v1/subscription/shared",
        "GET /v1/order/status",
        "POST /v1/order/status",
        "GET /v1/customer/order/product/history",
        "POST /v1/client/coupon/price",
        "POST /v1/client/reward/check",
        "POST /v1/customer/article/price",
        "GET /v1/client/stock",
        "GET /v1/customer/metadata",
        "GET /v1/customer/message",
        "GET /v1/customer/status",
    }


@pytest.fixture
def parts(server: Server) -> Parts:
    return server.parts
