"""The browser address that completes an order."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from kolofon.engine.orders.methods import Outcome, ToPay
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, submit_sign_in
from tests.identity.steps import signed_in
from tests.ordering import DIGI, OLA, Ordering
from tests.playground import OTHER, PASSWORD, WEB, Playground, Reader

RETURN = "https://web.example.no/thanks"
ERROR = "https://web.example.no/sorry"
PATHS = [f"{prefix}/{name}" for prefix in ("/user", "/login") for name in ("fulfillment", "order")]


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


@pytest.fixture
async def stranger(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which nobody is signed in."""
    async with server.browser() as http:
        yield http


@pytest.fixture
async def karis(server: Server, reader: Reader) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which Kari is signed in."""
    async with signed_in(server, reader) as browser:
        yield browser.http


async def open_page(
    http: httpx.AsyncClient, order_id: object, path: str = "/user/fulfillment", **members: str
) -> httpx.Response:
    query = {"orderId": str(order_id), "returnUrl": RETURN, "clientId": WEB} | members
    given = {name: value for name, value in query.items() if value}
    return await http.get(path, params=given, follow_redirects=False)


def came_back(answer: httpx.Response, status: str, url: str = RETURN) -> bool:
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"{url}?fulfillmentStatus={status}"
    return True


def wants_sign_in(answer: httpx.Response) -> bool:
    location = urlsplit(answer.headers.get("location", ""))
    return answer.status_code == 303 and location.path in {"/user/login", "/login/login"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("client_id", [WEB, ""])
async def test_an_order_of_nobody_is_completed_for_who_knows_its_id(
    stranger: httpx.AsyncClient, ordering: Ordering, path: str, client_id: str
) -> None:
    order_id = await ordering.order()
    assert came_back(await open_page(stranger, order_id, path, clientId=client_id), "success")
    assert await ordering.status(order_id) == "fulfilled"
    assert came_back(await open_page(stranger, order_id, path, clientId=client_id), "success")
    assert await ordering.changes(order_id) == ["preliminary", "fulfilled"]


@pytest.mark.parametrize(
    ("return_url", "location"),
    [
        (f"{RETURN}?a=1&b=%20", f"{RETURN}?a=1&b=%20&fulfillmentStatus=success"),
        (f"{RETURN}#part", f"{RETURN}?fulfillmentStatus=success#part"),
        (f"{RETURN}?a=1#part?x", f"{RETURN}?a=1&fulfillmentStatus=success#part?x"),
        (f"{RETURN}?", f"{RETURN}?fulfillmentStatus=success"),
        ("https://web.example.no", "https://web.example.no?fulfillmentStatus=success"),
    ],
)
async def test_the_return_url_keeps_its_query_and_its_fragment(
    stranger: httpx.AsyncClient, ordering: Ordering, return_url: str, location: str
) -> None:
    answer = await open_page(stranger, await ordering.order(), returnUrl=return_url)
    assert answer.headers["location"] == location


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"payment_method": "free", "amount_minor": 0}, "success"),
        ({"payment_method": "kco", "prepaid": True}, "success"),
        ({"payment_method": "vippsEcommerce", "prepaid": True}, "success"),
        ({"status": "transferred", "customer_number": 1001}, "success"),
        ({"status": "cancelled"}, "cancel"),
        ({"status": "failed"}, "error"),
        ({"status": "expired"}, "error"),
        # Nobody is there yet to take the money.
        ({"payment_method": "kco"}, "error"),
        # Not for the browser.
        ({"payment_method": "other", "prepaid": True}, "error"),
        ({"payment_method": "sms"}, "error"),
    ],
)
async def test_the_browser_is_told_what_came_of_the_order(
    stranger: httpx.AsyncClient, ordering: Ordering, reader: Reader, columns: dict[str, Any], status: str
) -> None:
    order_id = await ordering.order(**columns)
    assert came_back(await open_page(stranger, order_id), status)
    stays = columns.get("status", "preliminary")
    done = "fulfilled" if status == "success" and stays == "preliminary" else stays
    assert await ordering.status(order_id) == done


@pytest.mark.parametrize(
    ("query", "origins"),
    [
        ({"returnUrl": RETURN}, "'self' https://web.example.no"),
        ({"returnUrl": "https://evil.example/"}, "'self' {own}"),
        ({}, "'self' {own}"),
        ([("orderId", "1"), ("orderId", "2")], "'self' {own}"),
    ],
)
async def test_the_sign_in_before_an_order_may_lead_to_the_site_and_nowhere_else(
    server: Server, stranger: httpx.AsyncClient, query: Any, origins: str
) -> None:
    # Chromium holds every redirect after a form to the page's policy, the last one too.
    own = server.parts.settings.public_url
    page = f"{own}/user/fulfillment?{urlencode(query)}"
    answer = await stranger.get("/user/login", params={"clientId": WEB, "returnUrl": page, "errorUrl": ERROR})
    assert answer.status_code == 200, answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.partition("form-action ")[2] == origins.format(own=own)


async def test_what_is_not_to_be_had_any_more_is_an_error(stranger: httpx.AsyncClient, ordering: Ordering) -> None:
    order_id = await ordering.order(DIGI | {"voucher_code": "GIFT-GONE"})
    assert came_back(await open_page(stranger, order_id), "error")
    assert await ordering.status(order_id) == "failed"


async def test_a_users_order_waits_for_that_users_sign_in_and_is_then_completed(
    server: Server, stranger: httpx.AsyncClient, ordering: Ordering, reader: Reader, connection: Connection
) -> None:
    order_id = await ordering.order(unique_id=reader.unique_id, mode="user")
    answer = await open_page(stranger, order_id, errorUrl=ERROR)
    assert wants_sign_in(answer)
    assert await ordering.status(order_id) == "preliminary"
    page = await stranger.get(answer.headers["location"])
    assert f"{RETURN}?fulfillmentStatus=cancel" in page.text
    answer = await submit_sign_in(stranger, str(page.url), page.text, reader.credential, PASSWORD)
    answer = await stranger.get(answer.headers["location"], follow_redirects=False)
    assert came_back(answer, "success")
    assert await ordering.status(order_id) == "fulfilled"
    row = await connection.fetchrow("select partner_id, actor, client_id, action, subject, after from audit_log")
    assert row is not None
    actor = f"user:{reader.unique_id.hex}"
    assert tuple(row) == (1, actor, WEB, "completeOrder", f"order:{order_id}", {"status": "fulfilled"})


async def test_another_user_and_a_stranger_learn_the_same_of_an_order_as_of_none(
    stranger: httpx.AsyncClient, karis: httpx.AsyncClient, ordering: Ordering, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no")
    theirs = await ordering.order(unique_id=ola.unique_id)
    none = theirs + 1000
    for order_id in (theirs, none):
        assert wants_sign_in(await open_page(stranger, order_id))
    pages = [await open_page(karis, order_id) for order_id in (theirs, none)]
    assert [page.status_code for page in pages] == [404, 404]
    assert pages[0].text.replace(str(theirs), str(none)) == pages[1].text
    assert "kari@example.no" in pages[0].text
    assert await ordering.status(theirs) == "preliminary"


async def test_without_a_client_id_nobody_learns_whether_there_is_an_order(
    stranger: httpx.AsyncClient, ordering: Ordering
) -> None:
    order_id = await ordering.order()
    elsewhere = await open_page(stranger, order_id, clientId="", returnUrl="https://evil.example/")
    nothing = await open_page(stranger, order_id + 1, clientId="", returnUrl="https://evil.example/")
    assert (elsewhere.status_code, nothing.status_code) == (404, 404)
    assert elsewhere.text.replace(str(order_id), str(order_id + 1)) == nothing.text
    assert await ordering.status(order_id) == "preliminary"


async def test_an_order_of_another_partner_is_not_there(
    karis: httpx.AsyncClient, ordering: Ordering, playground: Playground
) -> None:
    await playground.connection.execute(
        "update client set return_hosts = '{web.example.no}' where client_id = $1", OTHER
    )
    order_id = await ordering.order(partner_id=2, currency="SEK", client_id=OTHER)
    assert (await open_page(karis, order_id)).status_code == 404
    assert await ordering.status(order_id) == "preliminary"


@pytest.mark.parametrize(
    "members",
    [
        {"orderId": "x"},
        {"orderId": "0"},
        {"orderId": "-1"},
        {"orderId": "\u0661"},
        {"orderId": "9" * 40},
        {"orderId": ""},
        {"clientId": "no.such.client"},
        {"returnUrl": ""},
        {"returnUrl": "/thanks"},
        {"returnUrl": "https://evil.example/"},
        {"returnUrl": "https://web.example.no@evil.example/"},
        {"returnUrl": "javascript:alert(1)"},
        {"errorUrl": "https://evil.example/"},
    ],
)
async def test_what_is_wrong_with_the_link_is_shown_and_leads_nowhere(
    stranger: httpx.AsyncClient, ordering: Ordering, members: dict[str, str]
) -> None:
    order_id = await ordering.order()
    answer = await open_page(stranger, members.get("orderId", order_id), **members)
    assert answer.status_code == 400, answer.text
    assert "location" not in answer.headers
    assert await ordering.status(order_id) == "preliminary"


async def test_an_order_whose_payer_is_reached_at_the_reader_becomes_theirs(
    karis: httpx.AsyncClient, ordering: Ordering, reader: Reader, connection: Connection
) -> None:
    order_id = await ordering.order(payer=OLA | {"emails": ["kari@example.no"]})
    assert came_back(await open_page(karis, order_id), "success")
    assert await connection.fetchval("select unique_id from customer_order") == reader.unique_id
    actions = await connection.fetch("select action from audit_log order by audit_id")
    assert [row["action"] for row in actions] == ["tieOrder", "completeOrder"]


@pytest.mark.parametrize(("number", "is_theirs"), [(1001, True), (1002, False)])
@pytest.mark.parametrize("word", [None, "yes"])
async def test_an_order_that_names_another_customer_becomes_no_readers(
    karis: httpx.AsyncClient,
    ordering: Ordering,
    reader: Reader,
    connection: Connection,
    playground: Playground,
    number: int,
    is_theirs: bool,
    word: str | None,
) -> None:
    await playground.link((await playground.add_reader("siri@example.no")).unique_id, 1002)
    # Whoever ordered has typed somebody's number, and an own address.
    email = "kari@example.no" if word is None else "kari@private.example"
    order_id = await ordering.order(payer=OLA | {"emails": [email], "customerNumber": number})
    answer = await open_page(karis, order_id)
    if word is not None and is_theirs:
        answer = await send(karis, answer, action=word)
    assert came_back(answer, "success")
    assert await connection.fetchval("select unique_id from customer_order") == (
        reader.unique_id if is_theirs else None
    )


@pytest.mark.parametrize(("word", "is_theirs"), [("yes", True), ("no", False)])
async def test_of_another_order_of_nobody_the_reader_is_asked(
    karis: httpx.AsyncClient, ordering: Ordering, reader: Reader, connection: Connection, word: str, is_theirs: bool
) -> None:
    order_id = await ordering.order()
    page = await open_page(karis, order_id)
    assert page.status_code == 200
    assert "kari@example.no" in page.text
    assert "Ola" not in page.text
    assert "Nordmann" not in page.text
    assert await ordering.status(order_id) == "preliminary"
    answer = await send(karis, page, action=word)
    assert came_back(answer, "success")
    assert await connection.fetchval("select unique_id from customer_order") == (
        reader.unique_id if is_theirs else None
    )
    assert await ordering.status(order_id) == "fulfilled"


async def test_the_answer_to_the_question_counts_only_from_our_page_and_of_who_was_asked(
    karis: httpx.AsyncClient, ordering: Ordering, reader: Reader, connection: Connection
) -> None:
    order_id = await ordering.order()
    page = await open_page(karis, order_id)
    for changed in ({"form_token": "0" * 64}, {"form_token": ""}, {"reader": "0" * 32}, {"action": "perhaps"}):
        answer = await send(karis, page, **({"action": "yes"} | changed))
        assert answer.status_code == 200
        assert "Is this your order" in answer.text or "bestillingen din" in answer.text
    assert await connection.fetchval("select unique_id from customer_order") is None
    assert await ordering.status(order_id) == "preliminary"


async def test_an_unverified_address_makes_no_order_the_readers(
    karis: httpx.AsyncClient, ordering: Ordering, reader: Reader, playground: Playground
) -> None:
    await playground.add_credential(reader.unique_id, "ola@example.no", "notVerified")
    assert (await open_page(karis, await ordering.order())).status_code == 200


async def send(http: httpx.AsyncClient, page: httpx.Response, **members: str) -> httpx.Response:
    fields = dict(parse_fields(page.text)) | members
    return await http.post(str(page.url), data=fields, follow_redirects=False)


def parse_fields(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', html)


class Wallet:
    """A provider that takes money without asking. `comes_to` is what it says of every payment."""

    def __init__(self) -> None:
        self.comes_to: Outcome = "success"
        self.begun: list[tuple[ToPay, str]] = []
        self.is_broken = False

    async def start(self, order: ToPay, come_back_url: str) -> str:
        if self.is_broken:
            raise OSError("the wallet does not open")
        self.begun.append((order, come_back_url))
        return "https://wallet.example/pay"

    async def outcome(self, order: ToPay) -> Outcome:
        return self.comes_to


@pytest.fixture
def wallet(server: Server) -> Wallet:
    wallet = Wallet()
    server.parts.payment_providers["kco"] = wallet
    return wallet


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("success", "fulfilled"), ("cancel", "cancelled"), ("error", "failed"), ("unknown", "preliminary")],
)
async def test_a_provider_takes_the_money_and_the_browser_comes_back(
    stranger: httpx.AsyncClient, ordering: Ordering, wallet: Wallet, outcome: Outcome, status: str
) -> None:
    order_id = await ordering.order(payment_method="kco", recurring=True, merchant_id="m-1")
    answer = await open_page(stranger, order_id)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://wallet.example/pay")
    assert await ordering.status(order_id) == "preliminary"
    ((to_pay, come_back_url),) = wallet.begun
    assert (to_pay.order_id, to_pay.amount_minor, to_pay.currency) == (order_id, 100, "NOK")
    assert (to_pay.merchant_id, to_pay.recurring) == ("m-1", True)
    wallet.comes_to = outcome
    local = urlsplit(come_back_url)
    for _ in range(2):
        assert came_back(await stranger.get(f"{local.path}?{local.query}", follow_redirects=False), outcome)
        assert await ordering.status(order_id) == status


async def test_coming_back_without_having_begun_is_as_coming_the_first_time(
    stranger: httpx.AsyncClient, ordering: Ordering, wallet: Wallet, reader: Reader
) -> None:
    theirs = await ordering.order(unique_id=reader.unique_id, payment_method="kco")
    nobodys = await ordering.order(payment_method="kco")
    await open_page(stranger, nobodys)
    begun = dict(parse_qsl(urlsplit(wallet.begun[0][1]).query))["begun"]
    for proof in ("", "x", begun):
        members = {"orderId": str(theirs), "returnUrl": RETURN, "clientId": WEB, "begun": proof}
        answer = await stranger.get(f"/user/fulfillment/paid?{urlencode(members)}", follow_redirects=False)
        assert wants_sign_in(answer)
    assert await ordering.status(theirs) == "preliminary"


async def test_a_provider_that_fails_leads_to_the_error_url(
    stranger: httpx.AsyncClient, ordering: Ordering, wallet: Wallet
) -> None:
    wallet.is_broken = True
    order_id = await ordering.order(payment_method="kco")
    assert came_back(await open_page(stranger, order_id, errorUrl=ERROR), "error", ERROR)
    assert (await open_page(stranger, order_id)).status_code == 503
    assert await ordering.status(order_id) == "preliminary"


async def test_an_order_left_too_long_is_an_error(
    stranger: httpx.AsyncClient, ordering: Ordering, clock: Clock
) -> None:
    order_id = await ordering.order()
    clock.move(timedelta(hours=73))
    assert came_back(await open_page(stranger, order_id), "error")
    assert await ordering.status(order_id) == "expired"
