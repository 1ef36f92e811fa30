"""The worker as a process of its own, which may be killed."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

from kolofon.identity.back_channel_logout.telling import TAKEN_FOR
from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.back_channel_logout.client_server import HANG, ClientServer
from tests.identity.back_channel_logout.steps import page_logout, row
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import Person, verified
from tests.playground import Playground
from tests.processes import WAIT, worker_process
from tests.waiting import until

SECRET_KEY = "a test installation's secret key!"  # that of the server in this process


async def test_a_worker_killed_while_it_tells_a_client_leaves_it_to_the_next(
    server: Server, person: Person, client: ClientServer, playground: Playground, database_url: str, clock: Clock,
    tmp_path: Path,
) -> None:  # fmt: skip
    client.answer = HANG
    await person.tokens()
    await page_logout(person)
    async with worker_process(database_url, tmp_path, secret_key=SECRET_KEY) as process:
        await client.until(lambda served: len(served.requests) == 1)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait, WAIT)
    assert (await row(playground.connection))["told_at"] is None
    client.answer = "200 OK"
    assert not await server.parts.telling.do_next()
    # The clock of this process stands still, that of the other did not.
    clock.move(TAKEN_FOR + timedelta(minutes=1))
    assert await server.parts.telling.do_next()
    assert (await row(playground.connection))["told_at"] is not None
    first, second = (take_apart(request.logout_token)[1] for request in client.requests)
    assert (first["sub"], first["sid"]) == (second["sub"], second["sid"])
    assert first["jti"] != second["jti"]


async def test_the_worker_tells_and_its_log_names_no_reader(
    server: Server, person: Person, client: ClientServer, playground: Playground, database_url: str, tmp_path: Path
) -> None:
    client.answer, client.body = "503 Later", person.reader.credential.encode()
    await person.tokens()
    await page_logout(person)
    async with worker_process(database_url, tmp_path, secret_key=SECRET_KEY) as process:
        await client.until(lambda served: len(served.requests) == 1)
        client.answer = "200 OK"

        async def is_told() -> bool:
            return (await row(playground.connection))["told_at"] is not None

        await until(is_told)
        process.terminate()
        assert await asyncio.to_thread(process.wait, WAIT) == 0
    claims = take_apart(client.requests[-1].logout_token)[1]
    assert await verified(server, client.requests[-1].logout_token) == claims
    log = (tmp_path / "log").read_text()
    assert "a client was not told of a session's end and will be" in log
    assert "a client was told of a session's end" in log
    for name in (person.reader.credential, person.reader.unique_id.hex, str(person.reader.unique_id), claims["sid"]):
        assert name not in log
