"""Completing an order, and signing in by the link in a message: what readers see between a shop and its thanks."""

from datetime import timedelta
from uuid import UUID

import pytest

from kolofon.engine.accounts.links import new_login_link
from kolofon.platform.clock import Clock
from kolofon.platform.ids import new_uuid
from tests.browser.surfing import NARROW, PLAIN, PLAIN_NARROW, Looks, Window, seen_in
from tests.ordering import OLA, Ordering
from tests.playground import WEB, Playground, Reader

GOOD_PASSWORD = "fem små fisk i vann"


@pytest.fixture
def ordering(playground: Playground, clock: Clock) -> Ordering:
    return Ordering(playground.connection, clock)


async def go_to_order(window: Window, order_id: object) -> None:
    """Come from the shop to the address that completes an order."""
    await window.open(
        "/user/fulfillment", orderId=str(order_id), clientId=WEB, returnUrl=window.back, errorUrl=window.sorry
    )


def came_back(window: Window, status: str) -> bool:
    return window.page.url == f"{window.back}&fulfillmentStatus={status}"


@seen_in(NARROW, PLAIN)
async def test_who_signs_in_for_an_own_order_is_led_to_the_thanks_of_the_site(
    window: Window, ordering: Ordering, reader: Reader
) -> None:
    order_id = await ordering.order(unique_id=reader.unique_id)
    await go_to_order(window, order_id)
    await window.sign_in(reader)
    assert came_back(window, "success")
    assert await ordering.status(order_id) == "fulfilled"


@seen_in(Looks("nb"), PLAIN)
async def test_who_changes_their_mind_at_the_sign_in_page_goes_back_with_the_order_open(
    window: Window, ordering: Ordering, reader: Reader
) -> None:
    order_id = await ordering.order(unique_id=reader.unique_id)
    await go_to_order(window, order_id)
    await window.press("Cancel and go back to %(name)s", name="Fjordposten")
    assert came_back(window, "cancel")
    assert await ordering.status(order_id) == "preliminary"


@seen_in(NARROW, PLAIN, Looks("nb"), PLAIN_NARROW)
async def test_who_is_signed_in_is_asked_whether_an_order_of_nobody_is_theirs(
    window: Window, ordering: Ordering, reader: Reader
) -> None:
    await window.open("/user/login", **window.site)
    await window.sign_in(reader)
    for answer, owner in (("Go on without my account", None), ("Yes, keep it in my account", reader.unique_id)):
        order_id = await ordering.order(payer=OLA)
        await go_to_order(window, order_id)
        assert await window.heading() == window.text("Is this your order?")
        assert reader.credential in await window.page.locator("main").inner_text()
        assert await ordering.status(order_id) == "preliminary"
        await window.look("order-question")
        await window.press(answer)
        assert came_back(window, "success")
        assert await owner_of(ordering, order_id) == owner


@seen_in(NARROW, PLAIN)
async def test_an_order_of_somebody_else_is_not_found_and_another_account_may_be_tried(
    window: Window, ordering: Ordering, reader: Reader, playground: Playground
) -> None:
    ola = await playground.add_reader("ola@example.no")
    order_id = await ordering.order(unique_id=ola.unique_id)
    await window.open("/user/login", **window.site)
    await window.sign_in(reader)
    await go_to_order(window, order_id)
    assert await window.heading() == window.text("We cannot find this order")
    await window.look("order-unknown")
    await window.press("Go back to %(name)s", name="Fjordposten")
    assert came_back(window, "error")
    await go_to_order(window, order_id)
    await window.press("Use another account")
    await window.sign_in(ola)
    assert came_back(window, "success")


@seen_in(NARROW, PLAIN)
async def test_what_is_no_order_at_all_gets_a_page_that_says_so(window: Window) -> None:
    await go_to_order(window, "web-7")
    assert await window.heading() == window.text("This link does not work")
    await window.look("order-error")


@seen_in(NARROW, PLAIN, Looks("nb"), PLAIN_NARROW)
async def test_the_link_in_a_message_signs_in_once(window: Window, reader: Reader, clock: Clock) -> None:
    link = await login_link(window, clock, reader.unique_id, reader.credential)
    await window.open("/user/loginLink", token=link)
    assert reader.credential in await window.page.locator("main").inner_text()
    await window.look("login-link")
    await window.press("Go on")
    assert window.page.url == window.back
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.back
    await window.open("/user/loginLink", token=link)
    assert window.page.url == window.sorry


@seen_in(NARROW, PLAIN)
async def test_who_is_new_sets_a_first_password_by_the_link(
    window: Window, playground: Playground, clock: Clock
) -> None:
    unique_id, credential = new_uuid(), "ny@example.no"
    await playground.connection.execute(
        "insert into user_account (unique_id, created_at) values ($1, $2)", unique_id, clock.now()
    )
    await playground.add_credential(unique_id, credential, "notVerified")
    await window.open("/user/loginLink", token=await login_link(window, clock, unique_id, credential))
    await window.press("Go on")
    assert await window.heading() == window.text("Choose a password")
    await window.look("first-password")
    await window.field("Password").fill(GOOD_PASSWORD)
    await window.press("Save and sign in")
    assert window.page.url == window.back


@seen_in(NARROW, PLAIN)
async def test_a_link_that_there_never_was_gets_a_page_that_says_so(window: Window) -> None:
    await window.open("/user/loginLink", token="of-nobody")
    assert await window.heading() == window.text("This link does not work")
    await window.look("login-link-unknown")


async def owner_of(ordering: Ordering, order_id: int) -> UUID | None:
    found = await ordering.connection.fetchval("select unique_id from customer_order where order_id = $1", order_id)
    return found if isinstance(found, UUID) else None


async def login_link(window: Window, clock: Clock, unique_id: UUID, credential: str) -> str:
    """The secret of a link to somebody, which leads to the window's site."""
    connection = window.connection
    async with connection.transaction():
        return await new_login_link(
            connection, clock.now(), timedelta(hours=2), (unique_id, credential), (WEB, window.back, window.sorry)
        )
