"""Literal words in paths win over parameters, for every two paths of the reference that meet so."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, Request, Response, Router, route
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler, Method

from kolofon.app import API_HANDLERS
from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.publisher_file.checks import PATH_WORDS
from kolofon.engine.calls import call_dependencies
from kolofon.platform.clock import Clock
from kolofon.platform.sealing import Secrets
from tests.browser_session import Server, bearer
from tests.playground import Reader
from tests.security.operations import OPERATIONS

# Of all paths of the reference: where a literal segment of the first meets a parameter of the second, all else alike.
LITERAL_MEETS_PARAMETER: list[tuple[Method, str, Method, str]] = [
    ("GET", "/v1/customer/privacy/consentGroups/{issuer}", "GET", "/v1/customer/privacy/{enterpriseCode}/{orderType}"),
    ("GET", "/v1/customer/privacy/consentGroups/{issuer}", "POST", "/v1/customer/privacy/{enterpriseCode}/{orderType}"),
    ("GET", "/v1/customer/privacy/consents/{issuer}", "GET", "/v1/customer/privacy/{enterpriseCode}/{orderType}"),
    ("GET", "/v1/customer/privacy/consents/{issuer}", "POST", "/v1/customer/privacy/{enterpriseCode}/{orderType}"),
    ("POST", "/v1/customer/privacy/access", "GET", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/customer/privacy/access", "POST", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/customer/privacy/consentEvent", "GET", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/customer/privacy/consentEvent", "POST", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/customer/privacy/erasure", "GET", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/customer/privacy/erasure", "POST", "/v1/customer/privacy/{enterpriseCode}"),
    ("POST", "/v1/client/coupon/price", "GET", "/v1/client/coupon/{productCode}"),
    ("POST", "/v1/client/stock/update", "GET", "/v1/client/stock/{productId}"),
    ("POST", "/v1/product/delivery/complaint", "GET", "/v1/product/delivery/{productCode}"),
]
# Paths that share a stem in which one has a word and the other a number, or a parameter of another name.
NEIGHBOURS: list[tuple[Method, str]] = [
    ("GET", "/v1/client/customer/address/{customerNumber}"),
    ("GET", "/v1/client/customer/address/{customerNumber}/{productCode}"),
    ("GET", "/v1/client/customer/info/{customerNumber}"),
    ("GET", "/v1/client/customer/pbm/{customerNumber}/{enterpriseCode}"),
    ("GET", "/v1/client/customer/pbm/{customerNumber}/{enterpriseCode}/{orderType}"),
    ("GET", "/v1/client/customer/{customerNumber}/external-reference"),
    ("POST", "/v1/client/customer/{customerNumber}/external-reference"),
    ("PATCH", "/v1/client/customer/{customerNumber}/external-reference/{referenceCode}"),
    ("DELETE", "/v1/client/customer/{customerNumber}/external-reference/{referenceCode}"),
    ("GET", "/v1/client/order/status/{orderId}"),
    ("POST", "/v1/client/order/{orderId}/user"),
    ("GET", "/v1/client/coupon/{couponCode}/{couponNumber}"),
    ("GET", "/v1/customer/privacy/consentEvent/history/{issuer}"),
    ("GET", "/v1/client/customer/privacy/consent/text/{issuer}"),
    ("GET", "/v1/client/customer/privacy/consent/text/history/{issuer}"),
    ("GET", "/v1/customer/recruitment/{campaign}"),
    ("GET", "/v1/customer/recruitment/premium/{campaign}"),
    ("GET", "/v1/product/stop/delivery/{productCode}"),
    ("POST", "/v1/product/stop/delivery/delete/{id}"),
    ("GET", "/v1/product/payment/{product}"),
    ("POST", "/v1/product/payment/{productCode}"),
]
PATHS = sorted(
    {(m, p) for m, p, _, _ in LITERAL_MEETS_PARAMETER}
    | {(m, p) for _, _, m, p in LITERAL_MEETS_PARAMETER}
    | set(NEIGHBOURS)
)
NUMBERS = {"customerNumber", "orderId", "couponNumber"}


def parameters(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def filled(path: str) -> str:
    return path.format(**{name: "1001" if name in NUMBERS else "CODE" for name in parameters(path)})


def dummy(method: Method, path: str) -> HTTPRouteHandler:
    """An operation that says which one it is and what it was given."""
    template = re.sub(r"\{(\w+)\}", lambda m: f"{{{m[1]}:{'int' if m[1] in NUMBERS else 'str'}}}", path)

    @route(template, http_method=method, status_code=200)
    async def tell(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return {"operation": f"{method} {path}", "parameters": sorted(request.path_params)}

    return tell


@asynccontextmanager
async def talking_to(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Any", app)), base_url="http://kolofon.test"
    ) as http:
        yield http


@pytest.fixture(params=["as listed", "the other way round"])
async def dummies(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    order = PATHS if request.param == "as listed" else PATHS[::-1]
    async with talking_to(Litestar([dummy(method, path) for method, path in order], openapi_config=None)) as http:
        yield http


async def test_every_path_reaches_its_own_operation_with_its_own_parameters(dummies: httpx.AsyncClient) -> None:
    for method, path in PATHS:
        answer = await dummies.request(method, filled(path))
        assert answer.status_code == 200, (method, path, answer.text)
        assert answer.json() == {"operation": f"{method} {path}", "parameters": sorted(parameters(path))}


async def test_a_word_is_never_taken_for_a_parameter(dummies: httpx.AsyncClient) -> None:
    for method, path, other_method, other_path in LITERAL_MEETS_PARAMETER:
        answer = await dummies.request(method, filled(path))
        assert answer.json()["operation"] == f"{method} {path}"
        if other_method != method:
            # The path of the word knows only its own methods: no request for it ends at the other operation.
            answer = await dummies.request(other_method, filled(path))
            assert answer.status_code in {404, 405} or answer.json()["operation"] != f"{other_method} {other_path}"


async def test_what_a_word_hides_is_known(dummies: httpx.AsyncClient) -> None:
    """The codes that could be asked for by no operation, which a publisher's file must therefore not have."""
    on_enterprises = set(PATH_WORDS["enterprises"])
    on_order_types = {"consentEvent", "consentGroups", "consents"}
    hidden: dict[tuple[Method, str], set[str]] = {
        ("GET", "/v1/customer/privacy/{enterpriseCode}"): on_enterprises,
        ("POST", "/v1/customer/privacy/{enterpriseCode}"): on_enterprises,
        ("GET", "/v1/customer/privacy/{enterpriseCode}/{orderType}"): on_order_types,
        ("POST", "/v1/customer/privacy/{enterpriseCode}/{orderType}"): on_order_types,
        ("GET", "/v1/client/coupon/{productCode}"): {"price"},
        ("GET", "/v1/client/stock/{productId}"): {"update"},
        ("GET", "/v1/product/delivery/{productCode}"): {"complaint"},
        ("GET", "/v1/product/stop/delivery/{productCode}"): {"delete"},
        ("GET", "/v1/customer/recruitment/{campaign}"): {"premium"},
        ("GET", "/v1/client/customer/privacy/consent/text/{issuer}"): {"history"},
    }
    words = {segment for _, path in PATHS for segment in path.split("/") if segment and "{" not in segment}
    found: dict[tuple[Method, str], set[str]] = {}
    for method, path in hidden:
        first, *_ = parameters(path)
        for word in words:
            answer = await dummies.request(method, filled(path.replace(f"{{{first}}}", word)))
            if answer.status_code != 200 or answer.json()["operation"] != f"{method} {path}":
                found.setdefault((method, path), set()).add(word)
    assert found == hidden
    on_products = set().union(*(words for (_, path), words in found.items() if path.endswith(("{productCode}", "Id}"))))
    assert on_products == PATH_WORDS["products"]


async def test_every_path_of_the_real_operations_reaches_its_own() -> None:
    def unconnected() -> Any:
        raise AssertionError("no operation is run here")

    async def tell(request: Request[Any, Any, Any]) -> Response[str]:
        return Response(str(request.route_handler.operation_id), media_type="text/plain", status_code=200)

    handlers: list[ControllerRouterHandler] = [Router("/capi", route_handlers=API_HANDLERS, before_request=tell)]
    dependencies = call_dependencies(unconnected, unconnected, Clock(), LiveCatalogue(), Secrets("0" * 32))
    for name in ("voucher_guesses", "number_guesses", "message_limit", "login_address"):
        dependencies[name] = Provide(lambda: "", sync_to_thread=False)
    async with talking_to(Litestar(handlers, dependencies=dependencies, openapi_config=None)) as http:
        reached = {}
        for operation in OPERATIONS:
            path = operation.path.format(**dict.fromkeys(parameters(operation.path), "1001"))
            answer = await http.request(operation.method, path)
            reached[operation.operation_id] = answer.text
    assert reached == {operation.operation_id: operation.operation_id for operation in OPERATIONS}


async def test_words_of_the_real_paths_answer_as_themselves(server: Server, reader: Reader) -> None:
    user, client = await server.user_token(reader.credential), await server.client_token()
    members = {
        "/v1/user/profile": "userCredentials",
        "/v1/user/profile/external": "externalProfileList",
        "/v1/customer/profile": "userId",
        "/v1/customer/product": "products",
        "/v1/customer/pbm": "channels",
        "/v1/customer/privacy/NEWS": "permission",
    }
    for path, member in members.items():
        answer = await server.http.get(f"/capi{path}", headers=bearer(user))
        assert member in answer.json(), path
    body = {"externalId": "7", "credentialType": "D", "customerNumber": 1001}
    tied = await server.http.post("/capi/v1/client/extid/customer", json=body, headers=bearer(client))
    assert tied.json()["customerNumber"] == 1001
