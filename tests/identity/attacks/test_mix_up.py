"""Mix-up: what was made for one place is nothing at another. Keys and purposes of sealed values are all distinct."""

import re
from datetime import timedelta

import httpx
import pytest

from kolofon.identity.external_sign_in.pending import Pending
from kolofon.identity.external_sign_in.told import Told
from kolofon.identity.pages.flows import Flow
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from kolofon.platform.sealing import Secrets, seal_value, unseal_value
from tests.browser_session import Server
from tests.identity.pages.reading import Form, reading
from tests.playground import WEB, Reader


async def test_every_purpose_has_a_key_of_its_own(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    purposes: list[str] = []
    derive = Secrets.key

    def noted(secrets: Secrets, purpose: str) -> bytes:
        purposes.append(purpose)
        return derive(secrets, purpose)

    monkeypatch.setattr(Secrets, "key", noted)
    server.parts.login_server()
    assert len(purposes) >= 12
    assert len(set(purposes)) == len(purposes)
    keys = [derive(server.parts.secrets, purpose) for purpose in purposes]
    assert len(set(keys)) == len(keys)


async def test_a_provider_sign_in_and_a_flow_of_the_pages_are_not_read_as_each_other(clock: Clock) -> None:
    """They are sealed with one key, and a browser has both."""
    key, ends = bytes(32), clock.now() + timedelta(minutes=1)
    told = Told(subject="s", vouched=(), email="", names=(None, None, None), info={})
    pending = Pending(
        provider_code="vipps",
        told=told,
        credential="ola@example.no",
        chosen="ola@example.no",
        code_id=new_uuid(),
        remember=True,
        browser="b",
        expires_at=ends,
    )
    flow = Flow(
        step="new_password",
        credential="ola@example.no",
        purpose="password",
        code_id=new_uuid(),
        remember=True,
        browser="b",
        expires_at=ends,
    )
    assert unseal_value(key, seal_value(key, pending), Pending) == pending
    assert unseal_value(key, seal_value(key, flow), Flow) == flow
    assert unseal_value(key, seal_value(key, pending), Flow) is None
    assert unseal_value(key, seal_value(key, flow), Pending) is None


@pytest.mark.parametrize("at", ["login", "externalConfirm", "account/credentials", "account/security/app"])
async def test_a_value_that_was_sealed_for_another_page_leads_nowhere(
    server: Server, connection: Connection, reader: Reader, at: str
) -> None:
    """Every hidden field of one page, sent to another one by the same browser."""
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        app = await browser.http.get(f"/user/account/security/app?clientId={WEB}")
        code = await browser.press(await browser.open("login", prompt="login"), "by_code", j_username=reader.credential)
        code = await browser.press(code, "code", j_username=reader.credential)
        flows = {
            "account/security/app": _flow_of(app),
            "login": _flow_of(code),
            "consent": seal_value(server.parts.login_server().consent_key, {"x": 1}),
            "device": seal_value(server.parts.login_server().device_key, {"x": 1}),
        }
        token = Form(code.text).fields["form_token"]
        for made_at, flow in flows.items():
            if made_at == at:
                continue
            for action in ("enter_code", "add", "set_password", "second_factor"):
                form = {"flow": flow, "form_token": token, "action": action, "code": "000000", "new_password": "x" * 12}
                answer = await browser.http.post(
                    f"/user/{at}",
                    params={
                        "clientId": WEB,
                        "returnUrl": "https://web.example.no/",
                        "errorUrl": "https://web.example.no/",
                    },
                    data=form,
                    follow_redirects=False,
                )
                assert answer.status_code in {200, 400}, (made_at, action)
                assert "set_password" not in Form(answer.text).buttons
    assert await connection.fetchval("select count(*) from totp_secret") == 0
    assert await connection.fetchval("select count(*) from user_session") == 1


def _flow_of(page: httpx.Response) -> str:
    found = re.search(r'name="flow" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)
