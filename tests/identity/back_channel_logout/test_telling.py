"""How clients are told: at least once, again after failures, and by one worker at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from kolofon.identity.back_channel_logout.service import LIFETIME
from kolofon.identity.back_channel_logout.telling import (
    KEPT,
    MOST_REFUSALS,
    TAKEN_FOR,
    Telling,
    keep_logouts_in_order,
)
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid
from tests.browser_session import Server
from tests.identity.back_channel_logout.client_server import (
    FLOOD,
    HANG,
    HANG_UP,
    TRICKLE,
    ClientServer,
    client_server,
)
from tests.identity.back_channel_logout.steps import listen_at, page_logout, row, rows
from tests.identity.changed_clients import announced, change_client
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import Person
from tests.playground import OTHER, WEB, Playground, Reader
from tests.waiting import until


def another(server: Server, longest_attempt: float = 30) -> Telling:
    """Another worker on the same database."""
    parts = server.parts
    issuer = parts.settings.issuer
    return Telling(parts.pool, parts.clock, issuer, parts.catalogue, parts.keys, longest_attempt)


@pytest.fixture
async def telling(server: Server) -> AsyncIterator[Telling]:
    made = another(server)
    yield made
    await made.close()


async def to_tell(
    connection: Connection, clock: Clock, reader: Reader, client_id: str = WEB, session: str = "s"
) -> None:
    """Have a client told of a session's end."""
    await connection.execute(
        """
        insert into back_channel_logout (session_id, client_id, unique_id, created_at, expires_at, next_attempt_at)
        values ($1, $2, $3, $4, $5, $4)
        """,
        session,
        client_id,
        reader.unique_id,
        clock.now(),
        clock.now() + LIFETIME,
    )


def outcomes(outcome: str) -> float:
    return REGISTRY.get_sample_value("kolofon_back_channel_logouts_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize("answer", ["200 OK", "204 No Content"])
async def test_a_client_that_knows_is_not_told_again(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader, answer: str
) -> None:
    client.answer, counted = answer, outcomes("told")
    await to_tell(connection, clock, reader)
    assert await telling.do_next()
    assert not await telling.do_next()
    clock.move(timedelta(hours=2))
    assert not await telling.do_next()
    assert len(client.requests) == 1
    found = await row(connection)
    assert (found["told_at"] is not None, found["given_up_at"], found["attempts"]) == (True, None, 1)
    assert outcomes("told") == counted + 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("500 Oh", "500"),
        ("503 Later", "503"),
        ("429 Slowly", "429"),
        ("408 Slow", "408"),
        (HANG_UP, "RemoteProtocolError"),
    ],
)
async def test_a_client_that_cannot_be_told_is_told_later_after_growing_pauses_each_time_with_another_token(
    telling: Telling,
    client: ClientServer,
    connection: Connection,
    clock: Clock,
    reader: Reader,
    answer: str,
    problem: str,
) -> None:
    client.answer, counted = answer, outcomes("failed")
    await to_tell(connection, clock, reader)
    for attempt, pause in enumerate((5, 15, 45), start=1):
        assert await telling.do_next()
        found = await row(connection)
        assert (found["attempts"], found["last_problem"]) == (attempt, problem)
        assert (found["told_at"], found["given_up_at"]) == (None, None)
        clock.move(timedelta(seconds=pause - 1))
        assert not await telling.do_next()
        clock.move(timedelta(seconds=1))
    assert outcomes("failed") == counted + 3
    client.answer = "200 OK"
    assert await telling.do_next()
    assert (await row(connection))["told_at"] is not None
    claims = [take_apart(request.logout_token)[1] for request in client.requests]
    assert len({each["jti"] for each in claims}) == 4
    assert claims[-1]["iat"] == int(clock.now().timestamp())


async def test_a_client_that_is_not_there_is_told_when_it_is(
    server: Server, telling: Telling, connection: Connection, clock: Clock, reader: Reader, playground: Playground
) -> None:
    async with client_server() as gone:
        await listen_at(playground, WEB, gone.url())
    await announced(server, playground)
    await to_tell(connection, clock, reader)
    assert await telling.do_next()
    assert (await row(connection))["last_problem"] == "ConnectError"


@pytest.mark.parametrize("answer", ["400 Bad Request", "404 Not Found", "302 Found", "201 Created"])
async def test_a_refusal_is_tried_six_times_in_ten_minutes_and_then_given_up(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader, answer: str
) -> None:
    client.answer, counted = answer, outcomes("given_up")
    client.headers, client.body = [f"Location: {client.url('/elsewhere')}"], b'{"error":\n"invalid_request\0"}'
    await to_tell(connection, clock, reader)
    began = clock.now()
    while (await row(connection))["given_up_at"] is None:
        assert await telling.do_next()
        clock.move(max((await row(connection))["next_attempt_at"] - clock.now(), timedelta()))
    assert len(client.requests) == MOST_REFUSALS
    assert clock.now() - began < timedelta(minutes=12)
    # Redirects are not followed.
    assert {request.path for request in client.requests} == {"/backchannel_logout"}
    assert (await row(connection))["last_problem"] == f'{answer[:3]} {{"error": "invalid_request "}}'
    assert outcomes("given_up") == counted + 1
    clock.move(timedelta(hours=2))
    assert not await telling.do_next()


async def test_a_client_that_is_away_for_a_day_is_given_up(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    client.answer = "503 Later"
    await to_tell(connection, clock, reader)
    began = clock.now()
    while (await row(connection))["given_up_at"] is None:
        assert await telling.do_next()
        clock.move(max((await row(connection))["next_attempt_at"] - clock.now(), timedelta()))
    assert timedelta(hours=22) < clock.now() - began <= LIFETIME
    assert 20 < len(client.requests) < 40


@pytest.mark.parametrize("answer", [HANG, TRICKLE])
async def test_an_answer_that_takes_too_long_is_not_waited_for(
    server: Server, client: ClientServer, connection: Connection, clock: Clock, reader: Reader, answer: str
) -> None:
    client.answer = answer
    await to_tell(connection, clock, reader)
    impatient = another(server, longest_attempt=0.4)
    # Far more than that: it ends only the wait for an answer that never ends.
    async with asyncio.timeout(30):
        assert await impatient.do_next()
    await impatient.close()
    assert (await row(connection))["last_problem"] in {"TimeoutError", "ReadTimeout"}
    assert (await row(connection))["given_up_at"] is None


async def test_of_an_answer_without_end_only_the_beginning_is_read(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    client.answer = FLOOD
    await to_tell(connection, clock, reader)
    assert await telling.do_next()
    assert (await row(connection))["last_problem"] == "400 " + "z" * 300


@pytest.mark.parametrize("change", ["backchannel_logout_uri = null", "disabled = true"])
async def test_a_client_that_does_not_want_to_know_any_more_is_left_alone(
    server: Server,
    telling: Telling,
    client: ClientServer,
    connection: Connection,
    clock: Clock,
    reader: Reader,
    playground: Playground,
    change: str,
) -> None:
    await to_tell(connection, clock, reader)
    await change_client(server, playground, WEB, change)
    assert await telling.do_next()
    assert (await row(connection))["given_up_at"] is not None
    assert client.requests == []


async def test_while_one_worker_tells_a_client_no_other_does_and_no_transaction_is_open(
    server: Server, telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    second = another(server)
    client.answer = HANG
    await to_tell(connection, clock, reader)
    first = asyncio.create_task(telling.do_next())
    await client.until(lambda served: len(served.requests) == 1)
    clock.move(TAKEN_FOR - timedelta(seconds=1))
    assert not await second.do_next()
    open_ones = """
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            and (state like 'idle in transaction%' or backend_xid is not null)
    """
    assert await connection.fetchval(open_ones) == 0
    client.go_on.set()
    assert await first
    await second.close()
    assert (await row(connection))["told_at"] is not None


async def test_of_many_rows_and_workers_each_client_is_told_of_each_session_once(
    server: Server, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    sessions = [f"session {number}" for number in range(40)]
    for session in sessions:
        await to_tell(connection, clock, reader, session=session)
    client.answer = HANG
    workers = [another(server) for _ in range(3)]
    running = [asyncio.create_task(worker.run(3600)) for worker in workers]
    # Several at once, by each of them.
    await client.until(lambda served: served.at_once == 3 * 4)
    client.answer = "200 OK"
    client.go_on.set()

    async def is_done() -> bool:
        return all(found["told_at"] is not None for found in await rows(connection))

    await until(is_done)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for worker in workers:
        await worker.close()
    assert sorted(take_apart(request.logout_token)[1]["sid"] for request in client.requests) == sorted(sessions)


async def test_a_row_that_another_worker_is_taking_is_passed_over(
    server: Server, telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    for session in ("first", "second"):
        await to_tell(connection, clock, reader, session=session)
        clock.move(timedelta(seconds=1))
    async with connection.transaction():
        await connection.execute("select 1 from back_channel_logout where session_id = 'first' for update")
        assert await telling.do_next()
        assert not await telling.do_next()
    assert [take_apart(request.logout_token)[1]["sid"] for request in client.requests] == ["second"]


async def test_whoever_dies_while_telling_leaves_it_to_the_next(
    server: Server, telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    client.answer = HANG
    await to_tell(connection, clock, reader)
    dying = another(server)
    task = asyncio.create_task(dying.run(3600))
    await client.until(lambda served: len(served.requests) == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await dying.close()
    client.answer = "200 OK"
    assert not await telling.do_next()
    clock.move(TAKEN_FOR)
    assert await telling.do_next()
    assert (await row(connection))["told_at"] is not None


@pytest.mark.parametrize("answer", ["400 No", "503 Later"])
async def test_a_worker_that_was_away_for_too_long_does_not_undo_what_the_next_one_did(
    server: Server,
    telling: Telling,
    client: ClientServer,
    connection: Connection,
    clock: Clock,
    reader: Reader,
    answer: str,
) -> None:
    await to_tell(connection, clock, reader)
    client.answer = HANG
    away = another(server)
    task = asyncio.create_task(away.do_next())
    await client.until(lambda served: len(served.requests) == 1)
    clock.move(TAKEN_FOR)
    client.answer = answer
    assert await telling.do_next()
    second_says = await row(connection)
    client.later = "503 Far too late"
    client.go_on.set()
    assert await task
    await away.close()
    assert await row(connection) == second_says
    assert second_says["attempts"] == 2


async def test_a_client_that_does_not_answer_does_not_hold_up_the_others(
    server: Server,
    telling: Telling,
    client: ClientServer,
    connection: Connection,
    clock: Clock,
    reader: Reader,
    playground: Playground,
) -> None:
    """One that is away, with very many rows, would otherwise take up every attempt."""
    async with client_server() as other:
        await listen_at(playground, OTHER, other.url())
        await announced(server, playground)
        client.answer = "503 Later"
        for number in range(30):
            await to_tell(connection, clock, reader, session=f"session {number}")
        clock.move(timedelta(seconds=1))
        await to_tell(connection, clock, reader, OTHER)
        while await telling.do_next():
            pass
        assert len(client.requests) == 1
        assert len(other.requests) == 1
        clock.move(timedelta(seconds=5))
        client.answer = "200 OK"
        while await telling.do_next():
            pass
        assert {found["told_at"] is not None for found in await rows(connection)} == {True}
        assert len(client.requests) == 31


async def test_what_is_committed_is_told_at_once_without_waiting_for_the_poll(
    server: Server, person: Person, client: ClientServer
) -> None:
    running = asyncio.create_task(server.parts.telling.run(poll_seconds=3600))
    for number in (1, 2):
        await person.tokens()
        await page_logout(person)
        await client.until(lambda served, number=number: len(served.requests) == number)  # type: ignore[misc]
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_housekeeping_gives_up_what_is_too_old_and_forgets_what_is_done_after_a_week(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    counted = outcomes("given_up")
    await to_tell(connection, clock, reader, session=new_uuid().hex)
    assert await telling.do_next()
    await to_tell(connection, clock, reader, session=new_uuid().hex)
    clock.move(LIFETIME)
    assert not await telling.do_next()
    assert await keep_logouts_in_order(connection, clock) == 0
    assert sum(found["given_up_at"] is not None for found in await rows(connection)) == 1
    assert outcomes("given_up") == counted + 1
    clock.move(KEPT - LIFETIME)
    assert await keep_logouts_in_order(connection, clock) == 0
    clock.move(timedelta(seconds=1))
    assert await keep_logouts_in_order(connection, clock) == 2
    assert await rows(connection) == []


async def test_housekeeping_leaves_alone_what_is_being_told(
    telling: Telling, client: ClientServer, connection: Connection, clock: Clock, reader: Reader
) -> None:
    client.answer = HANG
    await to_tell(connection, clock, reader)
    await connection.execute("update back_channel_logout set expires_at = $1", clock.now() + timedelta(seconds=10))
    task = asyncio.create_task(telling.do_next())
    await client.until(lambda served: len(served.requests) == 1)
    clock.move(timedelta(seconds=20))
    await keep_logouts_in_order(connection, clock)
    client.go_on.set()
    await task
    found = await row(connection)
    assert (found["told_at"] is not None, found["given_up_at"]) == (True, None)
