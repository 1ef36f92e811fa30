"""Signing in on a television by way of a phone: in two languages, with script and without, and in a narrow window."""

import pytest

from tests.browser.surfing import PLAIN, Looks, Window, seen_in
from tests.identity.changed_clients import change_client
from tests.identity.device.steps import DEVICE, TV, add_tv, device
from tests.playground import Playground, Reader

READERS = [Looks("nb"), PLAIN, Looks("nn", width=320, height=640, dark=True)]


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await add_tv(playground)
    return playground


@seen_in(*READERS)
async def test_a_code_that_is_typed_signs_the_television_in(
    window: Window, reader: Reader, playground: Playground
) -> None:
    await change_client(window.server, playground, TV, "third_party = true")
    tv = await device(window.server, scope="openid profile email read")
    await window.open(DEVICE)
    await window.look("device")
    await window.field("Code").fill("BBBB-BBBB")
    await window.press("Continue")
    await window.look("device-wrong")
    assert await window.alert() == window.text(
        "No device waits with this code. Check it, or let the device show a new one."
    )
    await window.field("Code").fill(tv.user_code)
    await window.press("Continue")
    await window.sign_in(reader)
    await window.look("device-question")
    heading = window.text("Do you want to sign in to %(name)s on a device?", name="Example TV")
    assert await window.heading() == heading
    assert await tv.error() == "authorization_pending"
    await window.press("Yes, sign in on the device")
    assert await window.heading() == window.text("Your device is signed in")
    await window.look("device-done")
    assert (await tv.poll()).status_code == 200
