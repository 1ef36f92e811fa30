"""Fixation, and browsers that were left signed in: an old session is no key to set up a new way in with."""

from datetime import timedelta

import pytest

from kolofon.identity.openid.asking import Asked
from kolofon.identity.openid.core import Step, WantedSignIn, next_step
from kolofon.identity.queries import Session
from kolofon.identity.sessions import FRESH, is_fresh
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server
from tests.identity.openid.steps import trade, verified
from tests.identity.pages.reading import Form, is_back, reading
from tests.identity.second_factors.steps import Stepping, make_staff, sets_up, stepping
from tests.identity.steps import eventually, redirect_query
from tests.playground import PASSWORD, WEB, Playground, Reader

TWO = "urn:kolofon:acr:2"
SESSION = "kolofon_session"


async def test_an_old_session_sets_up_no_second_factor(
    server: Server, connection: Connection, reader: Reader, clock: Clock
) -> None:
    """A passkey signs in alone: whoever made one in a browser that was left signed in would have the account."""
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert sets_up(await browser.open("login", second_factor="required"))
        clock.move(FRESH + timedelta(seconds=1))
        answer = await browser.open("login", second_factor="required")
        assert answer.status_code == 303
        assert "prompt=login" in answer.headers["location"]
        page = await browser.http.get(answer.headers["location"], follow_redirects=False)
        assert "password" in Form(page.text).buttons
        # After a sign-in that is new it goes on where it was.
        page = await browser.press(page, "password", j_username=reader.credential, j_password=PASSWORD)
        assert sets_up(page)


async def test_nor_does_a_remembered_browser_of_staff(
    server: Server, connection: Connection, reader: Reader, clock: Clock, playground: Playground
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await make_staff(playground, domains=("example.no",))

        async def is_heard() -> bool:
            return bool(server.parts.catalogue.current.partner(1).staff.email_domains)

        await eventually(is_heard)
        clock.move(FRESH + timedelta(seconds=1))
        answer = await browser.open("login")
        assert (answer.status_code, "prompt=login" in answer.headers["location"]) == (303, True)
        browser.http.cookies.delete(SESSION)
        clock.move(timedelta(days=30))
        assert "password" in Form((await browser.open("login")).text).buttons


async def test_a_wish_for_a_second_factor_does_not_make_an_old_session_set_one_up(
    server: Server, reader: Reader, clock: Clock
) -> None:
    async with stepping(server, clock, reader) as person:
        await person.authorize()
        clock.move(FRESH + timedelta(seconds=1))
        left = await person.page(await person.ask(acr_values=TWO))
        assert left.status_code == 303
        answer = await person.follow(left)
        claims = await claims_of(person, redirect_query(answer)["code"])
        assert claims["acr"] == "urn:kolofon:acr:1"


async def test_a_request_that_needs_it_goes_on_after_a_new_sign_in(
    server: Server, reader: Reader, clock: Clock
) -> None:
    essential = '{"id_token": {"acr": {"essential": true, "value": "urn:kolofon:acr:2"}}}'
    async with stepping(server, clock, reader) as person:
        await person.authorize()
        clock.move(FRESH + timedelta(seconds=1))
        again = await person.page(await person.ask(claims=essential, prompt="consent"))
        assert again.status_code == 303
        page = await person.http.get(again.headers["location"], follow_redirects=False)
        assert sets_up(await person.password(page))


async def claims_of(person: Stepping, code: str) -> dict[str, object]:
    return await verified(person.server, (await trade(person.server, code)).json()["id_token"])


async def test_a_providers_word_alone_does_not_open_what_needs_a_new_sign_in(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """The provider may have let its own session do: then nobody has shown anything."""
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = f"/user/account/credentials?clientId={WEB}"
        assert (await browser.http.get(page)).url.path == "/user/account/credentials"
        await connection.execute("update user_session set authentication_methods = '{fed}'")
        answer = await browser.http.get(page, follow_redirects=False)
        assert (answer.status_code, "prompt=login" in answer.headers["location"]) == (303, True)


@pytest.mark.parametrize(
    ("methods", "is_new"), [(["pwd"], True), (["otp"], True), (["fed", "otp", "mfa"], True), (["fed"], False)]
)
async def test_it_is_no_new_sign_in_for_a_client_that_asks_for_one(
    clock: Clock, methods: list[str], is_new: bool
) -> None:
    now = clock.now()
    session = Session(new_uuid(), "kari@example.no", now, methods, "s")
    asked = Asked(now - timedelta(seconds=5), anew=True, binding=b"")
    step = next_step(WantedSignIn(again=True), session, asked, now)
    assert step is (Step.ANSWER if is_new else Step.ASK)
    assert is_fresh(session, now) is is_new


async def test_every_way_in_gives_the_browser_another_secret(
    server: Server, connection: Connection, reader: Reader
) -> None:
    """Whoever planted the old one, or has seen it, has no use of it."""
    async with reading(server, connection) as browser, reading(server, connection) as thief:
        await browser.sign_in(reader.credential)
        for way in ("password", "code"):
            thief.http.cookies.clear()
            thief.http.cookies.set(SESSION, browser.http.cookies[SESSION])
            assert await thief.is_signed_in()
            page = await browser.open("login", prompt="login")
            if way == "password":
                answer = await browser.press(page, "password", j_username=reader.credential, j_password=PASSWORD)
            else:
                page = await browser.press(page, "by_code", j_username=reader.credential)
                page = await browser.press(page, "code", j_username=reader.credential)
                answer = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
            assert is_back(answer)
            assert not await thief.is_signed_in(), way
