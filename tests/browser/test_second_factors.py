"""Passkeys by Chromium's own virtual authenticator, and codes from an app, in a real browser."""

from datetime import timedelta

import msgspec
import pyotp
import pytest
from playwright.async_api import CDPSession

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser.surfing import PLAIN_NARROW, Looks, Window, seen_in
from tests.playground import WEB, Reader

READERS = [Looks("nb"), Looks("sv", width=320, height=640, dark=True)]
APP_READERS = [Looks("nn", width=320, height=640), Looks("nn", script=False, width=320, height=640)]
SECURITY = "/user/account/security"


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
    await window.sign_in(reader)


@seen_in(*READERS)
async def test_a_passkey_is_made_and_signs_in_without_a_word(
    window: Window, reader: Reader, connection: Connection
) -> None:
    await sign_in(window, reader)
    await device_of(window)
    await window.open(f"{SECURITY}/passkey", clientId=WEB)
    await window.look("passkey-new")
    await window.field("A name by which you know it again").fill("Telefonen")
    await window.press("Make a passkey")
    assert await window.page.locator(".recovery-codes li").count() == 10
    await window.look("passkey-codes")
    await window.press("I have kept them. Continue")
    assert await window.page.locator("#passkey-1").inner_text() == "Telefonen"
    await window.look("account-security-passkey")
    await window.page.context.clear_cookies()
    # With a passkey at hand the browser offers it in the field for the name, and this device does not wait to be asked.
    async with window.page.expect_navigation(url=window.back):
        await window.open("/user/login", **window.site)
    methods = await connection.fetchval(
        "select authentication_methods from user_session where not 'pwd' = any(authentication_methods)"
    )
    assert methods == ["pop", "user", "mfa"]


@seen_in(*READERS)
async def test_after_the_password_the_button_asks_for_the_passkey(window: Window, reader: Reader) -> None:
    await sign_in(window, reader)
    device = await device_of(window)
    await window.open(f"{SECURITY}/passkey", clientId=WEB)
    await window.press("Make a passkey")
    await device.touch(False)
    await window.page.context.clear_cookies()
    await sign_in(window, reader)
    await window.look("second-passkey")
    assert not await window.page.locator(".without-script").is_visible()
    await device.touch(True)
    await window.press("Use a passkey")
    assert window.page.url == window.back


@seen_in(*READERS)
async def test_the_sign_in_page_has_a_button_for_it_and_says_when_it_did_not_work(
    window: Window, reader: Reader
) -> None:
    await window.open("/user/login", **window.site)
    await window.look("sign-in-passkey")
    # The device has no passkey, so the browser finds none.
    await device_of(window)
    await window.page.get_by_role("button", name=window.text("Sign in with a passkey"), exact=True).click()
    alert = window.page.get_by_role("alert")
    await alert.wait_for()
    text = "That did not work. You can try again, or go on in another way."
    assert await alert.inner_text() == window.text(text)
    await window.look("sign-in-passkey-failed")
    await window.sign_in(reader)
    assert window.page.url == window.back


@pytest.mark.parametrize("window", [PLAIN_NARROW], indirect=True)
async def test_without_script_the_button_is_not_there(window: Window) -> None:
    await window.open("/user/login", **window.site)
    assert not await window.page.locator("#passkeyButton").is_visible()
    assert await window.flaws() == []


@seen_in(*APP_READERS)
async def test_an_app_is_set_up_and_asked_for(window: Window, reader: Reader, clock: Clock) -> None:
    await sign_in(window, reader)
    await window.open(f"{SECURITY}/app", clientId=WEB)
    await window.look("app-new")
    secret = (await window.page.locator(".key").inner_text()).replace(" ", "")
    await window.field("Code from the app").fill(pyotp.TOTP(secret).at(clock.now()))
    await window.press("Continue")
    assert await window.page.locator(".recovery-codes li").count() == 10
    await window.look("app-codes")
    kept = await window.page.locator(".recovery-codes li").first.inner_text()
    await window.page.context.clear_cookies()
    clock.move(timedelta(minutes=1))
    await sign_in(window, reader)
    await window.look("second-code")
    await window.field("Code from the app").fill("000000")
    await window.press("Continue")
    await window.look("second-code-wrong")
    await window.press("Use a recovery code")
    await window.look("recovery")
    await window.field("Recovery code").fill(kept)
    await window.press("Continue")
    assert window.page.url == window.back
