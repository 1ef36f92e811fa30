"""Who changed what, when, from what to what."""

import getpass
from typing import Any

import msgspec

from kolofon.platform import audit
from kolofon.platform.audit import Change
from tests.browser_session import Server, bearer
from tests.playground import WEB, Playground, Reader

PRIVACY = "/capi/v1/customer/privacy/NEWS"


async def log(playground: Playground) -> list[dict[str, Any]]:
    rows = await playground.connection.fetch("select * from audit_log order by audit_id")
    return [dict(row) for row in rows]


async def test_a_change_is_written_down_with_who_when_and_both_states(
    server: Server, playground: Playground, reader: Reader
) -> None:
    headers = bearer(await server.user_token(reader.credential))
    before = playground.clock.now()
    body = {"permission": [{"purpose": "DM"}]}
    answer = await server.http.post(PRIVACY, json=body, headers=headers)
    [entry] = await log(playground)
    assert before <= entry["occurred_at"] <= playground.clock.now()
    assert entry["partner_id"] == 1
    assert entry["actor"] == f"user:{reader.unique_id.hex}"
    assert entry["client_id"] == WEB
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["action"] == "changePrivacyEnterprise"
    assert entry["subject"] == "customer:1001"
    assert entry["before"] == {"enterprise": "NEWS", "orderType": "", "purposes": []}
    assert entry["after"] == {"enterprise": "NEWS", "orderType": "", "purposes": ["DM"]}


async def test_each_change_begins_where_the_one_before_it_ended(
    server: Server, playground: Playground, reader: Reader
) -> None:
    headers = bearer(await server.user_token(reader.credential))
    for purposes in (["DM"], ["DM", "EM"], [], ["TM"]):
        body = {"permission": [{"purpose": purpose} for purpose in purposes]}
        await server.http.post(PRIVACY, json=body, headers=headers)
    entries = await log(playground)
    assert len(entries) == 4
    assert [entry["before"] for entry in entries[1:]] == [entry["after"] for entry in entries[:-1]]


async def test_what_changes_nothing_and_what_is_refused_leaves_no_entry(
    server: Server, playground: Playground, reader: Reader
) -> None:
    headers = bearer(await server.user_token(reader.credential))
    bodies: list[dict[str, Any]] = [{"permission": []}, {}, {"permission": [{"purpose": "NONSENSE"}]}]
    for body in bodies:
        await server.http.post(PRIVACY, json=body, headers=headers)
    await server.http.get(PRIVACY, headers=headers)
    assert await log(playground) == []


async def test_a_client_is_named_as_itself(server: Server, playground: Playground) -> None:
    body = {"externalId": "1", "credentialType": "X"}
    await server.http.post("/capi/v1/client/extid", json=body, headers=bearer(await server.client_token()))
    [entry] = await log(playground)
    assert (entry["actor"], entry["client_id"]) == (f"client:{WEB}", WEB)
    assert entry["action"] == "registerExternalIdClient"
    # Of a thing that was not there before there is no state before.
    assert entry["before"] is None
    assert entry["subject"].startswith("user:")


async def test_an_entry_goes_with_the_transaction_of_its_change(playground: Playground) -> None:
    transaction = playground.connection.transaction()
    await transaction.start()
    change = Change(action="userAdd", subject="user:1", after={"a": [1, None, "æ"]})
    actor = f"command-line:{getpass.getuser()}"
    await audit.record_command(playground.connection, playground.clock, None, actor, change)
    [entry] = await log(playground)
    assert (entry["actor"], entry["client_id"], entry["request_id"], entry["partner_id"]) == (actor, None, None, None)
    assert entry["after"] == msgspec.to_builtins(change.after)
    await transaction.rollback()
    assert await log(playground) == []
