"""A code and a flow are each bound by themselves: were one binding to fail, the other would still hold."""

from datetime import timedelta

import msgspec
import pytest

from kolofon.events.outbox.service import Message
from kolofon.identity.codes.service import Asked
from kolofon.identity.pages.flows import Flow, read_flow, seal_flow
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server

ASKED = Asked(credential="kari@example.no", purpose="register", browser="browser-1", address="192.0.2.1")
OTHERS = {"credential": "ola@example.no", "purpose": "login", "browser": "browser-2"}


@pytest.mark.parametrize("member", list(OTHERS))
async def test_a_code_is_bound_to_credential_purpose_and_browser(
    server: Server, connection: Connection, member: str
) -> None:
    codes = server.parts.login_server().codes
    sent: list[str] = []

    def write(code: str, ends: object) -> Message:
        sent.append(code)
        return Message(kind="sms", recipient="+4790000000", text=code, expires_at=server.parts.clock.now())

    code_id = await codes.issue(server.parts.pool(), ASKED, write)
    other = msgspec.structs.replace(ASKED, **{member: OTHERS[member]})
    assert not await codes.enter(connection, code_id, other, sent[0])
    assert not await codes.enter(connection, new_uuid(), ASKED, sent[0])
    assert not await codes.spend(connection, code_id)
    assert await codes.enter(connection, code_id, ASKED, sent[0])
    assert [await codes.spend(connection, code_id) for _ in range(2)] == [True, False]


def test_a_flow_is_bound_to_its_browser_its_key_and_its_time(clock: Clock) -> None:
    key, now = b"k" * 32, clock.now()
    flow = Flow(
        step="details",
        credential="kari@example.no",
        purpose="register",
        code_id=new_uuid(),
        remember=True,
        browser="browser-1",
        expires_at=now + timedelta(minutes=1),
    )
    sealed = seal_flow(key, flow)
    assert read_flow(key, sealed, "browser-1", now) == flow
    assert read_flow(key, sealed, "browser-2", now) is None
    assert read_flow(b"x" * 32, sealed, "browser-1", now) is None
    assert read_flow(key, sealed, "browser-1", flow.expires_at) is None
    for text in ("", "A", "æ", sealed[:-4], f"A{sealed[1:]}"):
        assert read_flow(key, text, "browser-1", now) is None
