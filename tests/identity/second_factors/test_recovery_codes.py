"""Recovery codes: ten, each good once, for one account, and kept so that nobody can read them."""

import asyncio

from kolofon.identity.second_factors import recovery
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.events.outbox import messages_to
from tests.identity.pages.reading import is_back, reading
from tests.identity.second_factors.steps import add_app, add_recovery_codes, begins_session, factors_of
from tests.playground import Playground, Reader


async def test_a_code_stands_in_for_the_app_once_and_the_reader_is_told(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, reader)
    codes = await add_recovery_codes(server, reader)
    assert len(set(codes)) == 10
    async with reading(server, connection) as browser:
        page = await browser.press(await browser.sign_in(reader.credential), "by_recovery")
        # As somebody types it.
        typed = f" {codes[0].upper().replace('-', ' ')} "
        assert is_back(await browser.press(page, "recovery", recovery_code=typed))
        assert await browser.is_signed_in(reader.credential)
        told = (await messages_to(connection, reader.credential))[-1]
        assert codes[0] not in told.text
        await browser.open("logout")
        page = await browser.press(await browser.sign_in(reader.credential), "by_recovery")
        again = await browser.press(page, "recovery", recovery_code=codes[0])
        assert again.status_code == 400
        assert not begins_session(again)
        assert is_back(await browser.press(again, "recovery", recovery_code=codes[1]))
    assert (await factors_of(server).held(connection, reader.unique_id)).recovery_codes == 8
    assert len(await messages_to(connection, reader.credential)) == 2


async def test_of_two_who_use_a_code_at_once_one_gets_in(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, reader)
    codes = await add_recovery_codes(server, reader)
    async with reading(server, connection) as one, reading(server, connection) as other:
        pages = [
            (browser, await browser.press(await browser.sign_in(reader.credential), "by_recovery"))
            for browser in (one, other)
        ]
        answers = await asyncio.gather(
            *(browser.press(page, "recovery", recovery_code=codes[3]) for browser, page in pages)
        )
    assert sorted(answer.status_code for answer in answers) == [303, 400]


async def test_a_code_of_another_account_is_none(
    server: Server, reader: Reader, playground: Playground, clock: Clock, connection: Connection
) -> None:
    other = await playground.add_reader("ola@example.no")
    await add_app(server, clock, reader)
    await add_recovery_codes(server, reader)
    codes = await add_recovery_codes(server, other)
    # Not even with the row beside it: the hash is over the account.
    await connection.execute(
        "update recovery_code set unique_id = $1 where unique_id = $2", reader.unique_id, other.unique_id
    )
    async with reading(server, connection) as browser:
        page = await browser.press(await browser.sign_in(reader.credential), "by_recovery")
        assert (await browser.press(page, "recovery", recovery_code=codes[0])).status_code == 400


async def test_codes_are_kept_as_keyed_hashes(server: Server, reader: Reader, connection: Connection) -> None:
    codes = await add_recovery_codes(server, reader)
    kept = {row["code_hash"] for row in await connection.fetch("select code_hash from recovery_code")}
    assert len(kept) == 10
    assert recovery.hash_of(b"another installation's key", reader.unique_id, codes[0]) not in kept
    assert recovery.hash_of(server.parts.secrets.key("recovery codes"), reader.unique_id, codes[0]) in kept


async def test_new_codes_end_the_old_ones(server: Server, reader: Reader, connection: Connection) -> None:
    old = await add_recovery_codes(server, reader)
    new = await add_recovery_codes(server, reader)
    factors = factors_of(server)
    assert not await factors.enter_recovery_code(connection, reader.unique_id, "", old[0])
    assert await factors.enter_recovery_code(connection, reader.unique_id, "", new[0])


async def test_after_five_tries_further_ones_are_refused_for_a_while(
    server: Server, reader: Reader, clock: Clock, connection: Connection
) -> None:
    await add_app(server, clock, reader)
    codes = await add_recovery_codes(server, reader)
    async with reading(server, connection) as browser:
        page = await browser.press(await browser.sign_in(reader.credential), "by_recovery")
        for _ in range(5):
            assert (await browser.press(page, "recovery", recovery_code="aaaa-bbbb")).status_code == 400
        refused = await browser.press(page, "recovery", recovery_code=codes[0])
        assert refused.status_code == 429
        assert not begins_session(refused)
