"""The account pages in a real browser, and everything that readers do there."""

from datetime import timedelta

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser.surfing import PLAIN_NARROW, Looks, Window, seen_in
from tests.identity.account.steps import tokens_of
from tests.identity.pages.reading import NEW_PASSWORD, reading
from tests.identity.second_factors.steps import add_app
from tests.identity.steps import assert_refused, refresh
from tests.playground import PASSWORD, Playground, Reader

NEW = "en.ganske.lang.adresse.som.ikke.faar.plass@avisene.example.no"
NUMBER = "+4790000001"


@pytest.fixture
async def reader(reader: Reader, playground: Playground) -> Reader:
    """A reader who has a number as well, which is not verified."""
    await playground.add_credential(reader.unique_id, NUMBER, "notVerified")
    return reader


async def sign_in(window: Window, reader: Reader) -> None:
    await window.open("/user/account", clientId=window.site["clientId"], returnUrl=window.back)
    await window.sign_in(reader)
    assert await window.heading() == window.text("Your account")


async def said(window: Window) -> str:
    """What the page says was done, and says aloud."""
    return await window.page.get_by_role("status").inner_text()


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_credentials_are_added_verified_and_removed(window: Window, reader: Reader) -> None:
    await sign_in(window, reader)
    await window.look("account")
    await window.press("E-mail addresses and numbers")
    await window.look("account-credentials")
    await window.field("E-mail or mobile number").fill("kari")
    await window.press("Send me a code")
    await window.look("account-credentials-wrong")
    await window.field("E-mail or mobile number").fill(NEW)
    await window.press("Send me a code")
    await window.look("account-code")
    await window.field("Code").fill("123")
    await window.press("Continue")
    await window.look("account-code-wrong")
    await window.field("Code").fill(await window.newest_code(NEW))
    await window.press("Continue")
    assert await said(window) == window.text("It is verified, and you can sign in with it.")

    await window.press("Verify")
    await window.field("Code").fill(await window.newest_code(NUMBER))
    await window.press("Continue")
    assert await said(window) == window.text("It is verified, and you can sign in with it.")
    await window.look("account-credentials-added")

    remove = window.page.get_by_role("button", name=window.text("Remove"))
    assert await remove.count() == 3
    async with window.page.expect_navigation():
        await remove.last.click()
    assert await said(window) == window.text("It is removed.")
    assert await remove.count() == 2
    await window.press("Back to your account")
    await window.press("Back to %(name)s", name="Fjordposten")
    assert window.page.url == window.back


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_a_credential_is_changed(window: Window, reader: Reader) -> None:
    await sign_in(window, reader)
    await window.press("E-mail addresses and numbers")
    change = window.page.get_by_role("button", name=window.text("Change"))
    assert await change.count() == 2
    async with window.page.expect_navigation():
        await change.first.click()
    assert await window.heading() == window.text("Change an e-mail address or number")
    await window.look("account-change")
    await window.field("New e-mail or mobile number").fill(reader.credential)
    await window.press("Send me a code")
    await window.look("account-change-wrong")
    await window.field("New e-mail or mobile number").fill(NEW)
    await window.press("Send me a code")
    await window.look("account-change-code")
    await window.field("Code").fill(await window.newest_code(NEW))
    await window.press("Continue")
    assert await said(window) == window.text("It is changed. Sign in with the new one from now on.")
    await window.look("account-credentials-changed")
    assert await window.page.get_by_text(reader.credential, exact=True).count() == 0
    assert await window.page.get_by_text(NEW, exact=True).count() == 1


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_name_and_password_are_changed(window: Window, reader: Reader, clock: Clock) -> None:
    await sign_in(window, reader)
    await window.press("Name")
    await window.look("account-name")
    await window.field("First name").fill("  ")
    await window.press("Save")
    await window.look("account-name-wrong")
    assert await window.alert() == window.text("Type a name of at most 100 characters.")
    await window.field("First name").fill("Åse")
    await window.press("Save")
    assert await said(window) == window.text("Your name is saved.")

    clock.move(timedelta(minutes=1))
    await window.press("Password")
    await window.look("account-password")
    await window.field("Your password now").fill("not this one")
    await window.field("New password").fill(NEW_PASSWORD)
    await window.press("Save")
    await window.look("account-password-wrong")
    await window.field("Your password now").fill(PASSWORD)
    await window.field("New password").fill(NEW_PASSWORD)
    await window.press("Save")
    assert await said(window) == window.text("You have a new password. You are signed out everywhere else.")
    await window.look("account-password-changed")


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_other_browsers_are_signed_out_and_sites_lose_their_access(window: Window, reader: Reader) -> None:
    async with (
        reading(window.server, window.connection) as one,
        reading(window.server, window.connection) as another,
        reading(window.server, window.connection) as third,
    ):
        await one.sign_in(reader.credential, "not the password")
        for browser in (one, another, third):
            await browser.sign_in(reader.credential)
        tokens = await tokens_of(window.server, one)
        await sign_in(window, reader)
        await window.press("Sites and apps with access")
        await window.look("account-sites")
        await window.press("Take the access back")
        assert await said(window) == window.text("The access is taken back.")
        await window.look("account-sites-none")
        assert_refused(await refresh(window.server, tokens["refresh_token"]), "invalid_grant")
        await window.press("Back to your account")

        await window.press("Recent sign-ins")
        await window.look("account-sign-ins")
        await window.press("Back to your account")

        await window.press("Where you are signed in")
        await window.look("account-sessions")
        async with window.page.expect_navigation():
            await window.pressable("Sign out there").first.click()
        assert await said(window) == window.text("You are signed out there.")
        signed_in = [await browser.is_signed_in() for browser in (one, another, third)]
        assert signed_in.count(False) == 1
        await window.press("Sign out everywhere else")
        await window.look("account-sessions-ended")
        assert not any([await browser.is_signed_in() for browser in (one, another, third)])
        assert not await window.pressable("Sign out there").count()


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_a_second_step_is_looked_after(
    window: Window, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await sign_in(window, reader)
    await window.press("A second step at sign-in")
    await window.look("account-security")
    app = await add_app(window.server, clock, reader)
    await window.page.reload()
    # Who has one shows it before it is changed.
    await window.field("Code from the app").fill(app.code)
    await window.press("Continue")
    await window.look("account-security-app")
    await window.press("Make new recovery codes")
    await window.look("account-recovery-codes")
    await window.press("I have kept them. Continue")
    await window.press("Remove the app")
    assert await said(window) == window.text("It is removed.")
    assert await connection.fetchval("select count(*) from totp_secret") == 0


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_without_a_newspaper_the_account_tells_where_to_come_from(window: Window) -> None:
    await window.open("/user/account")
    await window.look("account-stopped")
    assert await window.page.get_by_role("heading").inner_text() == window.text("Your account")
