import asyncio
import signal
from datetime import timedelta
from pathlib import Path

from kolofon.events.outbox.delivery import TAKEN_FOR
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from tests.conftest import running_server
from tests.events.post import FROM, KARI, TEXT, delivery, mail, row_of, sms, with_smtp, written
from tests.processes import WAIT, worker_process
from tests.providers.smtp_server import SmtpServer
from tests.waiting import until


async def test_a_worker_killed_while_it_sends_leaves_the_message_to_the_next(
    database_url: str, pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer, tmp_path: Path
) -> None:
    smtp.answers["TAKEN"] = SmtpServer.HANG
    message_id = await written(connection, clock)
    async with worker_process(database_url, tmp_path, smtp_url=smtp.url, mail_from=FROM) as process:
        await smtp.until(lambda server: "TAKEN" in server.commands)
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait, WAIT)
    assert (await row_of(connection, message_id))["sent_at"] is None
    # The server had it after all; that is not known to anybody who lives.
    smtp.go_on.set()
    await smtp.until(lambda server: len(server.taken) == 1)
    del smtp.answers["TAKEN"]
    sending = delivery(pool, clock, with_smtp(smtp))
    assert not await sending.do_next()
    clock.move(TAKEN_FOR + timedelta(seconds=5))
    assert await sending.do_next()
    first, second = smtp.taken
    assert first.content["Message-ID"] == second.content["Message-ID"] == f"<{message_id}@fjordposten.example>"
    assert (await row_of(connection, message_id))["sent_at"] is not None


async def test_the_worker_sends_and_tells_of_no_one(
    database_url: str, connection: Connection, clock: Clock, smtp: SmtpServer, tmp_path: Path
) -> None:
    message_ids = [await written(connection, clock, message) for message in (mail(clock), sms(clock))]
    async with worker_process(database_url, tmp_path, smtp_url=smtp.url, mail_from=FROM) as process:
        await smtp.until(lambda server: len(server.taken) == 1)
        smtp.answers["RCPT"] = f"451 {KARI} is busy"
        message_ids.append(await written(connection, clock))

        async def one_waits() -> bool:
            return bool(await connection.fetchval("select count(*) = 1 from message where last_problem like '%451%'"))

        await until(one_waits)
        smtp.answers["RCPT"] = f"550 {KARI} is unknown"
        await connection.execute("update message set next_attempt_at = $1 where sent_at is null", clock.now())

        async def all_are_done() -> bool:
            return bool(
                await connection.fetchval(
                    "select count(*) = 0 from message where sent_at is null and given_up_at is null"
                )
            )

        await until(all_are_done)
        process.terminate()
        assert await asyncio.to_thread(process.wait, WAIT) == 0
    log = (tmp_path / "log").read_text()
    assert all(str(message_id) in log for message_id in message_ids)
    assert "there is no provider for SMS" in log
    assert "SMTPRecipientRefused 451" in log
    assert "SMTPRecipientRefused 550" in log
    for told in (KARI, "+4791234567", TEXT, "Koden din"):
        assert told not in log


async def test_what_is_committed_is_sent_at_once_without_waiting_for_the_poll(
    database_url: str, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    async with running_server(database_url, clock, with_smtp(smtp)) as server:
        sending = asyncio.create_task(server.parts.delivery.run(poll_seconds=3600))
        for number in (1, 2, 3):
            await written(connection, clock)
            await smtp.until(lambda server, number=number: len(server.taken) == number)  # type: ignore[misc]
        assert not sending.done()
        assert [taken.recipient for taken in smtp.taken] == [KARI] * 3
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_message_that_hangs_does_not_hold_up_the_others(
    database_url: str, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    async with running_server(database_url, clock, with_smtp(smtp)) as server:
        sending = asyncio.create_task(server.parts.delivery.run(poll_seconds=3600))
        smtp.answers["TAKEN"] = SmtpServer.HANG
        hanging = await written(connection, clock)
        await smtp.until(lambda server: "TAKEN" in server.commands)
        del smtp.answers["TAKEN"]
        await written(connection, clock, mail(clock, "ola@example.no"))
        await smtp.until(lambda server: [taken.recipient for taken in server.taken] == ["ola@example.no"])
        # It has not failed meanwhile, so the other one did not wait for that.
        assert (await row_of(connection, hanging))["last_problem"] is None
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_delivery_goes_on_after_the_database_was_away(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = asyncio.create_task(delivery(pool, clock, with_smtp(smtp)).run(0.01))
    await connection.execute("alter table message rename to hidden")
    failed = "select coalesce(sum(xact_rollback), 0) from pg_stat_database where datname = current_database()"
    before = await connection.fetchval(failed)

    async def has_failed() -> bool:
        return bool(await connection.fetchval(failed) > before)

    await until(has_failed)
    await connection.execute("alter table hidden rename to message")
    await written(connection, clock)
    await smtp.until(lambda server: len(server.taken) == 1)
    assert not sending.done()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
