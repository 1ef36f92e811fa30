"""Codes and refresh tokens when many requests arrive at once, at one server process or at two."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from typing import Any

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.steps import (
    assert_refused,
    eventually,
    is_accepted,
    is_refused,
    refresh,
    revoke,
    signed_in,
    waits_for_lock,
)
from tests.playground import CALLBACK, Reader

AT_ONCE = 20
Request = Coroutine[Any, Any, httpx.Response]


@pytest.fixture
async def servers(server: Server, database_url: str, clock: Clock) -> AsyncIterator[list[Server]]:
    async with running_server(database_url, clock) as second:
        yield [server, second]


async def at_once(
    connection: Connection, servers: list[Server], table: str, requests: list[Request]
) -> list[httpx.Response]:
    """Let the requests go together: what would change the table is held back until all of them are that far.

    A request that only reads before it changes is not held back at reading, so one that reads without a lock is found
    out every time.
    """
    connections = sum(server.parts.settings.database_connections for server in servers)
    async with connection.transaction():
        await connection.execute(f"lock table {table} in exclusive mode")
        tasks = [asyncio.ensure_future(request) for request in requests]
        await eventually(partial(waits_for_lock, connection, table, min(len(tasks), connections)))
    return list(await asyncio.gather(*tasks))


def _spread(servers: list[Server]) -> list[Server]:
    return [servers[number % len(servers)] for number in range(AT_ONCE)]


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_many_uses_of_a_code_at_once_one_succeeds_and_its_tokens_are_revoked(
    servers: list[Server], reader: Reader, connection: Connection, processes: int
) -> None:
    servers = servers[:processes]
    async with signed_in(servers[0], reader) as browser:
        code = await browser.code()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    requests: list[Request] = [server.token(form) for server in _spread(servers)]
    answers = await at_once(connection, servers, "authorization_code", requests)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
    for answer in answers:
        if answer.status_code == 400:
            assert_refused(answer, "invalid_grant")
    tokens = next(answer.json() for answer in answers if answer.status_code == 200)
    for server in servers:
        assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
        await eventually(partial(is_refused, server, tokens["access_token"]))


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_many_refreshes_at_once_all_get_the_same_answer(
    servers: list[Server], reader: Reader, connection: Connection, processes: int
) -> None:
    servers = servers[:processes]
    tokens = await servers[0].user_tokens(reader.credential)
    requests: list[Request] = [refresh(server, tokens["refresh_token"]) for server in _spread(servers)]
    answers = await at_once(connection, servers, "refresh_token", requests)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    rows = await connection.fetch("select rotated_at is not null as rotated from refresh_token")
    assert sorted(row["rotated"] for row in rows) == [False, True]
    assert await is_accepted(servers[0], answers[0].json()["access_token"])


async def test_no_token_outlives_a_revocation_that_races_with_refreshes(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with signed_in(server, reader) as browser:
        for refreshes_before in range(4):
            tokens = await browser.tokens()
            requests: list[Request] = [refresh(server, tokens["refresh_token"]) for _ in range(3)]
            requests.insert(refreshes_before, revoke(server, tokens["refresh_token"]))
            answers = await at_once(connection, [server], "refresh_token", requests)
            assert answers.pop(refreshes_before).status_code == 200
            given = [tokens, *(answer.json() for answer in answers if answer.status_code == 200)]
            for pair in given:
                assert not await is_accepted(server, pair["access_token"])
                assert_refused(await refresh(server, pair["refresh_token"]), "invalid_grant")


async def test_a_revocation_at_one_process_beats_refreshes_at_another(
    servers: list[Server], reader: Reader, connection: Connection
) -> None:
    first, second = servers
    async with signed_in(first, reader) as browser:
        tokens = await browser.tokens()
    requests: list[Request] = [refresh(second, tokens["refresh_token"]) for _ in range(6)]
    requests.append(revoke(first, tokens["refresh_token"]))
    *answers, revoked = await at_once(connection, servers, "refresh_token", requests)
    assert revoked.status_code == 200
    given = [tokens, *(answer.json() for answer in answers if answer.status_code == 200)]
    for pair in given:
        assert_refused(await refresh(second, pair["refresh_token"]), "invalid_grant")
        await eventually(partial(is_refused, second, pair["access_token"]))
