"""Staff of a partner that wants two factors of them, in a real browser."""

import pytest

from kolofon.platform.clock import Clock
from tests.browser.surfing import NARROW, PLAIN, Window, seen_in
from tests.identity.second_factors.steps import App, make_staff
from tests.playground import Playground, Reader


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await make_staff(playground, domains=("example.no",))
    return playground


@seen_in(NARROW, PLAIN)
async def test_staff_set_up_a_second_factor_before_they_are_signed_in(
    window: Window, reader: Reader, clock: Clock
) -> None:
    await window.open("/user/login", **window.site)
    await window.sign_in(reader)
    await window.look("set-up")
    app = App((await window.page.locator(".key").inner_text()).replace(" ", ""), clock)
    await window.field("Code from the app").fill("000000")
    await window.press("Continue")
    await window.look("set-up-wrong")
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.sorry
    await window.page.go_back()
    await window.field("Code from the app").fill(app.code)
    await window.press("Continue")
    await window.look("recovery-codes")
    await window.press("I have kept them. Continue")
    assert window.page.url == window.back
