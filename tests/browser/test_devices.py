"""Signing in on a television by way of a phone: in two languages, with script and without, and in a narrow window."""

from collections.abc import AsyncIterator

import pytest

from tests.browser.surfing import Looks, Surfing, Window
from tests.identity.changed_clients import change_client
from tests.identity.device.steps import DEVICE, TV, add_tv, device
from tests.playground import PASSWORD, Playground, Reader

READERS = [
    Looks("nb"),
    Looks("sv", script=False),
    Looks("nn", width=320, height=640),
    Looks("en", script=False, width=320, height=640, dark=True),
]


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await add_tv(playground)
    return playground


@pytest.fixture(params=READERS, ids=lambda looks: f"{looks.language}-{looks.width}")
async def window(surfing: Surfing, request: pytest.FixtureRequest) -> AsyncIterator[Window]:
    async with surfing.window(request.param) as window:
        yield window
        assert window.complaints == []


async def test_a_code_that_is_typed_signs_the_television_in(
    window: Window, reader: Reader, playground: Playground
) -> None:
    await change_client(window.server, playground, TV, "third_party = true")
    tv = await device(window.server, scope="openid profile email read")
    await window.open(DEVICE)
    assert await window.flaws() == []
    await window.field("Code").fill("BBBB-BBBB")
    await window.press("Continue")
    assert await window.flaws() == []
    assert await window.page.get_by_role("alert").inner_text() == window.text(
        "No device waits with this code. Check it, or let the device show a new one."
    )
    await window.field("Code").fill(tv.user_code)
    await window.press("Continue")
    await window.field("E-mail or mobile number").fill(reader.credential)
    await window.field("Password").fill(PASSWORD)
    await window.press("Sign in")
    assert await window.flaws() == []
    heading = window.text("Do you want to sign in to %(name)s on a device?", name="Example TV")
    assert await window.page.get_by_role("heading").inner_text() == heading
    assert await tv.error() == "authorization_pending"
    await window.press("Yes, sign in on the device")
    assert await window.page.get_by_role("heading").inner_text() == window.text("Your device is signed in")
    assert await window.flaws() == []
    assert (await tv.poll()).status_code == 200
