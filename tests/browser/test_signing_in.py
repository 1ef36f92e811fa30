"""Signing in and registering, as a reader does it: in two languages, with script and without."""

from collections.abc import AsyncIterator

import pytest

from tests.browser.surfing import Looks, Surfing, Window
from tests.identity.pages.reading import NEW_PASSWORD
from tests.playground import PASSWORD, Reader

READERS = [Looks(language, script) for language in ("nb", "sv") for script in (True, False)]


@pytest.fixture(params=READERS, ids=lambda looks: f"{looks.language}-{'with' if looks.script else 'without'}-script")
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    async with surfing.window(request.param) as window:
        yield window
        assert window.complaints == []


async def test_with_a_password(window: Window, reader: Reader) -> None:
    await window.open("/user/login", **window.site)
    assert await window.flaws() == []
    await window.field("E-mail or mobile number").fill(reader.credential)
    await window.field("Password").fill("not the password")
    await window.press("Sign in")
    assert await window.flaws() == []
    assert await window.page.get_by_role("alert").inner_text() == window.text(
        "The e-mail or number and the password do not match. Please try again."
    )
    await window.field("Password").fill(PASSWORD)
    await window.press("Sign in")
    assert window.page.url == window.back


async def test_registering(window: Window) -> None:
    await window.open("/user/createUser", **window.site)
    await window.field("E-mail or mobile number").fill("ny@example.no")
    await window.press("Send me a code")
    assert await window.flaws() == []
    await window.field("Code").fill(await window.newest_code("ny@example.no"))
    await window.press("Continue")
    assert await window.flaws() == []
    await window.field("First name").fill("Åse")
    await window.field("Last name").fill("Ørn")
    await window.field("Password").fill(NEW_PASSWORD)
    await window.press("Register")
    assert window.page.url == window.back
