"""Signing in through another provider, in a real browser: cookies, security policy and all. The provider is another
site, `localhost` instead of 127.0.0.1, so what browsers keep from other sites is kept from it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.settings import Settings
from tests.browser.surfing import Looks, Surfing, Window
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.external_sign_in.provider import CLIENT_ID, SECRET, Provider, running_provider
from tests.identity.external_sign_in.travelling import links
from tests.playground import Playground
from tests.processes import free_port

READERS = [Looks("nb", script=True), Looks("sv", script=False, width=320), Looks("en", script=False, dark=True)]


@pytest.fixture
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    async with running_provider(clock) as provider:
        provider.base = provider.base.replace("127.0.0.1", "localhost")
        yield provider


@pytest.fixture
async def local_server(
    playground: Playground, database_url: str, clock: Clock, provider: Provider, tmp_path: Path
) -> AsyncIterator[Server]:
    entry = f"issuer: {provider.issuer}, clientId: {CLIENT_ID}, clientSecretFile: secret, trustsEmail: true"
    (tmp_path / "secret").write_text(SECRET)
    path = tmp_path / "providers.yaml"
    path.write_text(
        f"""
providers:
  - {{code: vipps, name: Vipps, {entry}}}
  - {{code: apple, name: Apple, responseMode: form_post, {entry}}}
"""
    )
    port = free_port()
    settings = Settings(log_level="error", port=port, public_url=f"http://127.0.0.1:{port}", sign_in_providers=path)
    async with running_server(database_url, clock, settings, port=port) as server:
        yield server


@pytest.fixture(params=READERS, ids=lambda looks: f"{looks.language}-{'with' if looks.script else 'without'}-script")
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    async with surfing.window(request.param) as window:
        yield window
        assert window.complaints == []


@pytest.mark.parametrize("name", ["Vipps", "Apple"])
async def test_there_and_back_again(window: Window, provider: Provider, connection: Connection, name: str) -> None:
    provider.claims = {"sub": "v-1", "email": "ola@example.no", "email_verified": True}
    provider.shows_form = True
    await window.open("/user/login", **window.site)
    assert await window.flaws() == []
    await window.press("Continue with %(name)s", name=name)
    if name == "Apple":
        # A form of another site brings no cookie of ours; what it is answered with does.
        async with window.page.expect_navigation():
            await window.page.get_by_role("button", name="Go on").click()
    assert window.page.url == window.back
    assert [code for code, _, _ in await links(connection)] == [name.lower()]
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.back


async def test_an_address_is_asked_for_and_proved(window: Window, provider: Provider, connection: Connection) -> None:
    provider.claims = {"sub": "v-1", "name": "Ola Nordmann"}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    assert await window.flaws() == []
    await window.field("E-mail or mobile number").fill("ola@example.no")
    await window.press("Send me a code")
    assert await window.flaws() == []
    await window.field("Code").fill(await window.newest_code("ola@example.no"))
    await window.press("Continue")
    assert window.page.url == window.back


async def test_an_address_that_is_here_already_is_proved(
    window: Window, provider: Provider, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no", level="notVerified")
    provider.claims = {"sub": "v-1", "email": "ola@example.no", "email_verified": True}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    assert await window.flaws() == []
    await window.press("Send me a code")
    await window.field("Code").fill(await window.newest_code("ola@example.no"))
    await window.press("Continue")
    assert window.page.url == window.back


async def test_who_gives_up_sees_the_page_again(window: Window, provider: Provider) -> None:
    provider.answer = {"error": "access_denied", "code": ""}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    assert await window.flaws() == []
    said = await window.page.get_by_role("alert").first.inner_text()
    assert said == window.text(
        "You did not finish signing in with %(name)s. Try again, or sign in another way.", name="Vipps"
    )
    # The page stands at the address that the provider leads to; what is on it leads on all the same.
    await window.page.get_by_role("link", name="Norsk nynorsk").click()
    assert await window.page.locator("html").get_attribute("lang") == "nn"
    assert "/user/login?" in window.page.url
    await window.page.get_by_role("link", name="Berre denne gongen").click()
    assert "remember=false" in str(await window.page.get_by_role("link", name="Vipps").get_attribute("href"))
