"""Complete order - client mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.ordering import DIGI, Ordering
from tests.playground import OTHER, OTHER_SECRET, WEB, Playground
from tests.waiting import until

PATH = "/capi/v1/client/order/fulfillment"


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


@pytest.fixture
async def token(server: Server) -> str:
    return await server.client_token()


@pytest.fixture
def complete(server: Server, token: str) -> Any:
    async def complete(order_id: object, **members: Any) -> httpx.Response:
        return await server.http.post(PATH, json={"orderId": order_id} | members, headers=bearer(token))

    return complete


def ok(order_id: int) -> dict[str, Any]:
    return {"fulfillmentStatus": "OK", "orderId": order_id, "errorMessage": None}


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"payment_method": "free", "amount_minor": 0},
        {"payment_method": "other", "prepaid": True},
        {"payment_method": "kco", "prepaid": True},
        {"payment_method": "vippsRecurring", "prepaid": True, "recurring": True},
        {"payment_method": "creditcardPayex", "prepaid": True},
        {"payment_method": "nexi", "prepaid": True},
        {"payment_method": "swishPayex", "prepaid": True},
        {"payment_method": "vippsEcommerce", "prepaid": True},
    ],
)
async def test_what_nobody_has_to_pay_in_a_browser_is_complete_at_once(
    complete: Any, ordering: Ordering, connection: Connection, columns: dict[str, Any]
) -> None:
    order_id = await ordering.order(**columns)
    answer = await complete(order_id)
    assert (answer.status_code, answer.json()) == (200, ok(order_id))
    assert await ordering.status(order_id) == "fulfilled"
    row = await connection.fetchrow("select actor, client_id, action, subject, before, after from audit_log")
    assert row is not None
    assert tuple(row) == (
        f"client:{WEB}",
        WEB,
        "completeOrderClient",
        f"order:{order_id}",
        {"status": "preliminary"},
        {"status": "fulfilled"},
    )


@pytest.mark.parametrize(
    ("method", "words"), [("kco", "fulfillment page"), ("smsPay", "fulfillment page"), ("sms", "not connected")]
)
async def test_what_somebody_has_to_pay_is_an_error_in_the_answer_and_stays_open(
    complete: Any, ordering: Ordering, method: str, words: str
) -> None:
    order_id = await ordering.order(payment_method=method)
    answer = await complete(order_id, callbackUrl="https://web.example.no/called")
    assert answer.status_code == 200
    assert answer.json()["fulfillmentStatus"] == "ERROR"
    assert words in answer.json()["errorMessage"]
    assert await ordering.status(order_id) == "preliminary"
    assert await ordering.count("order_callback") == 0


async def test_a_repeated_call_is_answered_alike(complete: Any, ordering: Ordering) -> None:
    good, bad = await ordering.order(), await ordering.order(DIGI | {"voucher_code": "GIFT-GONE"})
    assert [(await complete(good)).json() for _ in range(2)] == [ok(good)] * 2
    error = {
        "fulfillmentStatus": "ERROR",
        "orderId": bad,
        "errorMessage": "orderLines[0].voucherCode: GIFT-GONE is used up",
    }
    assert [(await complete(bad)).json() for _ in range(2)] == [error] * 2
    assert await ordering.count("audit_log") == 2


async def test_an_order_of_another_partner_is_not_there(server: Server, complete: Any, ordering: Ordering) -> None:
    order_id, to_pay = await ordering.order(), await ordering.order(payment_method="kco")
    assert (await complete(order_id + 10)).status_code == 404
    other = bearer(await server.client_token(OTHER, OTHER_SECRET))
    theirs, nobodys = [
        await server.http.post(PATH, json={"orderId": number}, headers=other) for number in (order_id, order_id + 10)
    ]
    assert (await server.http.post(PATH, json={"orderId": to_pay}, headers=other)).status_code == 404
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["errorMessage"].replace(str(order_id), "N") == nobodys.json()["errorMessage"].replace(
        str(order_id + 10), "N"
    )
    assert await ordering.status(order_id) == "preliminary"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "orderId"),
        ({"orderId": None}, "orderId"),
        ({"orderId": 0}, "orderId"),
        ({"orderId": 2**53}, "orderId"),
        ({"orderId": "x"}, "orderId"),
        ({"orderId": 1.5}, "orderId"),
        ({"orderId": 1, "callbackUrl": "/called"}, "callbackUrl: expected an absolute URL"),
        ({"orderId": 1, "callbackUrl": "http://web.example.no/called"}, "callbackUrl: expected https"),
        ({"orderId": 1, "callbackUrl": "https://evil.example/called"}, "callbackUrl: the host is not registered"),
        ({"orderId": 1, "callbackUrl": "https://127.0.0.1/"}, "callbackUrl: the host is not registered"),
        ({"orderId": 1, "callbackUrl": "https://web.example.no@evil.example/"}, "callbackUrl"),
        ({"orderId": 1, "callbackUrl": "https://web.example.no/" + "a" * 4096}, "callbackUrl"),
        ({"orderId": 1, "callbackUrl": 7}, "callbackUrl"),
    ],
)
async def test_what_is_wrong_is_named(server: Server, token: str, body: dict[str, Any], field: str) -> None:
    answer = await server.http.post(PATH, json=body, headers=bearer(token))
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errorMessage"]


async def test_an_order_id_may_be_a_string_and_the_body_xml(server: Server, token: str, ordering: Ordering) -> None:
    order_id, other = await ordering.order(), await ordering.order()
    headers = bearer(token) | {"Content-Type": "application/xml", "Accept": "application/xml"}
    body = f"<fulfillment><orderId>{order_id}</orderId></fulfillment>"
    answer = await server.http.post(PATH, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "<fulfillmentStatus>OK</fulfillmentStatus>" in answer.text
    answer = await server.http.post(PATH, json={"orderId": str(other), "somethingNew": 1}, headers=bearer(token))
    assert answer.json() == ok(other)


async def test_one_order_is_completed_once_by_many_calls(complete: Any, ordering: Ordering) -> None:
    order_id = await ordering.order(DIGI | {"voucher_code": "GIFT-ONE"})
    called = {"callbackUrl": "https://web.example.no/called"}
    answers = await asyncio.gather(*(complete(order_id, **called) for _ in range(20)))
    assert [answer.json() for answer in answers] == [ok(order_id)] * 20
    assert await ordering.changes(order_id) == ["preliminary", "fulfilled"]
    assert await ordering.count("audit_log") == await ordering.count("order_callback") == 1


async def test_a_call_with_a_key_is_made_once(server: Server, token: str, ordering: Ordering) -> None:
    order_id = await ordering.order()
    headers = bearer(token) | {"Idempotency-Key": "k-1"}
    answers = [await server.http.post(PATH, json={"orderId": order_id}, headers=headers) for _ in range(2)]
    assert [answer.json() for answer in answers] == [ok(order_id)] * 2


class Listener:
    """A client's server: what it was asked for, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = ["200 OK"]
        self.is_silent = False
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.split("\r\n", 1)[0])
        if self.is_silent:
            await reader.read()
        else:
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            location = "Location: /elsewhere\r\n" if status.startswith("3") else ""
            writer.write(f"HTTP/1.1 {status}\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def listening(playground: Playground) -> AsyncIterator[Listener]:
    listener = Listener()
    async with await asyncio.start_server(listener.take, "127.0.0.1", 0) as server:
        listener.port = server.sockets[0].getsockname()[1]
        await playground.connection.execute(
            "update client set return_hosts = array[$1] where client_id = $2", f"127.0.0.1:{listener.port}", WEB
        )
        await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
        yield listener


@pytest.fixture
async def listener(server: Server, playground: Playground) -> AsyncIterator[Listener]:
    async with listening(playground) as listener:

        async def knows() -> bool:
            return bool(server.parts.catalogue.current.clients[WEB].return_hosts)

        await until(knows)
        yield listener


async def test_the_callback_is_called_with_what_came_of_it(
    server: Server, complete: Any, ordering: Ordering, listener: Listener, connection: Connection
) -> None:
    good, bad = await ordering.order(), await ordering.order(DIGI | {"voucher_code": "GIFT-GONE"})
    base = f"http://127.0.0.1:{listener.port}"
    assert (await complete(good, callbackUrl=f"{base}/called?order=1&x=%20#part")).status_code == 200
    assert (await complete(bad, callbackUrl=f"{base}/called")).status_code == 200
    while await server.parts.callbacks.do_next():
        pass
    assert listener.asked == [
        "GET /called?order=1&x=%20&fulfillmentStatus=success HTTP/1.1",
        "GET /called?fulfillmentStatus=failed HTTP/1.1",
    ]
    assert await connection.fetchval("select count(*) from order_callback where done_at is not null") == 2
    # A repeated call of the client's has nobody called again.
    await complete(good, callbackUrl=f"{base}/called?order=1&x=%20#part")
    assert not await server.parts.callbacks.do_next()


async def test_a_callback_that_fails_is_tried_again_and_given_up_in_the_end(
    server: Server, complete: Any, ordering: Ordering, listener: Listener, connection: Connection, clock: Clock
) -> None:
    listener.answers = ["503 Away", "302 Found", "200 OK"]
    await complete(await ordering.order(), callbackUrl=f"http://127.0.0.1:{listener.port}/a")
    for problem in ("503", "302", None):
        assert await server.parts.callbacks.do_next()
        assert await connection.fetchval("select last_problem from order_callback") == problem
        assert not await server.parts.callbacks.do_next()
        clock.move(timedelta(hours=1, minutes=1))
    # A redirect was not followed.
    assert listener.asked == ["GET /a?fulfillmentStatus=success HTTP/1.1"] * 3
    listener.answers = ["500 Broken"]
    await complete(await ordering.order(), callbackUrl=f"http://127.0.0.1:{listener.port}/b")
    attempts = 0
    while await server.parts.callbacks.do_next():
        attempts += 1
        clock.move(timedelta(hours=1, minutes=1))
    assert attempts == 16
    row = await connection.fetchrow("select given_up_at, last_problem from order_callback where url like '%/b'")
    assert row is not None
    assert row["given_up_at"] is not None
    assert row["last_problem"] == "500"


async def test_a_client_that_never_answers_holds_nobody_up_for_long(
    server: Server, complete: Any, ordering: Ordering, listener: Listener, connection: Connection
) -> None:
    listener.is_silent = True
    await complete(await ordering.order(), callbackUrl=f"http://127.0.0.1:{listener.port}/a")
    server.parts.callbacks._longest_attempt = 0.2
    assert await server.parts.callbacks.do_next()
    assert "Timeout" in await connection.fetchval("select last_problem from order_callback")
