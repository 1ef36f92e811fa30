"""Passkeys by Chromium's own virtual authenticator, and codes from an app, in a real browser."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pyotp
import pytest
from playwright.async_api import CDPSession

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser.surfing import Looks, Surfing, Window
from tests.playground import PASSWORD, WEB, Reader

READERS = [Looks("nb"), Looks("sv", width=320, height=640, dark=True)]
SECURITY = "/user/account/security"


@pytest.fixture(params=READERS, ids=lambda looks: f"{looks.language}-{looks.width}")
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    async with surfing.window(request.param) as window:
        yield window
        assert window.complaints == []


class Device(msgspec.Struct):
    """A device in the window that keeps passkeys and knows its owner."""

    devices: CDPSession
    name: str

    async def touch(self, is_touched: bool) -> None:
        """Have the owner's finger on it, or not."""
        await self.devices.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self.name, "enabled": is_touched}
        )


async def device_of(window: Window) -> Device:
    devices = await window.page.context.new_cdp_session(window.page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Device(devices, added["authenticatorId"])


async def sign_in(window: Window, reader: Reader) -> None:
    await window.open("/user/login", **window.site)
    await window.field("E-mail or mobile number").fill(reader.credential)
    await window.field("Password").fill(PASSWORD)
    await window.press("Sign in")


async def test_a_passkey_is_made_and_signs_in_without_a_word(
    window: Window, reader: Reader, connection: Connection
) -> None:
    await sign_in(window, reader)
    await device_of(window)
    await window.open(f"{SECURITY}/passkey", clientId=WEB)
    assert await window.flaws() == []
    await window.field("A name by which you know it again").fill("Telefonen")
    await window.press("Make a passkey")
    assert await window.page.locator(".recovery-codes li").count() == 10
    assert await window.flaws() == []
    await window.press("I have kept them. Continue")
    assert await window.page.locator("#passkey-1").inner_text() == "Telefonen"
    assert await window.flaws() == []
    await window.page.context.clear_cookies()
    # With a passkey at hand the browser offers it in the field for the name, and this device does not wait to be asked.
    async with window.page.expect_navigation(url=window.back):
        await window.open("/user/login", **window.site)
    methods = await connection.fetchval(
        "select authentication_methods from user_session where not 'pwd' = any(authentication_methods)"
    )
    assert methods == ["pop", "user", "mfa"]


async def test_after_the_password_the_button_asks_for_the_passkey(window: Window, reader: Reader) -> None:
    await sign_in(window, reader)
    device = await device_of(window)
    await window.open(f"{SECURITY}/passkey", clientId=WEB)
    await window.press("Make a passkey")
    await device.touch(False)
    await window.page.context.clear_cookies()
    await sign_in(window, reader)
    assert await window.flaws() == []
    assert not await window.page.locator(".without-script").is_visible()
    await device.touch(True)
    await window.press("Use a passkey")
    assert window.page.url == window.back


async def test_the_sign_in_page_has_a_button_for_it_and_says_when_it_did_not_work(
    window: Window, reader: Reader
) -> None:
    await window.open("/user/login", **window.site)
    assert await window.flaws() == []
    # The device has no passkey, so the browser finds none.
    await device_of(window)
    await window.page.get_by_role("button", name=window.text("Sign in with a passkey"), exact=True).click()
    alert = window.page.get_by_role("alert")
    await alert.wait_for()
    text = "That did not work. You can try again, or go on in another way."
    assert await alert.inner_text() == window.text(text)
    assert await window.flaws() == []
    await window.field("E-mail or mobile number").fill(reader.credential)
    await window.field("Password").fill(PASSWORD)
    await window.press("Sign in")
    assert window.page.url == window.back


async def test_without_script_the_button_is_not_there(surfing: Surfing, reader: Reader) -> None:
    async with surfing.window(Looks("nb", script=False)) as window:
        await window.open("/user/login", **window.site)
        assert not await window.page.locator("#passkeyButton").is_visible()
        assert await window.flaws() == []


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
async def test_an_app_is_set_up_and_asked_for(surfing: Surfing, reader: Reader, clock: Clock, script: bool) -> None:
    async with surfing.window(Looks("nn", script=script, width=320, height=640)) as window:
        await sign_in(window, reader)
        await window.open(f"{SECURITY}/app", clientId=WEB)
        assert await window.flaws() == []
        secret = (await window.page.locator(".key").inner_text()).replace(" ", "")
        await window.field("Code from the app").fill(pyotp.TOTP(secret).at(clock.now()))
        await window.press("Continue")
        assert await window.page.locator(".recovery-codes li").count() == 10
        assert await window.flaws() == []
        kept = await window.page.locator(".recovery-codes li").first.inner_text()
        await window.page.context.clear_cookies()
        clock.move(timedelta(minutes=1))
        await sign_in(window, reader)
        assert await window.flaws() == []
        await window.field("Code from the app").fill("000000")
        await window.press("Continue")
        assert await window.flaws() == []
        await window.press("Use a recovery code")
        assert await window.flaws() == []
        await window.field("Recovery code").fill(kept)
        await window.press("Continue")
        assert window.page.url == window.back
        assert window.complaints == []
