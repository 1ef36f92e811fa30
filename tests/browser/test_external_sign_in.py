"""Signing in through another provider, in a real browser: cookies, security policy and all. The provider is another
site, `localhost` instead of 127.0.0.1, so what browsers keep from other sites is kept from it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.settings import Settings
from tests.browser.surfing import Looks, Window, seen_in
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.external_sign_in.provider import CLIENT_ID, SECRET, Provider, running_provider
from tests.identity.external_sign_in.travelling import links
from tests.playground import Playground, Reader
from tests.processes import free_port

READERS = [Looks("nb"), Looks("sv", script=False, width=320), Looks("en", script=False, dark=True)]


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


@seen_in(*READERS)
@pytest.mark.parametrize("name", ["Vipps", "Apple"])
async def test_there_and_back_again(window: Window, provider: Provider, connection: Connection, name: str) -> None:
    provider.claims = {"sub": "v-1", "email": "ola@example.no", "email_verified": True}
    provider.shows_form = True
    await window.open("/user/login", **window.site)
    await window.look("providers")
    await window.press("Continue with %(name)s", name=name)
    if name == "Apple":
        # A form of another site brings no cookie of ours; what it is answered with does.
        async with window.page.expect_navigation():
            await window.page.get_by_role("button", name="Go on").click()
    assert window.page.url == window.back
    assert [code for code, _, _ in await links(connection)] == [name.lower()]
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.back


@seen_in(*READERS[:2])
async def test_an_address_is_asked_for_and_proved(window: Window, provider: Provider, connection: Connection) -> None:
    provider.claims = {"sub": "v-1", "name": "Ola Nordmann"}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    await window.look("external-address")
    await window.field("E-mail or mobile number").fill("ola@example.no")
    await window.press("Send me a code")
    await window.look("external-code")
    await window.field("Code").fill(await window.newest_code("ola@example.no"))
    await window.press("Continue")
    assert window.page.url == window.back


@seen_in(*READERS[1:])
async def test_an_address_that_is_here_already_is_proved(
    window: Window, provider: Provider, playground: Playground
) -> None:
    await playground.add_reader("ola@example.no", level="notVerified")
    provider.claims = {"sub": "v-1", "email": "ola@example.no", "email_verified": True}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    await window.look("external-confirm")
    await window.press("Send me a code")
    await window.field("Code").fill(await window.newest_code("ola@example.no"))
    await window.press("Continue")
    assert window.page.url == window.back


@seen_in(*READERS[::2])
async def test_who_gives_up_sees_the_page_again(window: Window, provider: Provider) -> None:
    provider.answer = {"error": "access_denied", "code": ""}
    await window.open("/user/login", **window.site)
    await window.press("Continue with %(name)s", name="Vipps")
    await window.look("external-given-up")
    said = await window.alert()
    assert said == window.text(
        "You did not finish signing in with %(name)s. Try again, or sign in another way.", name="Vipps"
    )
    # The page stands at the address that the provider leads to; what is on it leads on all the same.
    await window.press("Norsk nynorsk")
    assert await window.page.locator("html").get_attribute("lang") == "nn"
    assert "/user/login?" in window.page.url
    await window.press("Berre denne gongen")
    assert "remember=false" in str(await window.page.get_by_role("link", name="Vipps").get_attribute("href"))


@seen_in(Looks("nb"), Looks("sv", script=False, width=320, height=640, dark=True))
@pytest.mark.parametrize("name", ["Vipps", "Apple"])
async def test_one_is_added_to_the_account_and_removed(
    window: Window, provider: Provider, connection: Connection, reader: Reader, name: str
) -> None:
    provider.claims = {"sub": "v-1", "email": "en.ganske.lang.adresse.som.ikke.faar.plass@avisene.example.no"}
    provider.shows_form = True
    await window.open("/user/account", clientId=window.site["clientId"], returnUrl=window.back)
    await window.sign_in(reader)
    await window.look("account-with-providers")
    await window.press("Other ways to sign in")
    await window.look("account-providers")
    await window.press("Add %(name)s", name=name)
    if name == "Apple":
        async with window.page.expect_navigation():
            await window.page.get_by_role("button", name="Go on").click()
    await window.look("account-provider-asked")
    assert await links(connection) == []
    await window.press("Add %(name)s", name=name)
    await window.look("account-provider-added")
    said = await window.page.get_by_role("status").inner_text()
    assert said == window.text("It is added. You can sign in with it from now on.")
    assert [(code, who) for code, _, who in await links(connection)] == [(name.lower(), reader.unique_id)]
    await window.press("Remove")
    assert await window.page.get_by_role("status").inner_text() == window.text("It is removed.")
    provider.answer = {"error": "access_denied", "code": ""}
    await window.press("Add %(name)s", name="Vipps")
    await window.look("account-provider-given-up")
    assert await window.alert() == window.text(
        "You did not go through with it at %(name)s. Nothing has been added.", name="Vipps"
    )
