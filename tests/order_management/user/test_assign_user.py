"""Assign user - client mode."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server, bearer
from tests.ordering import DIGI, OLA, Ordering
from tests.playground import OTHER, OTHER_SECRET, WEB, Playground, Reader

MESSAGE = {
    "isSendMessage": True,
    "overrideClientId": WEB,
    "returnUrl": "https://web.example.no/in",
    "errorUrl": "https://web.example.no/out",
}


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


@pytest.fixture
async def token(server: Server) -> str:
    return await server.client_token()


@pytest.fixture
def assign(server: Server, token: str) -> Any:
    async def assign(order_id: object, credential: str, **members: Any) -> httpx.Response:
        path = f"/capi/v1/client/order/{order_id}/user"
        return await server.http.post(path, json={"credential": credential} | members, headers=bearer(token))

    return assign


async def fulfilled(ordering: Ordering, *lines: Any, **columns: Any) -> int:
    state: dict[str, Any] = {"status": "fulfilled", "next_attempt_at": ordering.clock.now()}
    return await ordering.order(*lines, **(state | columns))


async def transferred(ordering: Ordering, playground: Playground, number: int = 1001, **columns: Any) -> int:
    await playground.connection.execute(
        """
        insert into customer (partner_id, customer_number, last_name, created_at) values (1, $1, 'Nordmann', $2)
        on conflict do nothing
        """,
        number,
        ordering.clock.now(),
    )
    return await ordering.order(status="transferred", customer_number=number, **columns)


async def test_a_user_is_made_from_the_credential_and_has_the_order(
    assign: Any, ordering: Ordering, connection: Connection
) -> None:
    order_id = await fulfilled(ordering)
    answer = await assign(order_id, "Ola@Example.no")
    assert answer.status_code == 200, answer.text
    unique_id = answer.json()["uniqueUserId"]
    assert answer.json() == {
        "orderId": order_id,
        "uniqueUserId": unique_id,
        "isNewUser": True,
        "isPasswordSet": False,
    }
    row = await connection.fetchrow("select * from user_credential natural join user_account")
    assert row is not None
    assert (row["credential"], row["credential_type"], row["verification_level"]) == (
        "ola@example.no",
        "A",
        "notVerified",
    )
    assert (row["unique_id"], row["first_name"], row["last_name"]) == (UUID(unique_id), "Ola", "Nordmann")
    assert await connection.fetchval("select unique_id from customer_order") == UUID(unique_id)
    again = await assign(order_id, "ola@example.no")
    assert again.json() == answer.json() | {"isNewUser": False}
    assert await ordering.count("message") == 0


async def test_who_has_an_account_keeps_it(assign: Any, ordering: Ordering, playground: Playground) -> None:
    reader = await playground.add_reader("kari@example.no")
    answer = await assign(await fulfilled(ordering), "kari@example.no")
    assert answer.json()["uniqueUserId"] == reader.unique_id.hex
    assert (answer.json()["isNewUser"], answer.json()["isPasswordSet"]) == (False, True)


async def test_a_user_for_somebody_else_than_the_payer_has_no_name_of_his(
    assign: Any, ordering: Ordering, connection: Connection
) -> None:
    await assign(await fulfilled(ordering), "knut@example.no")
    assert await connection.fetchval("select last_name from user_account") is None


async def test_an_external_identity_and_a_number_without_its_country_will_do(
    assign: Any, ordering: Ordering, connection: Connection
) -> None:
    await assign(await fulfilled(ordering), "AID:abc-1")
    await assign(await fulfilled(ordering), "90 90 90 90")
    rows = await connection.fetch("select credential, verification_level from user_credential order by credential")
    assert [tuple(row) for row in rows] == [("+4790909090", "notVerified"), ("AID:abc-1", "externallyVerified")]


async def test_the_user_becomes_the_customer_of_an_order_that_is_handed_over(
    assign: Any, ordering: Ordering, playground: Playground, connection: Connection
) -> None:
    order_id = await transferred(ordering, playground)
    unique_id = (await assign(order_id, "ola@example.no")).json()["uniqueUserId"]
    row = await connection.fetchrow("select unique_id, partner_id, customer_number from user_customer")
    assert row is not None
    assert tuple(row) == (UUID(unique_id), 1, 1001)


async def test_temporary_access_opens_for_the_user_before_the_hand_over(
    assign: Any, ordering: Ordering, connection: Connection
) -> None:
    line = DIGI | {"allow_access_product": "DIGI", "allow_access_seconds": 86400}
    order_id = await fulfilled(ordering, line)
    for _ in range(2):
        assert (await assign(order_id, "ola@example.no")).status_code == 200
    row = await connection.fetchrow("select a.code, u.unique_id from customer_access a natural join user_customer u")
    assert row is not None
    assert row["code"] == "DIGI"
    assert await ordering.count("customer_access") == 1


async def test_a_user_who_is_another_customer_is_a_conflict_and_nothing_is_changed(
    assign: Any, ordering: Ordering, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("kari@example.no", 1002)
    order_id = await transferred(ordering, playground)
    assert (await assign(order_id, "kari@example.no")).status_code == 409
    assert await connection.fetchval("select unique_id from customer_order") is None
    assert await connection.fetchval("select customer_number from user_customer") == 1002


async def test_nobody_gets_at_a_customer_that_was_only_found_by_an_address_somebody_typed(
    assign: Any, ordering: Ordering, playground: Playground, connection: Connection
) -> None:
    await playground.add_reader("ola@example.no", 1001)
    typed = await transferred(ordering, playground, payer=OLA)
    answer = await assign(typed, "thief@example.no")
    assert answer.status_code == 409
    assert await connection.fetchval("select count(*) from user_account") == 1
    # The partner has named this customer itself; it may have several users.
    named = await transferred(ordering, playground, payer=OLA | {"customerNumber": 1001})
    assert (await assign(named, "daughter@example.no")).status_code == 200


async def test_an_order_belongs_to_one_user(assign: Any, ordering: Ordering, playground: Playground) -> None:
    reader = await playground.add_reader("kari@example.no")
    order_id = await fulfilled(ordering, unique_id=reader.unique_id)
    assert (await assign(order_id, "ola@example.no")).status_code == 409
    assert (await assign(order_id, "kari@example.no")).status_code == 200
    assert await ordering.count("user_account") == 1


async def test_a_closed_account_is_a_conflict(
    assign: Any, ordering: Ordering, playground: Playground, clock: Clock
) -> None:
    reader = await playground.add_reader("kari@example.no")
    await playground.connection.execute(
        "update user_account set disabled_at = $2 where unique_id = $1", reader.unique_id, clock.now()
    )
    assert (await assign(await fulfilled(ordering), "kari@example.no")).status_code == 409


@pytest.mark.parametrize("status", ["preliminary", "cancelled", "failed", "expired"])
async def test_an_order_that_is_not_fulfilled_is_refused(assign: Any, ordering: Ordering, status: str) -> None:
    answer = await assign(await ordering.order(status=status), "ola@example.no")
    assert answer.status_code == 400
    assert "orderId: the order is " + status in answer.json()["errorMessage"]
    assert await ordering.count("user_account") == 0


async def test_an_order_of_user_mode_is_refused(assign: Any, ordering: Ordering, reader: Reader) -> None:
    order_id = await fulfilled(ordering, mode="user", unique_id=reader.unique_id)
    answer = await assign(order_id, reader.credential)
    assert (answer.status_code, answer.json()["errorMessage"]) == (
        400,
        "orderId: the order was registered by a user, whose it is",
    )


async def test_an_order_of_another_partner_is_not_there(server: Server, assign: Any, ordering: Ordering) -> None:
    order_id = await fulfilled(ordering)
    assert (await assign(order_id + 1, "ola@example.no")).status_code == 404
    headers = bearer(await server.client_token(OTHER, OTHER_SECRET))
    path = f"/capi/v1/client/order/{order_id}/user"
    assert (await server.http.post(path, json={"credential": "ola@example.no"}, headers=headers)).status_code == 404
    assert await ordering.count("user_account") == 0


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"credential": None}, "credential"),
        ({"credential": ""}, "credential"),
        ({"credential": "nobody"}, "credential"),
        ({"credential": "a" * 50 + "@example.no"}, "credential"),
        ({"isSendMessage": "perhaps"}, "isSendMessage"),
        (MESSAGE | {"credential": "AID:abc"}, "credential: expected an e-mail address or a mobile number"),
        (MESSAGE | {"returnUrl": None}, "returnUrl: missing"),
        (MESSAGE | {"errorUrl": None}, "errorUrl: missing"),
        (MESSAGE | {"overrideClientId": None}, "overrideClientId: missing"),
        (MESSAGE | {"overrideClientId": "no.such.client"}, "overrideClientId: there is no client"),
        (MESSAGE | {"overrideClientId": OTHER}, "overrideClientId: there is no client"),
        (MESSAGE | {"returnUrl": "https://evil.example/"}, "returnUrl: the host is not registered"),
        (MESSAGE | {"errorUrl": "https://evil.example/"}, "errorUrl: the host is not registered"),
        (MESSAGE | {"linkLifetime": 0}, "linkLifetime"),
        (MESSAGE | {"linkLifetime": 169}, "linkLifetime"),
    ],
)
async def test_what_is_wrong_is_named_and_makes_nobody(
    assign: Any, ordering: Ordering, members: dict[str, Any], field: str
) -> None:
    body = {"credential": "ola@example.no"} | members
    answer = await assign(await fulfilled(ordering), **body)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errorMessage"]
    assert await ordering.count("user_account") == await ordering.count("message") == 0


@pytest.mark.parametrize("order_id", ["x", "-1", "1.5", "9" * 20])
async def test_an_order_id_that_can_be_none_is_refused(assign: Any, order_id: str) -> None:
    answer = await assign(order_id, "ola@example.no")
    assert answer.status_code == 400
    assert "orderId" in answer.json()["errorMessage"]


async def link_in(connection: Connection) -> tuple[dict[str, Any], str]:
    """The one message, and the secret of its link."""
    row = await connection.fetchrow("select * from message")
    assert row is not None
    found = re.search(r"/user/loginLink\?token=([\w-]+)", row["text"])
    assert found is not None, row["text"]
    return dict(row), found.group(1)


async def test_a_new_user_is_sent_a_link_that_the_caller_never_sees(
    assign: Any, ordering: Ordering, connection: Connection, clock: Clock
) -> None:
    answer = await assign(await fulfilled(ordering), "ola@example.no", **MESSAGE)
    assert answer.status_code == 200, answer.text
    message, secret = await link_in(connection)
    assert (message["kind"], message["recipient"]) == ("mail", "ola@example.no")
    assert "Velg passord" in message["text"]
    assert secret in message["html"]
    assert secret not in message["subject"]
    assert secret not in answer.text
    link = await connection.fetchrow("select * from login_link")
    assert link is not None
    assert link["link_hash"] == hash_secret(secret)
    assert (link["return_url"], link["error_url"], link["client_id"]) == (
        MESSAGE["returnUrl"],
        MESSAGE["errorUrl"],
        WEB,
    )
    assert link["expires_at"] - link["created_at"] == timedelta(hours=2)
    assert message["expires_at"] == link["expires_at"]
    audited = await connection.fetch("select before, after from audit_log")
    assert secret not in str([dict(row) for row in audited])


async def test_who_has_a_password_is_sent_a_link_for_signing_in_and_a_phone_gets_one_line(
    assign: Any, ordering: Ordering, connection: Connection, playground: Playground
) -> None:
    await playground.add_reader("+4790909090")
    answer = await assign(await fulfilled(ordering), "+4790909090", **MESSAGE, linkLifetime=168)
    assert answer.status_code == 200, answer.text
    message, _ = await link_in(connection)
    assert (message["kind"], message["subject"], message["html"]) == ("sms", None, None)
    assert "Logg inn her" in message["text"]
    assert "\n" not in message["text"]
    link = await connection.fetchrow("select created_at, expires_at from login_link")
    assert link is not None
    assert link["expires_at"] - link["created_at"] == timedelta(days=7)


async def test_a_clients_own_words_are_used_in_the_language_of_the_country(
    server: Server, assign: Any, ordering: Ordering, connection: Connection
) -> None:
    await connection.executemany(
        "insert into client_template values ($1, $2, $3, $4, $5, $6)",
        [
            (WEB, "assignNewUser", "mail", "en", "Hello from {site}", "In English: {link}"),
            (WEB, "assignNewUser", "mail", "nb", "Hei fra {site}", "Her: {link} og {link}, {other}"),
            (WEB, "assignExistingUser", "mail", "nb", "Nei", "Nei {link}"),
            (WEB, "assignNewUser", "sms", "nb", None, "SMS fra {site}: {link}"),
        ],
    )
    await server.parts.catalogue.subscription.fetch(connection)
    await assign(await fulfilled(ordering), "ola@example.no", **MESSAGE)
    message, secret = await link_in(connection)
    assert message["subject"] == f"Hei fra {WEB}"
    address = f"{server.parts.settings.public_url}/user/loginLink?token={secret}"
    assert message["text"] == f"Her: {address} og {address}, {{other}}"
    await connection.execute("delete from message")
    await assign(await fulfilled(ordering), "+4790909090", **MESSAGE)
    message, secret = await link_in(connection)
    assert message["text"].startswith(f"SMS fra {WEB}: http")


async def test_a_newer_link_ends_the_one_before(assign: Any, ordering: Ordering, connection: Connection) -> None:
    order_id = await fulfilled(ordering)
    for _ in range(2):
        await assign(order_id, "ola@example.no", **MESSAGE)
    live = await connection.fetchval("select count(*) from login_link where expires_at > created_at")
    assert await connection.fetchval("select count(*) from login_link") == 2
    ended = await connection.fetchval(
        "select count(*) from login_link l where expires_at <= (select max(created_at) from login_link)"
    )
    assert (live, ended) == (2, 1)


async def test_many_calls_at_once_make_one_user(assign: Any, ordering: Ordering) -> None:
    orders = [await fulfilled(ordering) for _ in range(10)]
    answers = await asyncio.gather(*(assign(order_id, "ola@example.no") for order_id in orders * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["uniqueUserId"] for answer in answers}) == 1
    assert sum(answer.json()["isNewUser"] for answer in answers) == 1
    assert await ordering.count("user_account") == 1
