"""The purposes a customer permits, on the enterprise and the order type level."""

from datetime import timedelta
from typing import Any

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.playground import WEB, Playground, Reader
from tests.privacy.customer import Customer, audit_rows, customer

LEVELS = ("privacy/NEWS", "privacy/NEWS/SUB")


def permission(*purposes: str) -> dict[str, Any]:
    return {"permission": [{"purpose": purpose} for purpose in purposes]}


@pytest.fixture
async def kari(server: Server, reader: Reader) -> Customer:
    return await customer(server, reader.credential)


@pytest.mark.parametrize("level", LEVELS)
async def test_the_list_sent_replaces_the_stored_one(kari: Customer, level: str) -> None:
    assert await kari(level) == permission()
    assert await kari(level, permission("EM", "DM")) == permission("DM", "EM")
    assert await kari(level) == permission("DM", "EM")
    assert await kari(level, permission("EM", "TM")) == permission("EM", "TM")
    assert await kari(level) == permission("EM", "TM")


@pytest.mark.parametrize("level", LEVELS)
async def test_an_empty_list_withdraws_all(kari: Customer, level: str) -> None:
    await kari(level, permission("DM", "EM"))
    assert await kari(level, permission()) == permission()
    assert await kari(level) == permission()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("body", [{}, {"permission": None}, {"somethingNew": [1]}])
async def test_a_body_without_the_list_changes_nothing(
    kari: Customer, connection: Connection, level: str, body: dict[str, Any]
) -> None:
    await kari(level, permission("DM"))
    assert await kari(level, body) == permission("DM")
    assert await kari(level) == permission("DM")
    assert len(await audit_rows(connection)) == 1


async def test_an_entry_without_a_purpose_and_one_named_twice_are_no_harm(kari: Customer) -> None:
    body = {"permission": [{}, {"purpose": "DM"}, {"purpose": "DM"}, {"purpose": None}]}
    assert await kari("privacy/NEWS", body) == permission("DM")


async def test_every_level_is_read_and_written_on_its_own(kari: Customer) -> None:
    await kari("privacy/NEWS", permission("DM"))
    await kari("privacy/NEWS/SUB", permission("EM"))
    await kari("privacy/NEWS/NL", permission("DM", "TM"))
    await kari("privacy/NEWS/NL", permission())
    await kari("privacy/MAG", permission("TM"))
    paths = ("privacy/NEWS", "privacy/NEWS/SUB", "privacy/NEWS/NL", "privacy/MAG")
    assert [await kari(path) for path in paths] == [
        permission("DM"),
        permission("EM"),
        permission(),
        permission("TM"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("privacy/NEWS", permission("X" * 21), 400, "permission[0].purpose"),
        ("privacy/NEWS/SUB", permission("DM", "X" * 21), 400, "permission[1].purpose"),
        ("privacy/NEWS", permission("DM", "X" * 20), 400, "permission[1].purpose: there is no purpose"),
        ("privacy/NEWS", {"permission": "DM"}, 400, "permission"),
        ("privacy/NEWS", {"permission": ["DM"]}, 400, "permission[0]"),
        ("privacy/NEWS", {"permission": [{"purpose": 7}]}, 400, "permission[0].purpose"),
        ("privacy/NEWS", [], 400, ""),
        ("privacy/" + "N" * 13, permission("DM"), 400, "enterpriseCode"),
        ("privacy/NEWS/" + "N" * 13, permission("DM"), 400, "orderType"),
        ("privacy/" + "N" * 12, permission("DM"), 404, "enterpriseCode"),
        ("privacy/NEWS/" + "N" * 12, permission("DM"), 404, "orderType"),
        # An order type belongs to its enterprise.
        ("privacy/MAG/SUB", permission("DM"), 404, "orderType"),
    ],
)
async def test_what_is_wrong_is_named_and_leaves_all_as_it_was(
    kari: Customer, connection: Connection, path: str, body: object, status: int, field: str
) -> None:
    await kari("privacy/NEWS", permission("EM"))
    refusal = await kari.refusal(path, body)
    assert refusal[0] == status, refusal
    assert field in refusal[1], refusal
    assert await kari("privacy/NEWS") == permission("EM")
    assert len(await audit_rows(connection)) == 1


@pytest.mark.parametrize("path", ["privacy/" + "N" * 13, "privacy/NEWS/" + "N" * 13])
async def test_an_over_long_code_is_refused_in_lists_too(kari: Customer, path: str) -> None:
    assert (await kari.refusal(path))[0] == 400


async def test_who_is_no_customer_has_no_permissions(server: Server, playground: Playground) -> None:
    await playground.add_reader("loner@example.no")
    loner = await customer(server, "loner@example.no")
    for path in LEVELS:
        assert await loner.refusal(path) == (404, "the user is not a customer here")
        assert await loner.refusal(path, permission("DM")) == (404, "the user is not a customer here")


async def test_a_change_is_written_down_with_who_what_from_and_to(
    kari: Customer, connection: Connection, reader: Reader
) -> None:
    await kari("privacy/NEWS", permission("DM"))
    await kari("privacy/NEWS", permission("EM"))
    await kari("privacy/NEWS/SUB", permission("TM"))
    who = {"partner_id": 1, "actor": f"user:{reader.unique_id.hex}", "client_id": WEB, "subject": "customer:1001"}

    def level(order_type: str, *purposes: str) -> dict[str, Any]:
        return {"enterprise": "NEWS", "orderType": order_type, "purposes": list(purposes)}

    enterprise, order_type = "changePrivacyEnterprise", "changePrivacyOrdertype"
    assert await audit_rows(connection) == [
        who | {"action": enterprise, "before": level(""), "after": level("", "DM")},
        who | {"action": enterprise, "before": level("", "DM"), "after": level("", "EM")},
        who | {"action": order_type, "before": level("SUB"), "after": level("SUB", "TM")},
    ]


async def test_an_audit_row_has_the_time_and_the_request(kari: Customer, connection: Connection, clock: Clock) -> None:
    clock.move(timedelta(hours=3))
    before = clock.now()
    answer = await kari.send("privacy/NEWS", permission("DM"))
    row = await connection.fetchrow("select occurred_at, request_id from audit_log")
    assert row is not None
    assert before <= row["occurred_at"] <= clock.now()
    assert row["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("level", LEVELS)
async def test_nothing_is_written_when_nothing_changed(
    kari: Customer, connection: Connection, clock: Clock, level: str
) -> None:
    await kari(level, permission("DM", "EM"))
    stored = await connection.fetch("select xmin::text, * from privacy_permission order by purpose")
    clock.move(timedelta(minutes=1))
    assert await kari(level, permission("EM", "DM")) == permission("DM", "EM")
    assert await connection.fetch("select xmin::text, * from privacy_permission order by purpose") == stored
    assert len(await audit_rows(connection)) == 1


async def test_what_stays_permitted_keeps_its_time(kari: Customer, connection: Connection, clock: Clock) -> None:
    await kari("privacy/NEWS", permission("DM"))
    clock.move(timedelta(hours=1))
    await kari("privacy/NEWS", permission("DM", "EM"))
    rows = await connection.fetch("select purpose, changed_at from privacy_permission")
    times = {row["purpose"]: row["changed_at"] for row in rows}
    assert times["EM"] - times["DM"] > timedelta(minutes=59)


async def test_changes_at_the_same_moment_come_one_after_another(kari: Customer, connection: Connection) -> None:
    lists = [("DM",), ("EM",), ("TM",), ("DM", "EM", "TM"), (), ("DM", "TM")]
    answers = await kari.at_once("privacy/NEWS", [permission(*purposes) for purposes in lists * 2])
    # Each got what it had sent, and the end is what one of them wanted: never a mixture of two.
    assert answers == [permission(*purposes) for purposes in lists * 2]
    final = await kari("privacy/NEWS")
    assert final in [permission(*purposes) for purposes in lists]
    # The log is one unbroken chain from the start to that end.
    rows = await audit_rows(connection)
    steps = [row["before"]["purposes"] for row in rows] + [rows[-1]["after"]["purposes"]]
    assert steps[0] == []
    assert steps[1:] == [row["after"]["purposes"] for row in rows]
    assert permission(*steps[-1]) == final


async def test_changes_of_two_levels_at_the_same_moment_are_both_kept(kari: Customer) -> None:
    paths = ("privacy/NEWS", "privacy/NEWS/SUB", "privacy/NEWS/NL", "privacy/MAG")
    await kari.everywhere(paths, permission("DM"))
    assert [await kari(path) for path in paths] == [permission("DM")] * 4


async def test_a_change_that_fails_half_way_leaves_nothing_half_done(kari: Customer, connection: Connection) -> None:
    await kari("privacy/NEWS", permission("DM"))
    # The last thing a change does is to write the audit row.
    await connection.execute("alter table audit_log add constraint full_up check (audit_id < 2)")
    answer = await kari.send("privacy/NEWS", permission("EM"))
    assert answer.status_code == 500
    assert await kari("privacy/NEWS") == permission("DM")
    assert len(await audit_rows(connection)) == 1


async def test_a_repeated_change_with_the_same_key_is_made_once(kari: Customer, connection: Connection) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await kari.send("privacy/NEWS", permission("DM"), **key)
    await kari("privacy/NEWS", permission("EM"))
    again = await kari.send("privacy/NEWS", permission("DM"), **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await kari("privacy/NEWS") == permission("EM")
    assert len(await audit_rows(connection)) == 2


async def test_a_change_can_be_sent_and_answered_in_xml(server: Server, reader: Reader, kari: Customer) -> None:
    token = await server.user_token(reader.credential)
    answer = await server.http.post(
        "/capi/v1/customer/privacy/NEWS",
        content="<privacy><permission><permission><purpose>DM</purpose></permission></permission></privacy>",
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/xml;charset=UTF-8",
            "Accept": "application/xml",
        },
    )
    assert answer.status_code == 200, answer.text
    assert "<purpose>DM</purpose>" in answer.text
    assert await kari("privacy/NEWS") == permission("DM")
