"""Signing keys: made once, rotated without anyone noticing, sealed where they are kept."""

import asyncio
import stat
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from kolofon.app import Parts
from kolofon.identity.oauth.keys import ALGORITHMS, ROTATED_AFTER
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.sealing import SealBroken, Secrets, derive, read_secrets, seal, unseal
from kolofon.settings import Settings, SettingsError
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.jose_by_hand import decode, sign_es256, take_apart
from tests.identity.steps import eventually, is_accepted, signed_in, waits_for_lock
from tests.identity.test_access_tokens import assert_invalid, private_key, published_keys
from tests.playground import Reader

HOUR = timedelta(hours=1)


async def _publishes(server: Server, kids: set[str], algorithm: str = "ES256") -> bool:
    return await _kids(server, algorithm) == kids


async def _kids(server: Server, algorithm: str) -> set[str]:
    return {key["kid"] for key in await published_keys(server) if key["alg"] == algorithm}


async def _kid(server: Server) -> str:
    return str(take_apart(await server.client_token())[0]["kid"])


async def test_a_new_key_is_published_at_once_signs_an_hour_later_and_the_old_one_retires(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with signed_in(server, reader) as browser:
        old_kid, old_private = await _kid(server), private_key(server)
        new_kid = (await server.parts.key_store.rotate(connection)).kid
        await eventually(partial(_publishes, server, {old_kid, new_kid}))
        clock.move(HOUR - timedelta(seconds=1))
        assert await _kid(server) == old_kid
        last_of_old = (await browser.tokens())["access_token"]
        clock.move(timedelta(seconds=1))
        assert await _kid(server) == new_kid
        assert await is_accepted(server, (await browser.tokens())["access_token"])
    assert await is_accepted(server, last_of_old)
    clock.move(timedelta(days=1) - timedelta(seconds=1))
    assert await _publishes(server, {old_kid, new_kid})
    clock.move(timedelta(seconds=1))
    assert await _publishes(server, {new_kid})
    header, claims, _ = take_apart(last_of_old)
    stolen = sign_es256(header, claims | {"exp": int(clock.seconds()) + 600}, old_private)
    await assert_invalid(server, stolen)


async def test_every_process_hears_of_a_new_key(
    server: Server, database_url: str, connection: Connection, clock: Clock
) -> None:
    async with running_server(database_url, clock) as second:
        old_kid = await _kid(server)
        assert await _kid(second) == old_kid
        new_kid = (await server.parts.key_store.rotate(connection)).kid
        for process in (server, second):
            await eventually(partial(_publishes, process, {old_kid, new_kid}))
        clock.move(HOUR)
        assert await is_accepted(second, await server.client_token())
        assert await is_accepted(server, await second.client_token())


async def test_tokens_outlive_the_process_that_gave_them(
    server: Server, reader: Reader, database_url: str, clock: Clock
) -> None:
    tokens = await server.user_tokens(reader.credential)
    async with running_server(database_url, clock) as successor:
        assert await is_accepted(successor, tokens["access_token"])


async def test_processes_that_start_at_once_make_one_key_of_each_algorithm(
    database_url: str, connection: Connection, clock: Clock
) -> None:
    async def start_and_stop() -> None:
        async with running_server(database_url, clock):
            pass

    async with connection.transaction():
        await connection.execute("lock table signing_key in exclusive mode")
        starts = [asyncio.create_task(start_and_stop()) for _ in range(3)]
        await eventually(partial(waits_for_lock, connection, None, len(starts)))
    await asyncio.gather(*starts)
    found = await connection.fetch("select algorithm from signing_key")
    assert sorted(row["algorithm"] for row in found) == ["ES256", "RS256"]


async def test_an_installation_from_before_rs256_gets_its_key_at_the_next_start_and_keeps_the_others(
    server: Server, database_url: str, connection: Connection, clock: Clock
) -> None:
    await connection.execute("delete from signing_key where algorithm = 'RS256'")
    before, old_kid = await server.client_token(), await _kid(server)
    async with running_server(database_url, clock) as successor:
        assert await _kids(successor, "ES256") == {old_kid}
        kids = await _kids(successor, "RS256")
        assert len(kids) == 1
        assert await is_accepted(successor, before)
        # The other process, which runs already, hears of it.
        await eventually(partial(_publishes, server, kids, "RS256"))


async def test_the_worker_rotates_a_key_when_it_is_old_enough_and_only_then(
    server: Server, connection: Connection, clock: Clock
) -> None:
    store = server.parts.key_store
    clock.move(ROTATED_AFTER - timedelta(seconds=1))
    assert not await store.rotate_when_due(connection)
    clock.move(timedelta(seconds=1))
    assert await store.rotate_when_due(connection)
    assert not await store.rotate_when_due(connection)
    assert await connection.fetchval("select count(*) from signing_key") == 4


async def test_the_keys_of_the_two_algorithms_are_rotated_each_on_its_own(
    server: Server, connection: Connection, clock: Clock
) -> None:
    [old_rsa], old_kid = await _kids(server, "RS256"), await _kid(server)
    clock.move(timedelta(days=1))
    key = await server.parts.key_store.rotate(connection, "RS256")
    await eventually(partial(_publishes, server, {old_rsa, key.kid}, "RS256"))
    clock.move(HOUR)
    assert take_apart(await server.client_token())[0] == {"alg": "ES256", "typ": "at+jwt", "kid": old_kid}
    clock.move(timedelta(days=1))
    assert await _publishes(server, {key.kid}, "RS256")
    assert await _publishes(server, {old_kid})
    clock.move(ROTATED_AFTER - timedelta(days=2, hours=1))
    assert await server.parts.key_store.rotate_when_due(connection)
    found = await connection.fetch("select algorithm from signing_key where retires_at is null")
    assert sorted(row["algorithm"] for row in found) == ["ES256", "RS256"]
    # Only the older of the two was due.
    assert await connection.fetchval("select retires_at from signing_key where kid = $1", key.kid) is None


async def test_hearing_of_a_new_key_leaves_those_that_are_known_as_they_are(
    server: Server, connection: Connection, clock: Clock
) -> None:
    def in_use() -> list[object]:
        return [server.parts.keys.signing_key(clock.seconds(), algorithm).jwk for algorithm in ALGORITHMS]

    before, known = in_use(), await _kids(server, "RS256")
    key = await server.parts.key_store.rotate(connection, "RS256")
    await eventually(partial(_publishes, server, known | {key.kid}, "RS256"))
    assert all(one is other for one, other in zip(before, in_use(), strict=True))


async def test_private_keys_are_sealed_where_they_are_kept(server: Server, connection: Connection) -> None:
    private = private_key(server)
    rows = await connection.fetch("select sealed_private_key, public_jwk from signing_key")
    assert len(rows) == 2
    for row in rows:
        for secret in (private["d"].encode(), decode(private["d"]), b'"kty"', b'"d"'):
            assert secret not in row["sealed_private_key"]
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(row["public_jwk"])


async def test_another_secret_key_is_refused_at_start(server: Server, database_url: str, clock: Clock) -> None:
    other = Parts(Settings(log_level="error"), database_url, Secrets("another installation's secret key"), clock)
    with pytest.raises(SettingsError, match="KOLOFON_SECRET_KEY"):
        async with other.running():
            pass


def test_a_seal_opens_with_its_own_key_only_and_shows_every_change() -> None:
    key, other = derive(b"secret", "one purpose"), derive(b"secret", "another purpose")
    sealed = seal(key, b"value")
    assert unseal(key, sealed) == b"value"
    assert seal(key, b"value") != sealed
    changed = [bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]]) for at in range(len(sealed))]
    for text in (*changed, sealed[:-1], sealed[:20], b"short", b""):
        with pytest.raises(SealBroken):
            unseal(key, text)
    with pytest.raises(SealBroken):
        unseal(other, sealed)


async def test_the_secret_key_is_made_once_even_by_many_at_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    made = await asyncio.gather(*(asyncio.to_thread(read_secrets, settings) for _ in range(8)))
    assert len({secrets.key("x") for secrets in made}) == 1
    [file] = settings.data.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text()) >= 32
    given = read_secrets(Settings(data=tmp_path / "data", secret_key="k" * 32))
    assert given.key("x") != made[0].key("x")
