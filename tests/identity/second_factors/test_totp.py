"""Codes from an app: when they are asked for, how often they work, and what guessing leads to."""

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from kolofon.identity.second_factors import totp
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import Form, is_back, reading, wrong
from tests.identity.second_factors.steps import STEP, add_app, asks_for_code, begins_session, factors_of
from tests.identity.steps import disable
from tests.playground import Playground, Reader

# RFC 6238, appendix B, with the six digits that apps show.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.step_of(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


def test_a_clock_may_be_one_step_early_or_late_and_not_two(clock: Clock) -> None:
    secret = totp.new_secret()
    good = [
        steps
        for steps in range(-4, 5)
        if totp.step_of(secret, pyotp.TOTP(secret).at(clock.now(), counter_offset=steps), clock.now()) is not None
    ]
    assert good == [-1, 0, 1]


async def test_after_the_password_the_code_is_asked_for_before_any_session_begins(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert asks_for_code(page)
        assert not begins_session(page)
        assert not await browser.is_signed_in()
        assert is_back(await browser.press(page, "second_factor", code=app.code))
        assert await browser.is_signed_in(reader.credential)
    methods = await connection.fetchval("select authentication_methods from user_session")
    assert methods == ["pwd", "otp", "mfa"]


async def test_after_a_code_by_mail_as_well(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.ask_for_code(reader.credential)
        page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        assert asks_for_code(page)
        assert not await browser.is_signed_in()
        assert is_back(await browser.press(page, "second_factor", code=f"{app.code[:3]} {app.code[3:]}"))
    assert await connection.fetchval("select authentication_methods from user_session") == ["otp", "mfa"]


async def test_a_code_works_once(server: Server, reader: Reader, clock: Clock, connection: Connection) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        again = await browser.press(page, "second_factor", code=app.code)
        assert again.status_code == 400
        # One before it would still be good by the clock, but the steps only go forward.
        assert (await browser.press(again, "second_factor", code=app.code_in(-1))).status_code == 400
        assert is_back(await browser.press(again, "second_factor", code=app.code_in(1)))


async def test_of_two_who_use_a_code_at_once_one_gets_in(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as one, reading(server, connection) as other:
        pages = [(browser, await browser.sign_in(reader.credential)) for browser in (one, other)]
        answers = await asyncio.gather(
            *(browser.press(page, "second_factor", code=app.code) for browser, page in pages)
        )
    assert sorted(answer.status_code for answer in answers) == [303, 400]


async def test_what_the_password_opened_is_used_up_with_the_session(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
        await browser.open("logout")
        clock.move(STEP)
        again = await browser.press(page, "second_factor", code=app.code)
        assert again.status_code == 400
        assert not begins_session(again)
        # And the form is too old after half an hour.
        page = await browser.sign_in(reader.credential)
        clock.move(timedelta(minutes=30))
        assert (await browser.press(page, "second_factor", code=app.code)).status_code == 400


async def test_the_form_is_of_no_use_in_another_browser(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser, reading(server, connection) as thief:
        stolen = Form((await browser.sign_in(reader.credential)).text).fields["flow"]
        page = await thief.open("login")
        answer = await thief.press(page, "password", action="second_factor", flow=stolen, code=app.code)
        assert answer.status_code == 400
        assert not begins_session(answer)


async def test_a_code_of_another_step_and_another_readers_secret_open_nothing(
    server: Server, reader: Reader, playground: Playground, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    other = await playground.add_reader("ola@example.no")
    await connection.execute(
        """
        insert into totp_secret (unique_id, sealed_secret, last_step, created_at)
        select $1, sealed_secret, 0, created_at from totp_secret where unique_id = $2
        """,
        other.unique_id,
        reader.unique_id,
    )
    async with reading(server, connection) as browser:
        page = await browser.sign_in(other.credential)
        assert (await browser.press(page, "second_factor", code=app.code)).status_code == 400
        page = await browser.sign_in(reader.credential)
        assert (await browser.press(page, "second_factor", code=app.code_in(5))).status_code == 400


async def test_an_account_that_is_closed_between_the_steps_stays_closed(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        await disable(connection, clock, reader)
        answer = await browser.press(page, "second_factor", code=app.code)
        assert answer.status_code == 400
        assert not begins_session(answer)


@pytest.mark.parametrize("by_code", [False, True])
async def test_a_password_that_is_changed_between_the_steps_ends_the_sign_in(
    server: Server, reader: Reader, clock: Clock, connection: Connection, by_code: bool
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        if by_code:
            page = await browser.ask_for_code(reader.credential)
            page = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        else:
            page = await browser.sign_in(reader.credential)
        await connection.execute(
            "update user_account set password_hash = 'another' where unique_id = $1", reader.unique_id
        )
        answer = await browser.press(page, "second_factor", code=app.code)
        assert answer.status_code == 400
        assert not begins_session(answer)


async def test_after_five_tries_further_ones_are_refused_for_a_while(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        for _ in range(5):
            assert (await browser.press(page, "second_factor", code=wrong(app.code))).status_code == 400
        refused = await browser.press(page, "second_factor", code=app.code)
        assert refused.status_code == 429
        assert not begins_session(refused)


async def test_wrong_codes_have_ever_longer_pauses_in_the_database(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    app = await add_app(server, clock, reader)
    factors = factors_of(server)
    for _ in range(5):
        assert not (await factors.enter_code(connection, reader.unique_id, wrong(app.code))).fits
    tried = await factors.enter_code(connection, reader.unique_id, app.code)
    assert (tried.fits, tried.wait) == (False, timedelta(minutes=1))
    clock.move(timedelta(minutes=1))
    assert not (await factors.enter_code(connection, reader.unique_id, wrong(app.code))).fits
    tried = await factors.enter_code(connection, reader.unique_id, app.code)
    assert tried.wait == timedelta(minutes=2)
    clock.move(timedelta(minutes=2))
    assert (await factors.enter_code(connection, reader.unique_id, app.code)).fits
    assert await connection.fetchval("select failures from totp_secret") == 0
    assert totp.pause_after(1000) == timedelta(hours=1)


async def test_an_app_is_told_who_it_is_for(server: Server, reader: Reader) -> None:
    link = totp.app_link(RFC_SECRET, reader.credential, factors_of(server).issuer)
    assert link == f"otpauth://totp/127.0.0.1:kari%40example.no?secret={RFC_SECRET}&issuer=127.0.0.1"
    assert totp.picture(link).startswith("data:image/svg+xml")
