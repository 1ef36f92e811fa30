"""Passkeys, with an authenticator of the test's own: what is believed of its answers, and what is not."""

import asyncio
import json
from datetime import timedelta

import pytest

from kolofon.identity.second_factors.passkeys import GOOD_FOR
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import Form, Reading, is_back, reading
from tests.identity.second_factors.authenticator import Authenticator, decoded, encoded
from tests.identity.second_factors.steps import (
    add_app,
    add_passkey,
    asks_for_code,
    begins_session,
    codes_of,
    options_of,
    with_passkey,
)
from tests.identity.steps import disable
from tests.playground import Playground, Reader


@pytest.fixture
def server(named_server: Server) -> Server:
    return named_server


async def try_to_sign_in(browser: Reading, authenticator: Authenticator) -> bool:
    page = await browser.open("login")
    answer = await browser.press(page, "passkey", passkey=authenticator.get(options_of(page)))
    assert begins_session(answer) == is_back(answer)
    return is_back(answer)


async def test_a_passkey_signs_in_by_itself_and_counts_as_two_factors(
    server: Server, reader: Reader, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser:
        page = await browser.open("login")
        options = options_of(page)
        assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
        assert options["allowCredentials"] == []
        assert is_back(await browser.press(page, "passkey", passkey=authenticator.get(options)))
        assert await browser.is_signed_in(reader.credential)
    row = await connection.fetchrow(
        "select credential, authentication_methods from user_session order by started_at desc, authentication_methods"
    )
    assert row is not None
    assert tuple(row) == (reader.credential, ["pop", "user", "mfa"])
    kept = await connection.fetchrow("select name, sign_count, used_at is not null from passkey")
    assert kept is not None
    assert tuple(kept) == ("My phone", 1, True)


async def test_only_pages_that_ask_for_passkeys_run_a_script_and_it_is_their_own(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        page = await browser.open("login")
        assert "script-src 'self'; " in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert '<script src="/user/static/passkeys.js" defer></script>' in page.text
        script = await browser.http.get("/user/static/passkeys.js")
        assert script.headers["content-type"].startswith("text/javascript")
        forgotten = await browser.open("forgottenPassword")
        assert "script" not in forgotten.headers["content-security-policy"]


async def test_after_the_password_a_passkey_may_be_shown_too(
    server: Server, reader: Reader, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert "second_passkey" in Form(page.text).buttons
        assert "second_factor" not in Form(page.text).buttons
        assert not await browser.is_signed_in()
        answer = await browser.press(page, "second_passkey", passkey=authenticator.get(options_of(page)))
        assert is_back(answer)
        assert await browser.is_signed_in(reader.credential)
    methods = [row[0] for row in await connection.fetch("select authentication_methods from user_session")]
    assert ["pwd", "pop", "user", "mfa"] in methods


async def test_what_was_made_for_one_step_is_no_answer_to_another(
    server: Server, reader: Reader, playground: Playground, clock: Clock, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    other = await playground.add_reader("ola@example.no")
    await with_passkey(server, connection, other)
    async with reading(server, connection) as browser:
        start = options_of(await browser.open("login"))
        page = await browser.sign_in(reader.credential)
        assert (await browser.press(page, "second_passkey", passkey=authenticator.get(start))).status_code == 400
        # Nor does another account's passkey stand in for one's own.
        others = await browser.sign_in(other.credential)
        answer = await browser.press(others, "second_passkey", passkey=authenticator.get(options_of(others)))
        assert answer.status_code == 400
        assert not await browser.is_signed_in()


def lying_origin(authenticator: Authenticator) -> None:
    authenticator.origin = "http://localhost.evil.example"


def lying_port(authenticator: Authenticator) -> None:
    authenticator.origin = "http://localhost:8001"


def lying_rp_id(authenticator: Authenticator) -> None:
    authenticator.rp_id = "evil.example"


def without_verification(authenticator: Authenticator) -> None:
    authenticator.verifies = False


def in_a_frame(authenticator: Authenticator) -> None:
    authenticator.cross_origin = True


def going_back(authenticator: Authenticator) -> None:
    authenticator.count -= 1


def as_somebody_else(authenticator: Authenticator) -> None:
    authenticator.user_handle = bytes(16)


def as_nobody(authenticator: Authenticator) -> None:
    authenticator.user_handle = b""


def with_another_key(authenticator: Authenticator) -> None:
    authenticator.key = Authenticator().key


def unknown(authenticator: Authenticator) -> None:
    authenticator.credential_id = bytes(32)


LIES = [
    lying_origin,
    lying_port,
    lying_rp_id,
    without_verification,
    in_a_frame,
    going_back,
    as_somebody_else,
    as_nobody,
    with_another_key,
    unknown,
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_an_answer_with_one_thing_wrong_signs_nobody_in(
    server: Server, reader: Reader, connection: Connection, lie: object
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser:
        assert await try_to_sign_in(browser, authenticator)
    lie(authenticator)  # type: ignore[operator]
    async with reading(server, connection) as browser:
        assert not await try_to_sign_in(browser, authenticator)
        assert not await browser.is_signed_in()


@pytest.mark.parametrize(
    "lie", [lying_origin, lying_rp_id, without_verification, in_a_frame], ids=lambda lie: lie.__name__
)
async def test_a_passkey_made_with_one_thing_wrong_is_not_kept(
    server: Server, reader: Reader, connection: Connection, lie: object
) -> None:
    authenticator = Authenticator()
    lie(authenticator)  # type: ignore[operator]
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert (await add_passkey(browser, authenticator)).status_code == 400
    assert await connection.fetchval("select count(*) from passkey") == 0


async def test_an_answer_works_once_even_for_two_at_once(
    server: Server, reader: Reader, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    await connection.execute("update passkey set sign_count = 0")
    async with reading(server, connection) as browser:
        page = await browser.open("login")
        # A passkey that is kept on several devices does not count, so only the challenge tells a replay.
        authenticator.count = -1
        answer = authenticator.get(options_of(page))
        tried = await asyncio.gather(*(browser.press(page, "passkey", passkey=answer) for _ in range(2)))
        assert sorted(each.status_code for each in tried) == [303, 400]
        await browser.open("logout")
        assert (await browser.press(page, "passkey", passkey=answer)).status_code == 400


async def test_an_answer_is_for_the_browser_that_was_asked_and_for_half_an_hour(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser, reading(server, connection) as thief:
        options = options_of(await browser.open("login"))
        page = await thief.open("login")
        assert (await thief.press(page, "passkey", passkey=authenticator.get(options))).status_code == 400
        own = options_of(page)
        clock.move(GOOD_FOR)
        assert (await thief.press(page, "passkey", passkey=authenticator.get(own))).status_code == 400
        page = await thief.open("login")
        clock.move(GOOD_FOR - timedelta(seconds=1))
        assert is_back(await thief.press(page, "passkey", passkey=authenticator.get(options_of(page))))


async def test_a_challenge_that_is_not_ours_is_none(server: Server, reader: Reader, connection: Connection) -> None:
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser:
        page = await browser.open("login")
        options = options_of(page)
        ours = decoded(options["challenge"])
        for forged in (bytes(32), ours[:-1] + bytes([ours[-1] ^ 1]), b""):
            answer = authenticator.get(options | {"challenge": encoded(forged)})
            assert (await browser.press(page, "passkey", passkey=answer)).status_code == 400


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[" * 50_000, '{"id": "x"}', json.dumps({"id": "é", "response": {"clientDataJSON": "%%"}})],
    ids=["nothing", "empty", "null", "deep", "id only", "no base64"],
)
async def test_what_is_no_answer_at_all_is_refused_calmly(server: Server, connection: Connection, text: str) -> None:
    async with reading(server, connection) as browser:
        assert (await browser.press(await browser.open("login"), "passkey", passkey=text)).status_code == 400


async def test_a_closed_account_is_closed_for_its_passkeys(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    await disable(connection, clock, reader)
    async with reading(server, connection) as browser:
        assert not await try_to_sign_in(browser, authenticator)


async def test_several_passkeys_have_names_and_each_can_be_removed_by_its_owner_only(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    other = await playground.add_reader("ola@example.no")
    foreign = await with_passkey(server, connection, other)
    first, second = Authenticator(b"first"), Authenticator(b"second")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await add_passkey(browser, first, name="Phone")
        assert len(codes_of(page)) == 10
        # The session has shown it, so the next one needs nothing more; codes are given with the first factor only.
        answer = await add_passkey(browser, second, name="Laptop")
        assert answer.status_code == 303
        page = await browser.http.get(answer.headers["location"])
        assert "Phone" in page.text
        assert "Laptop" in page.text
        by_name = {row["name"]: row["passkey_id"].hex for row in await connection.fetch("select * from passkey")}
        await browser.press(page, "remove_passkey", which=by_name["My phone"])
        assert await connection.fetchval("select count(*) from passkey") == 3
        await browser.press(page, "remove_passkey", which=by_name["Phone"])
        told = [message.text for message in await messages_to(connection, reader.credential)]
        assert len(told) == 3
        assert "Phone" in told[-1]
    async with reading(server, connection) as browser:
        assert not await try_to_sign_in(browser, first)
        assert await try_to_sign_in(browser, second)
    async with reading(server, connection) as browser:
        assert await try_to_sign_in(browser, foreign)


async def test_the_same_passkey_cannot_be_two_accounts(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    other = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(other.credential)
        assert (await add_passkey(browser, authenticator)).status_code == 400
    assert await connection.fetchval("select unique_id from passkey") == reader.unique_id


async def test_who_was_meant_is_compared_with_all_their_credentials(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_credential(reader.unique_id, "+4740000001")
    authenticator = await with_passkey(server, connection, reader)
    async with reading(server, connection) as browser:
        page = await browser.open("login", credential="+4740000001")
        assert is_back(await browser.press(page, "passkey", passkey=authenticator.get(options_of(page))))
        assert await browser.is_signed_in("+4740000001")


async def test_with_an_app_too_either_will_do(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    authenticator = await with_passkey(server, connection, reader)
    app = await add_app(server, clock, reader)
    async with reading(server, connection) as browser:
        page = await browser.sign_in(reader.credential)
        assert asks_for_code(page)
        assert is_back(await browser.press(page, "second_passkey", passkey=authenticator.get(options_of(page))))
        await browser.open("logout")
        page = await browser.sign_in(reader.credential)
        assert is_back(await browser.press(page, "second_factor", code=app.code))
