"""The account pages in a real browser: on a telephone and a desk, in light and dark, with script and without."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from kolofon.platform.clock import Clock
from tests.browser.surfing import Looks, Surfing, Window
from tests.identity.pages.reading import NEW_PASSWORD, reading
from tests.playground import PASSWORD, Playground, Reader

READERS = [Looks("nb"), Looks("sv", script=False, width=320, height=640, dark=True)]
NEW = "en.ganske.lang.adresse.som.ikke.faar.plass@avisene.example.no"


@pytest.fixture(params=READERS, ids=lambda looks: f"{looks.language}-{looks.width}")
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    async with surfing.window(request.param) as window:
        yield window
        assert window.complaints == []


async def looked_at(window: Window, name: str) -> None:
    """Nothing is wrong with the page; a picture of it is kept where somebody wants to see one."""
    assert await window.flaws() == [], name
    folder = os.environ.get("KOLOFON_TEST_PICTURES")
    if folder:
        await window.page.screenshot(path=Path(folder) / f"{name}-{window.looks.width}.png", full_page=True)


async def test_every_page_and_what_it_is_for(
    window: Window, reader: Reader, playground: Playground, clock: Clock
) -> None:
    await playground.add_credential(reader.unique_id, "+4790000001", "notVerified")
    async with reading(window.server, window.connection) as elsewhere:
        await elsewhere.sign_in(reader.credential, "not the password")
        await elsewhere.sign_in(reader.credential)
        await window.open("/user/account", clientId=window.site["clientId"], returnUrl=window.back)
        await window.fill(j_username=reader.credential, j_password=PASSWORD)
        await window.press("Sign in")
        await looked_at(window, "account")

        await window.press("E-mail addresses and numbers")
        await looked_at(window, "credentials")
        await window.field("E-mail or mobile number").fill("kari")
        await window.press("Send me a code")
        await looked_at(window, "credentials-wrong")
        await window.field("E-mail or mobile number").fill(NEW)
        await window.press("Send me a code")
        await looked_at(window, "credentials-code")
        await window.field("Code").fill(await window.newest_code(NEW))
        await window.press("Continue")
        await looked_at(window, "credentials-added")
        assert await window.page.get_by_role("status").inner_text() == window.text(
            "It is verified, and you can sign in with it."
        )
        await window.press("Back to your account")

        await window.press("Name")
        await looked_at(window, "name")
        await window.field("First name").fill("Åse")
        await window.press("Save")

        await window.press("Recent sign-ins")
        await looked_at(window, "sign-ins")
        await window.press("Back to your account")

        await window.press("Where you are signed in")
        await looked_at(window, "sessions")
        await window.press("Sign out there")
        assert not await elsewhere.is_signed_in()
        await window.press("Back to your account")

        await window.press("Sites and apps with access")
        await looked_at(window, "sites")
        await window.press("Back to your account")

        clock.move(timedelta(minutes=1))
        await window.press("Password")
        await looked_at(window, "password")
        await window.field("Your password now").fill("not this one")
        await window.field("New password").fill(NEW_PASSWORD)
        await window.press("Save")
        await looked_at(window, "password-wrong")
        await window.field("Your password now").fill(PASSWORD)
        await window.field("New password").fill(NEW_PASSWORD)
        await window.press("Save")
        await looked_at(window, "password-changed")
