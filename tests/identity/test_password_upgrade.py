"""Hashes that another system has made: they let their reader in, and are made anew at the first sign-in."""

import asyncio
import hashlib

import bcrypt
import pytest

from kolofon.identity.passwords import PasswordVerifier
from kolofon.platform.database import Connection
from kolofon.platform.password_hash import hash_password, needs_new_hash, verify_password
from tests.browser_session import Server
from tests.identity.account.steps import press
from tests.identity.pages.reading import NEW_PASSWORD, is_back, reading
from tests.playground import PASSWORD, Reader
from tests.waiting import until, until_waiting

BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
WERKZEUG = f"pbkdf2:sha256:1000$salt${hashlib.pbkdf2_hmac('sha256', PASSWORD.encode(), b'salt', 1000).hex()}"


@pytest.fixture
async def imported(reader: Reader, connection: Connection) -> Reader:
    await connection.execute("update user_account set password_hash = $1", BCRYPT)
    return reader


async def stored(connection: Connection) -> str:
    return str(await connection.fetchval("select password_hash from user_account"))


@pytest.mark.parametrize("foreign", [BCRYPT, WERKZEUG], ids=["bcrypt", "pbkdf2"])
async def test_the_first_right_sign_in_makes_the_hash_anew(
    server: Server, imported: Reader, connection: Connection, foreign: str
) -> None:
    await connection.execute("update user_account set password_hash = $1", foreign)
    async with reading(server, connection) as browser, reading(server, connection) as elsewhere:
        assert (await browser.sign_in(imported.credential, "not the right one")).status_code == 400
        assert await stored(connection) == foreign
        assert is_back(await browser.sign_in(imported.credential))
        anew = await stored(connection)
        assert not needs_new_hash(anew)
        assert verify_password(anew, PASSWORD)
        assert is_back(await elsewhere.sign_in(imported.credential))
        assert await browser.is_signed_in()
    assert await stored(connection) == anew
    # Nobody has chosen another password, so nobody is told of one.
    assert await connection.fetchval("select count(*) from message") == 0


async def test_of_many_first_sign_ins_at_once_all_get_in(
    server: Server, imported: Reader, connection: Connection
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("select from user_account for share")
    signing_in = [asyncio.create_task(server.sign_in(imported.credential)) for _ in range(4)]

    async def all_wait() -> bool:
        # Not pg_stat_activity, which looks the same throughout a transaction.
        return bool(await connection.fetchval("select count(distinct pid) from pg_locks where not granted") >= 4)

    await until(all_wait)
    await transaction.commit()
    for answer in await asyncio.gather(*signing_in):
        assert "code" in answer.query
    assert not needs_new_hash(await stored(connection))
    assert await connection.fetchval("select count(*) from user_session") == 4


async def test_a_password_that_is_changed_at_that_moment_stays_the_changed_one(
    server: Server, imported: Reader, connection: Connection
) -> None:
    changed = hash_password(NEW_PASSWORD)
    async with reading(server, connection) as browser:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("update user_account set password_hash = $1", changed)
        signing_in = asyncio.create_task(browser.sign_in(imported.credential))
        await until_waiting(connection)
        await transaction.commit()
        assert (await signing_in).status_code == 400
    assert await stored(connection) == changed
    assert await connection.fetchval("select count(*) from user_session") == 0


async def test_an_account_that_is_closed_at_that_moment_stays_closed(
    server: Server, imported: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("update user_account set disabled_at = created_at")
        signing_in = asyncio.create_task(browser.sign_in(imported.credential))
        await until_waiting(connection)
        await transaction.commit()
        assert (await signing_in).status_code == 400
    assert await stored(connection) == BCRYPT


async def test_the_account_page_changes_a_password_that_came_from_another_system(
    server: Server, imported: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        assert is_back(await browser.sign_in(imported.credential))
        await connection.execute("update user_account set password_hash = $1", BCRYPT)
        page = await browser.open("account/password")
        answer = await press(browser, page, "save", password=PASSWORD, new_password=NEW_PASSWORD)
        assert "done=password" in answer.headers["location"]
    assert verify_password(await stored(connection), NEW_PASSWORD)


async def test_a_sign_in_goes_on_with_the_old_hash_when_too_many_wait_for_theirs(
    server: Server, imported: Reader, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PasswordVerifier, "hash", _too_many)
    async with reading(server, connection) as browser:
        assert is_back(await browser.sign_in(imported.credential))
    assert await stored(connection) == BCRYPT


async def _too_many(verifier: PasswordVerifier, password: str) -> str:
    from kolofon.platform.errors import TooManyRequests

    raise TooManyRequests("too many", retry_after=1)


async def test_a_wrong_password_waits_as_long_for_any_hash_and_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured in what it waits for beyond its own work: with that each takes as long as the costliest hash."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    costs = {"cheap": 0.001, "costly": 0.7, "ours": 0.02}
    monkeypatch.setattr("kolofon.identity.passwords.asyncio.sleep", sleep)
    monkeypatch.setattr(
        "kolofon.identity.passwords._timed",
        lambda password_hash, password: (password == "right", costs.get(password_hash, costs["ours"])),
    )
    verifier = PasswordVerifier(1)
    assert not await verifier.verify("costly", "wrong")
    for password_hash in ("cheap", "ours", None, "costly"):
        assert not await verifier.verify(password_hash, "wrong")
    assert [round(seconds, 3) for seconds in waited] == [0, 0.699, 0.68, 0.68, 0]
    assert await verifier.verify("cheap", "right")
    assert len(waited) == 5  # who is right does not wait
    assert not await verifier.verify(None, "right")
    assert len(waited) == 6
    verifier.close()
