"""Registering orders as a web shop does."""

from typing import Any

import httpx
import msgspec

from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer

PAYER: dict[str, Any] = {
    "firstName": "Kari",
    "lastName": "Nordmann",
    "street": "Storgata",
    "streetNumber": 12,
    "postalCode": "0150",
    "postalPlace": "Oslo",
    "countryCode": "NO",
    "emails": ["kari@private.example"],
    "phoneNumbers": ["+4790000001"],
}
MONTH: dict[str, Any] = {"productSpecType": "coupon", "productSpecCode": "DIGI", "productSpecNo": 1}
PAPER: dict[str, Any] = {"productSpecType": "coupon", "productSpecCode": "PAPER", "productSpecNo": 10}
MAGAZINE: dict[str, Any] = {"productSpecType": "coupon", "productSpecCode": "MAG", "productSpecNo": 20}
TRIAL: dict[str, Any] = {"productSpecType": "coupon", "productSpecCode": "TRIAL", "productSpecNo": 5}
MUG: dict[str, Any] = {"productSpecType": "product", "product": "MUG"}
ISSUE: dict[str, Any] = {
    "productSpecType": "issue",
    "productSpecCode": "MAG",
    "productSpecNo": 20,
    "product": "2026-03",
}
ARTICLE: dict[str, Any] = {
    "productSpecType": "article",
    "articleDetail": {"companyCode": "HOUSE", "product": "ARTICLE", "articleRef": "a-1", "articleDesc": "On tea"},
}


def order(*lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """An order on invoice, of one month of DIGI unless something else is said. A member that is None is left out."""
    body = {"paymentMethod": "invoice", "payer": PAYER, "orderLines": list(lines) or [MONTH]} | members
    return {name: value for name, value in body.items() if value is not None}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


class Shop:
    """Calls with one token: a user's (paths without /client) or a client's."""

    def __init__(self, server: Server, token: str, *, is_client: bool) -> None:
        self._server = server
        self._headers = bearer(token)
        self._prefix = "/capi/v1/client" if is_client else "/capi/v1"

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return await self._server.http.post(self._prefix + path, json=body, headers=self._headers | headers)

    async def get(self, path: str) -> httpx.Response:
        return await self._server.http.get(self._prefix + path, headers=self._headers)

    async def xml(self, path: str, body: str, **headers: str) -> httpx.Response:
        kind = {"Content-Type": "application/xml;charset=UTF-8"}
        return await self._server.http.post(
            self._prefix + path, content=body.encode(), headers=self._headers | kind | headers
        )

    async def registered(self, body: object) -> int:
        """The id of an order that is taken."""
        answer = await self.post("/order", body)
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["orderId"]
        return int(answer.json()["orderId"])

    async def refused(self, body: object, path: str = "/order") -> str:
        """Why something is refused."""
        answer = await self.post(path, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["exceptionType"] == "InvalidRequestException"
        return str(answer.json()["errorMessage"])

    async def customer(self, body: object) -> int:
        """The number of a customer that is registered."""
        answer = await self.post("/order/customer", body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["customerNumber"])


class Kept(msgspec.Struct, frozen=True):
    """What the database holds of an order."""

    order: dict[str, Any]
    lines: list[dict[str, Any]]
    changes: list[dict[str, Any]]


async def kept(connection: Connection, order_id: int) -> Kept:
    order = await connection.fetchrow("select * from customer_order where order_id = $1", order_id)
    assert order is not None
    lines = await connection.fetch("select * from order_line where order_id = $1 order by line_number", order_id)
    changes = await connection.fetch("select * from order_change where order_id = $1 order by changed_at", order_id)
    return Kept(dict(order), [dict(line) for line in lines], [dict(change) for change in changes])
