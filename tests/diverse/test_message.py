"""Messages to customer service: a case each, listed with what was answered."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kolofon.diverse.message.limiting import LIMITS
from kolofon.diverse.message.service import MOST_AN_HOUR, MOST_CASES
from kolofon.platform.clock import Clock, epoch_milliseconds
from kolofon.platform.database import Connection
from tests.browser_session import Server, bearer
from tests.calling import other_shop, shop
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, WEB, Playground, Reader
from tests.privacy.customer import audit_rows

MESSAGE = "/message"
QUESTION = {"product": "PAPER", "messageContent": "No paper today."}


class Customer:
    """A logged-in customer's messages."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token

    async def call(self, method: str, body: Any = None, **headers: str) -> httpx.Response:
        headers = bearer(self._token) | headers
        return await self._server.http.request(method, "/capi/v1/customer/message", json=body, headers=headers)

    async def send(self, body: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        """The only message of the new case."""
        answer = await self.call("POST", (body or QUESTION) | members)
        assert answer.status_code == 200, answer.text
        [message] = answer.json()["messages"]
        return dict(message)

    async def listed(self) -> list[dict[str, Any]]:
        answer = await self.call("GET")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["messages"])


@pytest.fixture
async def kari(server: Server, reader: Reader) -> Customer:
    return Customer(server, await server.user_token(reader.credential))


async def cases(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in await connection.fetch("select * from customer_case order by case_id")]


async def add_answer(connection: Connection, case_id: int, text: str, clock: Clock) -> None:
    await connection.execute(
        """
        insert into customer_case_message
        select partner_id, case_id, max(message_number) + 1, 'OUT', $2, $3, 'command-line:anna'
        from customer_case_message where case_id = $1 group by partner_id, case_id
        """,
        case_id,
        text,
        clock.now(),
    )


async def test_a_message_opens_a_case_which_is_the_answer(
    kari: Customer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    before = epoch_milliseconds(clock.now())
    sent = await kari.send(caseType="A", messageSubject=" Where is it? ", messageContent="<b>No</b> paper\r\ntoday.\n")
    [case] = await cases(connection)
    assert sent == {
        "id": case["case_id"],
        "date": sent["date"],
        "direction": "IN",
        "messageSubject": "Where is it?",
        "messageContent": "<b>No</b> paper\r\ntoday.\n",
    }
    assert before <= sent["date"] <= epoch_milliseconds(clock.now())
    assert (case["partner_id"], case["customer_number"], case["client_id"]) == (1, 1001, WEB)
    assert (case["product_code"], case["case_type"], case["status"]) == ("PAPER", "A", "waiting")
    assert case["opened_at"] == case["changed_at"]
    written = await connection.fetchrow("select message_number, direction, actor from customer_case_message")
    assert written is not None
    assert tuple(written) == (1, "IN", f"user:{reader.unique_id.hex}")
    assert await kari.listed() == [sent]


async def test_the_product_is_needed_and_the_rest_may_be_left_out(kari: Customer, connection: Connection) -> None:
    sent = await kari.send(caseType=None, messageSubject="  ")
    assert sent.keys() == {"id", "date", "direction", "messageContent"}
    [case] = await cases(connection)
    assert (case["case_type"], case["subject"], case["sender_name"]) == (None, None, None)


async def test_entries_of_a_case_follow_each_other_the_oldest_case_first(
    kari: Customer, connection: Connection, clock: Clock
) -> None:
    assert await kari.listed() == []
    first = await kari.send(messageSubject="First")
    second = await kari.send(messageSubject="Second")
    clock.move(timedelta(hours=1))
    await add_answer(connection, first["id"], "It comes tomorrow.", clock)
    await add_answer(connection, first["id"], "Or the day after.", clock)
    listed = await kari.listed()
    assert [(entry["id"], entry["direction"], entry["messageContent"]) for entry in listed] == [
        (first["id"], "IN", "No paper today."),
        (first["id"], "OUT", "It comes tomorrow."),
        (first["id"], "OUT", "Or the day after."),
        (second["id"], "IN", "No paper today."),
    ]
    assert [entry["messageSubject"] for entry in listed] == ["First", "First", "First", "Second"]
    assert listed[1]["date"] == epoch_milliseconds(clock.now()) or listed[1]["date"] >= first["date"] + 3_600_000


async def test_the_newest_cases_are_listed(kari: Customer, connection: Connection, clock: Clock) -> None:
    await add_cases(connection, clock, 1, WEB, MOST_CASES + 5)
    listed = await kari.listed()
    assert [entry["messageSubject"] for entry in listed] == [str(n) for n in range(6, MOST_CASES + 6)]


async def test_what_another_partner_s_customer_of_the_same_number_writes_pushes_nothing_out(
    kari: Customer, playground: Playground, connection: Connection, clock: Clock
) -> None:
    await playground.add_reader("astrid@annan.se", 1001, partner_id=2)
    await kari.send()
    await add_cases(connection, clock, 2, OTHER, MOST_CASES)
    assert [entry["messageContent"] for entry in await kari.listed()] == ["No paper today."]


async def add_cases(connection: Connection, clock: Clock, partner_id: int, client_id: str, count: int) -> None:
    """Cases of the customer 1001, the last of which is the newest."""
    await connection.execute(
        """
        with opened as (
            insert into customer_case (partner_id, customer_number, client_id, subject, status, opened_at, changed_at)
            select $4, 1001, $1, n::text, 'closed', $2::timestamptz - n * interval '1 day', $2
            from generate_series(1, $3) n
            returning partner_id, case_id
        )
        insert into customer_case_message select partner_id, case_id, 1, 'IN', 'x', $2, 'client' from opened
        """,
        client_id,
        clock.now(),
        count,
        partner_id,
    )


async def test_the_longest_texts_are_taken(kari: Customer) -> None:
    sent = await kari.send(messageSubject="æ" * 40, messageContent="😀" * 32000)
    assert (len(sent["messageSubject"]), len(sent["messageContent"])) == (40, 32000)
    assert await kari.listed() == [sent]


WRONG = [
    ({"product": "NOTHING"}, "product: there is no product NOTHING"),
    ({"product": "X" * 13}, "product"),
    ({"product": ""}, "product"),
    ({"product": 7}, "product"),
    ({"caseType": "C"}, "caseType"),
    ({"caseType": ""}, "caseType"),
    ({"messageSubject": "x" * 41}, "messageSubject"),
    ({"messageContent": "x" * 32001}, "messageContent"),
    ({"messageContent": ""}, "messageContent"),
    ({"messageContent": " \n\t "}, "messageContent: expected a text, and not only blanks"),
    ({"messageContent": None}, "messageContent"),
    ({"messageContent": ["x"]}, "messageContent"),
    ({"messageContent": "a\0b"}, "NUL"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
async def test_what_is_wrong_is_named_in_both_modes_and_nothing_is_kept(
    server: Server, kari: Customer, connection: Connection, wrong: dict[str, Any], field: str
) -> None:
    answer = await kari.call("POST", QUESTION | wrong)
    assert (answer.status_code, field in answer.json()["errorMessage"]) == (400, True), answer.text
    assert field in await (await shop(server)).refused(MESSAGE, QUESTION | wrong)
    assert await cases(connection) == []


async def test_a_reader_has_to_say_what_about_and_a_client_need_not(server: Server, kari: Customer) -> None:
    answer = await kari.call("POST", {"messageContent": "x"})
    assert (answer.status_code, "product" in answer.json()["errorMessage"]) == (400, True)
    answer = await kari.call("POST", {"messageContent": "x", "product": None})
    assert (answer.status_code, "product" in answer.json()["errorMessage"]) == (400, True)
    assert "messageContent" in await (await shop(server)).refused(MESSAGE, {"product": "PAPER"})
    await (await shop(server)).post(MESSAGE, {"messageContent": "x", "product": None})


async def test_a_client_writes_for_nobody_that_is_known(server: Server, connection: Connection) -> None:
    sent = await (await shop(server)).post(MESSAGE, {"messageContent": "Do you deliver to Røst?", "unknown": 1})
    [message] = sent["messages"]
    assert (message["direction"], message["messageContent"]) == ("IN", "Do you deliver to Røst?")
    [case] = await cases(connection)
    assert message["id"] == case["case_id"]
    names = ("customer_number", "product_code", "case_type", "subject", "sender_name", "sender_email")
    assert [case[name] for name in names] == [None] * 6
    actor = await connection.fetchval("select actor from customer_case_message")
    assert actor == f"client:{WEB}"


async def test_a_client_tells_who_writes_in_the_form_that_is_kept(
    server: Server, connection: Connection, kari: Customer
) -> None:
    body = QUESTION | {
        "customerNumber": 1001,
        "name": " Kari Nordmann ",
        "email": " Kari@Example.NO ",
        "phoneNumber": "909 09 090",
        "messageSubject": "Hello",
        "caseType": "B",
    }
    sent = await (await shop(server)).post(MESSAGE, body)
    [case] = await cases(connection)
    assert (case["customer_number"], case["case_type"]) == (1001, "B")
    assert (case["sender_name"], case["sender_email"], case["sender_phone_number"]) == (
        "Kari Nordmann",
        "kari@example.no",
        "+4790909090",
    )
    # It is the customer's, whoever wrote it down.
    assert await kari.listed() == sent["messages"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "kari"}, "email: expected an e-mail address"),
        ({"email": "90909090"}, "email: expected an e-mail address"),
        ({"email": "AID:7"}, "email: expected an e-mail address"),
        ({"email": f"{'k' * 250}@e.no"}, "email"),
        ({"email": "kari@example.no\r\nBcc: all@example.no"}, "email: expected an e-mail address"),
        ({"phoneNumber": "kari@example.no"}, "phoneNumber: expected a phone number"),
        ({"phoneNumber": "12"}, "phoneNumber: expected a phone number"),
        ({"phoneNumber": "9" * 41}, "phoneNumber"),
        ({"name": "x" * 256}, "name"),
        ({"customerNumber": 0}, "customerNumber"),
        ({"customerNumber": 2**53}, "customerNumber"),
        ({"customerNumber": "x"}, "customerNumber"),
        ({"email": "x", "product": "NO", "phoneNumber": "y"}, "product: there is no product NO; email: expected an"),
    ],
)
async def test_who_writes_is_checked(server: Server, connection: Connection, wrong: dict[str, Any], field: str) -> None:
    assert field in await (await shop(server)).refused(MESSAGE, QUESTION | wrong)
    assert await cases(connection) == []


async def test_blanks_count_as_not_told(server: Server, connection: Connection) -> None:
    await (await shop(server)).post(MESSAGE, QUESTION | {"name": " ", "email": "", "phoneNumber": " "})
    [case] = await cases(connection)
    assert (case["sender_name"], case["sender_email"], case["sender_phone_number"]) == (None, None, None)


async def test_a_customer_of_nobody_and_one_of_another_partner_are_not_found(
    server: Server, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("astrid@annan.se", 2001, partner_id=2)
    for number in (4711, 2001):
        answer = await (await shop(server)).post(MESSAGE, QUESTION | {"customerNumber": number}, 404)
        assert answer["errorMessage"] == f"customerNumber: there is no customer {number}"
    assert await cases(connection) == []


async def test_nobody_sees_another_customer_s_or_another_partner_s_messages(
    server: Server, playground: Playground, kari: Customer, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no", 1002)
    await playground.add_reader("astrid@annan.se", 1001, partner_id=2)
    await kari.send()
    await (await other_shop(server)).post(MESSAGE, {"messageContent": "Hej!", "customerNumber": 1001})
    await (await shop(server)).post(MESSAGE, {"messageContent": "Nobody's"})
    [mine] = await kari.listed()
    assert mine["messageContent"] == "No paper today."
    assert await Customer(server, await server.user_token(ola.credential)).listed() == []
    form = {"grant_type": "authorization_code", "redirect_uri": OTHER_CALLBACK}
    form["code"] = await server.code("astrid@annan.se", client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    token = (await server.token(form, (OTHER, OTHER_SECRET))).json()["access_token"]
    [theirs] = await Customer(server, token).listed()
    assert theirs["messageContent"] == "Hej!"


async def test_who_is_no_customer_neither_lists_nor_sends(server: Server, playground: Playground) -> None:
    await playground.add_reader("stranger@example.no")
    stranger = Customer(server, await server.user_token("stranger@example.no"))
    for method, body in (("GET", None), ("POST", QUESTION)):
        answer = await stranger.call(method, body)
        assert (answer.status_code, answer.json()["errorMessage"]) == (404, "the user is not a customer here")


async def test_a_customer_opens_so_many_cases_an_hour(
    kari: Customer, server: Server, connection: Connection, clock: Clock
) -> None:
    # Those of a client do not count for the reader, nor the reader's for the client.
    client = await shop(server)
    await client.post(MESSAGE, QUESTION | {"customerNumber": 1001})
    answers = await asyncio.gather(*(kari.call("POST", QUESTION) for _ in range(MOST_AN_HOUR + 5)))
    assert sorted(answer.status_code for answer in answers) == [200] * MOST_AN_HOUR + [429] * 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "too many messages" in refused.json()["errorMessage"]
    assert 3590 <= int(refused.headers["Retry-After"]) <= 3600
    assert len(await cases(connection)) == MOST_AN_HOUR + 1
    await client.post(MESSAGE, QUESTION | {"customerNumber": 1001})
    clock.move(timedelta(minutes=59))
    assert (await kari.call("POST", QUESTION)).status_code == 429
    clock.move(timedelta(minutes=1, seconds=1))
    await kari.send()


async def test_a_clock_that_was_turned_back_keeps_nobody_from_writing(kari: Customer, connection: Connection) -> None:
    for _ in range(MOST_AN_HOUR):
        await kari.send()
    assert (await kari.call("POST", QUESTION)).status_code == 429
    await connection.execute("update customer_case set opened_at = opened_at + interval '3 days'")
    await kari.send()


async def test_a_client_sends_so_many_a_minute_and_no_other_client_is_held_up(
    server: Server, connection: Connection
) -> None:
    client = await shop(server)
    for refused in ("NOTHING", "NOWHERE"):
        await client.refused(MESSAGE, QUESTION | {"product": refused})
    key = f"messages {WEB}"
    limiter = server.parts.limiter
    while (await limiter.look(key, LIMITS)).allowed:
        await limiter.take(key, LIMITS)
    answer = await client.post(MESSAGE, QUESTION, 429)
    assert answer["exceptionType"] == "TooManyRequestsException"
    assert await cases(connection) == []
    await (await other_shop(server)).post(MESSAGE, {"messageContent": "Hej!"})


async def test_a_message_can_be_repeated(kari: Customer, connection: Connection) -> None:
    first, again = [await kari.call("POST", QUESTION, **{"Idempotency-Key": "m-1"}) for _ in range(2)]
    assert (again.text, again.headers["Idempotency-Replayed"]) == (first.text, "true")
    assert len(await cases(connection)) == 1


async def test_the_audit_log_tells_of_the_case_and_not_what_was_written(
    server: Server, kari: Customer, connection: Connection, reader: Reader
) -> None:
    sent = await kari.send(messageSubject="Private", caseType="B")
    await (await shop(server)).post(MESSAGE, {"messageContent": "Private too", "email": "ola@private.example"})
    rows = await audit_rows(connection)
    assert [(row["action"], row["actor"], row["after"]) for row in rows] == [
        (
            "sendMessage",
            f"user:{reader.unique_id.hex}",
            {"customerNumber": 1001, "product": "PAPER", "caseType": "B"},
        ),
        ("sendMessageClient", f"client:{WEB}", {"customerNumber": None, "product": None, "caseType": None}),
    ]
    assert rows[0]["subject"] == f"case:{sent['id']}"
    assert "rivate" not in str(rows)


async def test_messages_are_read_and_sent_as_xml(kari: Customer, server: Server) -> None:
    headers = bearer(await server.client_token()) | {"Content-Type": "application/xml", "Accept": "application/xml"}
    body = (
        "<message><product>PAPER</product><customerNumber>1001</customerNumber>"
        "<messageContent>5 &lt; 7 &amp; so on</messageContent></message>"
    )
    answer = await server.http.post("/capi/v1/client/message", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "<messages><message><id>" in answer.text
    assert "<messageContent>5 &lt; 7 &amp; so on</messageContent>" in answer.text
    [listed] = await kari.listed()
    assert listed["messageContent"] == "5 < 7 & so on"
