"""A list costs so many statements, however much is in it."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from kolofon.app import openapi_document
from kolofon.identity.oauth.keys import StoredKey
from kolofon.identity.oauth.queries import add_key
from kolofon.platform.clock import Clock
from tests.browser_session import Server, bearer
from tests.conftest import running_server
from tests.ordering import MUG, Ordering
from tests.playground import Playground, Reader
from tests.statement_count import StatementCount, counted

PRODUCTS = ("DIGI", "PAPER", "WEEKEND", "MAG")
# Operation, request, and how many statements it sends. What is sold is in memory.
LISTS = {
    "listAddresses": ("GET", "/v1/customer/address", 2),
    "listAddressesForProduct": ("GET", "/v1/customer/address/PAPER", 2),
    "listAddressesClient": ("GET", "/v1/client/customer/address/1001", 2),
    "listAddressesForProductClient": ("GET", "/v1/client/customer/address/1001/PAPER", 2),
    "listOrders": ("GET", "/v1/order/status", 1),
    "searchOrderDetails": ("POST", "/v1/order/status", 1),
    "listOrderProductHistory": ("GET", "/v1/customer/order/product/history", 2),
    "listOrderStatusClient": ("GET", "/v1/client/order/status/{order_id}", 1),
    "listSubscriptions": ("GET", "/v1/subscription", 2),
    "listSubscriptionsClient": ("GET", "/v1/client/subscription/1001", 2),
    "listSharedSubscriptions": ("GET", "/v1/subscription/shared", 0),
    "listCustomerProducts": ("GET", "/v1/customer/product", 1),
    "listProductsClient": ("GET", "/v1/client/product", 0),
    "checkProductClient": ("POST", "/v1/client/product", 0),
    "listSpecificProductsClient": ("GET", "/v1/client/product/subscription", 0),
    "listProductdeliveryplanClient": ("GET", "/v1/client/productdeliveryplan/PAPER", 0),
    "listCouponClient": ("GET", "/v1/client/coupon/DIGI", 0),
    "listCouponForCouponNumberClient": ("GET", "/v1/client/coupon/DIGI/1", 0),
    "listVoucherCodeCouponsClient": ("GET", "/v1/client/voucher/coupons/GIFT-ONE", 1),
    "searchCustomerClient": ("POST", "/v1/client/customer/search", 2),
    "listStocksClient": ("GET", "/v1/client/stock", 1),
    "listStocksForProductClient": ("GET", "/v1/client/stock/MUG", 1),
    "listMetadata": ("GET", "/v1/customer/metadata", 2),
    "listMetadataClient": ("GET", "/v1/client/metadata/1001", 2),
    "listMessages": ("GET", "/v1/customer/message", 2),
    "listStatusMessages": ("GET", "/v1/customer/status", 2),
    "listCategoryTypes": ("GET", "/v1/customer/category/type", 0),
    "listCategoryCodes": ("GET", "/v1/customer/category/code", 0),
    "listCategoryCodesForCategoryType": ("GET", "/v1/customer/category/code/SPORT", 0),
    "listCustomerInfo": ("GET", "/v1/customer/info", 2),
    "listCustomerInfoClient": ("GET", "/v1/client/customer/info/1001", 1),
    "listExternalReferencesClient": ("GET", "/v1/client/customer/1001/external-reference", 2),
}
BODIES = {
    "searchOrderDetails": {"externalOrderId": "X-1"},
    "checkProductClient": {"onlyActive": True},
    "searchCustomerClient": {"text": "kari"},
}
# One person's few rows each.
NOT_COUNTED = {"Permission/Shield", "Privacy", "Profile"}


@pytest.fixture
async def watched(
    playground: Playground, database_url: str, clock: Clock, rsa_key: StoredKey
) -> AsyncIterator[tuple[Server, StatementCount]]:
    """A server whose statements are counted."""
    now = clock.now()
    await add_key(playground.connection, msgspec.structs.replace(rsa_key, created_at=now, active_from=now))
    with TemporaryDirectory() as folder:
        async with counted(database_url, Path(folder)) as (url, count), running_server(url, clock) as server:
            playground.served = server.parts.catalogue
            yield server, count


async def test_a_list_sends_three_statements_at_most(
    watched: tuple[Server, StatementCount], playground: Playground, reader: Reader, clock: Clock
) -> None:
    server, count = watched
    for product in PRODUCTS:
        await playground.subscribe(1001, product)
    ordering = Ordering(playground.connection, clock)
    done: dict[str, Any] = {"unique_id": reader.unique_id, "customer_number": 1001, "external_order_id": "X-1"}
    for _ in range(5):
        order_id = await ordering.order(MUG, MUG, mode="user", status="transferred", **done)
    tokens = {True: await server.client_token(), False: await server.user_token(reader.credential)}
    sent = {}
    for name, (method, path, _) in LISTS.items():
        url = "/capi" + path.format(order_id=order_id)
        headers = bearer(tokens["/client/" in path])
        numbers = []
        # The least of some: others of the server's statements may fall in between, and the first prepares.
        for _ in range(4):
            before = count.sent
            answer = await server.http.request(method, url, json=BODIES.get(name), headers=headers)
            assert answer.status_code == 200, answer.text
            numbers.append(count.sent - before)
        sent[name] = min(numbers)
    assert sent == {name: number for name, (_, _, number) in LISTS.items()}
    assert max(sent.values()) <= 3


def test_every_list_is_counted() -> None:
    lists = {
        operation["operationId"]
        for operations in openapi_document()["paths"].values()
        for operation in operations.values()
        if operation["operationId"].startswith(("list", "search")) and not NOT_COUNTED & set(operation["tags"])
    }
    assert lists <= LISTS.keys()
