"""Pre-hijacking: an account with somebody's address on it was made by somebody else, who waits for the owner.

The owner's first proof of the address ends whatever was set up before: password, app, passkey, codes, providers,
sessions, remembered browsers, tokens.
"""

import asyncio
from datetime import timedelta

import pytest

from kolofon.identity import accounts
from kolofon.identity.external_sign_in.queries import Subject, add_link
from kolofon.identity.origins import Origin
from kolofon.identity.second_factors import queries
from kolofon.identity.second_factors.queries import Passkey
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server
from tests.identity.account.steps import how_many_wait
from tests.identity.pages.reading import NEW_PASSWORD, Form, is_back, reading
from tests.identity.second_factors.steps import add_app, add_recovery_codes
from tests.identity.steps import eventually, is_refused, refresh
from tests.playground import PASSWORD, Playground, Reader

VICTIM = "ola@example.no"
HELD = ("totp_secret", "passkey", "recovery_code", "external_sign_in_link", "remember_me_login")


@pytest.fixture
async def squatted(playground: Playground) -> Reader:
    return await playground.add_reader(VICTIM, level="notVerified")


async def set_everything_up(server: Server, connection: Connection, clock: Clock, squatted: Reader) -> None:
    """What a squatter can leave on an account."""
    await add_app(server, clock, squatted)
    await add_recovery_codes(server, squatted)
    phone = Passkey(bytes(32), new_uuid(), squatted.unique_id, b"key", 0, "Phone", clock.now(), None)
    assert await queries.add_passkey(connection, phone)
    assert await add_link(connection, Subject("vipps", "https://vipps.example", "s"), squatted.unique_id, clock.now())


@pytest.mark.parametrize("page_name", ["login", "createUser", "forgottenPassword"])
async def test_what_a_squatter_has_set_up_ends_with_the_owners_first_code(
    server: Server, connection: Connection, clock: Clock, squatted: Reader, page_name: str
) -> None:
    async with reading(server, connection) as squatter, reading(server, connection) as owner:
        assert is_back(await squatter.sign_in(VICTIM))
        tokens = await server.user_tokens(VICTIM)
        await set_everything_up(server, connection, clock, squatted)
        for table in HELD:
            assert await connection.fetchval(f"select count(*) from {table}") > 0, table

        page = await owner.ask_for_code(VICTIM, page_name)
        answer = await owner.press(page, "enter_code", code=await owner.newest_code(VICTIM), remember=None)
        if page_name == "forgottenPassword":
            assert "set_password" in Form(answer.text).buttons
            answer = await owner.press(answer, "set_password", new_password=NEW_PASSWORD)
        # Nobody has asked the owner for the squatter's app.
        assert is_back(answer)
        assert await owner.is_signed_in(VICTIM)
        left = {table: await connection.fetchval(f"select count(*) from {table}") for table in HELD[:-1]}
        assert set(left.values()) == {0}, left
        squatter.http.cookies.delete("kolofon_session")
        assert not await squatter.is_signed_in()
        assert (await squatter.sign_in(VICTIM)).status_code == 400
    assert await is_refused(server, tokens["access_token"])
    assert (await refresh(server, tokens["refresh_token"])).status_code == 400
    audited = await connection.fetch("select subject from audit_log where action = 'endBeforeFirstProof'")
    assert [row["subject"] for row in audited] == [f"user:{squatted.unique_id.hex}"]


async def test_a_later_code_ends_nothing(server: Server, connection: Connection, reader: Reader) -> None:
    async with reading(server, connection) as phone, reading(server, connection) as laptop:
        assert is_back(await phone.sign_in(reader.credential))
        page = await laptop.ask_for_code(reader.credential)
        assert is_back(await laptop.press(page, "enter_code", code=await laptop.newest_code(reader.credential)))
        assert await phone.is_signed_in(reader.credential)
        await phone.open("logout")
        assert is_back(await phone.sign_in(reader.credential))


async def test_a_squatter_who_signs_in_at_that_moment_is_too_late(
    server: Server, connection: Connection, clock: Clock, squatted: Reader
) -> None:
    """The password was found right before the proof; the session would begin after it."""
    async with reading(server, connection) as squatter, server.parts.pool().acquire() as owner:
        start = await squatter.open("login")
        proof = owner.transaction()
        await proof.start()
        assert await accounts.verified_account(owner, clock, VICTIM, Origin(client_id=None)) is not None
        signing_in = asyncio.create_task(squatter.press(start, "password", j_username=VICTIM, j_password=PASSWORD))

        async def waits() -> bool:
            return await how_many_wait(connection) == 1

        await eventually(waits)
        await proof.commit()
        assert (await signing_in).status_code == 400
        assert not await squatter.is_signed_in()
    assert await connection.fetchval("select count(*) from user_session") == 0


async def test_of_two_first_proofs_at_once_the_second_ends_nothing_of_the_first(
    server: Server, connection: Connection, clock: Clock, squatted: Reader
) -> None:
    """Otherwise the owner's own session would go when two of their browsers are used."""
    async with reading(server, connection) as one, server.parts.pool().acquire() as first:
        page = await one.ask_for_code(VICTIM)
        code = await one.newest_code(VICTIM)
        proof = first.transaction()
        await proof.start()
        await accounts.verified_account(first, clock, VICTIM, Origin(client_id=None))
        second = asyncio.create_task(one.press(page, "enter_code", code=code))

        async def waits() -> bool:
            return await how_many_wait(connection) == 1

        await eventually(waits)
        await proof.commit()
        assert is_back(await second)
    assert await connection.fetchval("select count(*) from audit_log where action = 'endBeforeFirstProof'") == 1


async def test_a_closed_account_is_left_as_it_is(connection: Connection, clock: Clock, squatted: Reader) -> None:
    await connection.execute("update user_account set disabled_at = $1", clock.now() - timedelta(days=1))
    proved = await accounts.verified_account(connection, clock, VICTIM, Origin(client_id=None))
    assert proved is not None
    assert proved.account.disabled
    assert await connection.fetchval("select password_hash is not null from user_account")
