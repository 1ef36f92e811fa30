"""Housekeeping."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from kolofon.identity.oauth.keys import LONGEST_TOKEN, PUBLISHED_AHEAD, ROTATED_AFTER
from kolofon.platform.database import Lock, wait_for_lock
from kolofon.platform.idempotency import KEPT
from kolofon.platform.ids import hash_secret, new_uuid
from kolofon.worker import Worker
from tests.browser_session import Server, bearer
from tests.conftest import running_server
from tests.playground import WEB, Playground, Reader
from tests.waiting import until

TABLES = ["oauth_grant", "authorization_code", "refresh_token", "token_revocation", "user_session", "idempotency_key"]


@pytest.fixture
def worker(server: Server) -> Worker:
    parts = server.parts
    return Worker(parts.pool, parts.clock, parts.key_store, parts.delivery, parts.telling)


async def counts(playground: Playground) -> dict[str, int]:
    return {t: int(await playground.connection.fetchval(f"select count(*) from {t}")) for t in TABLES}


async def fill(playground: Playground, reader: Reader, ends: timedelta, name: str) -> UUID:
    """One row in every table that is swept, which ends so long from now."""
    now = playground.clock.now()
    grant_id, end = new_uuid(), now + ends
    execute = playground.connection.execute
    await execute(
        """
        insert into oauth_grant (grant_id, client_id, unique_id, scope, created_at, expires_at)
        values ($1, $2, $3, 'read', $4, $5)
        """,
        grant_id,
        WEB,
        reader.unique_id,
        now - timedelta(days=60),
        # A family stays until the last access token it gave is dead too.
        end - LONGEST_TOKEN,
    )
    await execute(
        "insert into authorization_code (code_hash, grant_id, redirect_uri, expires_at) values ($1, $2, '', $3)",
        hash_secret(name),
        grant_id,
        end,
    )
    await execute(
        "insert into refresh_token (token_hash, grant_id, expires_at) values ($1, $2, $3)",
        hash_secret(name),
        grant_id,
        end,
    )
    await execute("insert into token_revocation (revoked_id, expires_at) values ($1, $2)", grant_id, end)
    await execute(
        """
        insert into user_session (session_hash, unique_id, credential, authenticated_at, expires_at)
        values ($1, $2, 'x', $3, $4)
        """,
        hash_secret(name),
        reader.unique_id,
        now,
        end,
    )
    await execute(
        """
        insert into idempotency_key
            (client_id, caller, idempotency_key, route, body_hash, status, content_type, body, created_at)
        values ($1, '', $2, '', $3, 200, '', '', $4)
        """,
        WEB,
        name,
        hash_secret(name),
        end - KEPT,
    )
    return grant_id


async def test_what_has_ended_is_removed_and_nothing_else(
    worker: Worker, playground: Playground, reader: Reader
) -> None:
    await fill(playground, reader, -timedelta(seconds=1), "ended")
    kept = await fill(playground, reader, timedelta(minutes=1), "living")
    removed = await worker.keep_house()
    assert await counts(playground) == dict.fromkeys(TABLES, 1)
    assert await playground.connection.fetchval("select grant_id from refresh_token") == kept
    assert await playground.connection.fetchval("select idempotency_key from idempotency_key") == "living"
    # A grant's code and token go with it and are not counted.
    assert removed == 4
    assert await worker.keep_house() == 0
    for table in ("user_account", "customer", "client", "signing_key", "subscription"):
        assert await playground.connection.fetchval(f"select count(*) from {table}") > 0, table


async def test_the_last_refresh_token_of_a_living_family_is_kept_and_its_older_ones_go(
    server: Server, worker: Worker, playground: Playground, reader: Reader
) -> None:
    tokens = await server.user_tokens(reader.credential)
    playground.clock.move(timedelta(days=20))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    second = (await server.token(form)).json()["refresh_token"]
    playground.clock.move(timedelta(days=20))
    await worker.keep_house()
    assert await playground.connection.fetchval("select count(*) from refresh_token") == 1
    assert (await server.token({"grant_type": "refresh_token", "refresh_token": second})).status_code == 200


async def test_a_grant_whose_code_nobody_came_for_goes_after_an_hour(
    server: Server, worker: Worker, playground: Playground, reader: Reader
) -> None:
    await server.code(reader.credential)
    tokens = await server.user_tokens(reader.credential)
    grants = "select count(*) from oauth_grant"
    playground.clock.move(timedelta(minutes=59))
    await worker.keep_house()
    assert await playground.connection.fetchval(grants) == 2
    playground.clock.move(timedelta(minutes=3))
    await worker.keep_house()
    assert await playground.connection.fetchval(grants) == 1
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await server.token(form)).status_code == 200


async def test_while_one_worker_is_at_it_another_does_nothing(
    worker: Worker, playground: Playground, reader: Reader
) -> None:
    await fill(playground, reader, -timedelta(seconds=1), "ended")
    async with playground.connection.transaction():
        await wait_for_lock(playground.connection, Lock.HOUSEKEEPING)
        assert await worker.keep_house() == 0
        assert await counts(playground) == dict.fromkeys(TABLES, 1)
    assert await worker.keep_house() == 4


async def test_of_several_workers_each_row_is_removed_by_one_and_one_key_of_each_algorithm_is_made(
    worker: Worker, playground: Playground, reader: Reader, database_url: str
) -> None:
    for number in range(20):
        await fill(playground, reader, -timedelta(seconds=1), f"ended {number}")
    playground.clock.move(ROTATED_AFTER)
    async with running_server(database_url, playground.clock) as second:
        parts = second.parts
        other = Worker(parts.pool, parts.clock, parts.key_store, parts.delivery, parts.telling)
        removed = await asyncio.gather(*(each.keep_house() for each in [worker, other] * 4))
    assert sum(removed) == 80
    assert await playground.connection.fetchval("select count(*) from signing_key") == 4


async def test_a_round_that_fails_is_undone_and_tried_again(
    worker: Worker, playground: Playground, reader: Reader
) -> None:
    await fill(playground, reader, -timedelta(seconds=1), "ended")
    await playground.connection.execute("alter table idempotency_key rename to hidden")
    with pytest.raises(asyncpg.UndefinedTableError):
        await worker.keep_house()
    assert await playground.connection.fetchval("select count(*) from oauth_grant") == 1
    failed = "select coalesce(sum(xact_rollback), 0) from pg_stat_database where datname = current_database()"
    before = await playground.connection.fetchval(failed)
    running = asyncio.create_task(worker.run(0.01))

    async def has_failed_again() -> bool:
        return bool(await playground.connection.fetchval(failed) > before)

    await until(has_failed_again)
    await playground.connection.execute("alter table hidden rename to idempotency_key")

    async def is_done() -> bool:
        return sum((await counts(playground)).values()) == 0

    await until(is_done)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_keys_are_rotated_when_they_are_due_and_not_before(
    server: Server, worker: Worker, playground: Playground, reader: Reader
) -> None:
    async def published() -> set[str]:
        return {key["kid"] for key in (await server.http.get("/user/oauth/jwks")).json()["keys"]}

    first = await published()
    assert len(first) == 2
    playground.clock.move(ROTATED_AFTER - timedelta(minutes=1))
    await worker.keep_house()
    assert await published() == first
    playground.clock.move(timedelta(minutes=1))
    await worker.keep_house()

    async def has_the_next() -> bool:
        return len(await published()) == 4

    await until(has_the_next)
    old = await server.client_token()
    playground.clock.move(PUBLISHED_AHEAD)
    new = await server.client_token()
    path = "/capi/v1/client/customer/pbm/1001/NEWS"
    for token in (old, new):
        assert (await server.http.get(path, headers=bearer(token))).status_code == 200
    await worker.keep_house()
    assert len(await published()) == 4
    playground.clock.move(timedelta(days=1, minutes=1))
    await worker.keep_house()
    assert not await published() & first
    assert await playground.connection.fetchval("select count(*) from signing_key") == 2
