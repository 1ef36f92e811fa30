import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from kolofon.events.outbox.delivery import KEPT, MOST_ATTEMPTS, TAKEN_FOR, keep_messages_in_order
from kolofon.events.outbox.service import Message, send
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.due_work import pause_after
from kolofon.settings import Settings
from tests.events.outbox import messages_to
from tests.events.post import KARI, TEXT, delivery, mail, row_of, sms, with_smtp, written
from tests.providers.smtp_server import SmtpServer
from tests.waiting import until

SECRET_KEY = "s" * 32
PRODUCTION = Settings(mode="production", public_url="https://a.no", secret_key=SECRET_KEY, log_level="error")


def outcomes(kind: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("kolofon_messages_total", {"kind": kind, "outcome": outcome}) or 0


async def test_a_mail_is_sent_once_and_its_text_is_not_kept(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending, counted = delivery(pool, clock, with_smtp(smtp)), outcomes("mail", "sent")
    message_id = await written(connection, clock, mail(clock, html="<p>Koden er <b>123456</b>.</p>"))
    assert [message.text for message in await messages_to(connection, KARI)] == [TEXT]
    assert await sending.do_next()
    assert not await sending.do_next()
    [taken] = smtp.taken
    assert taken.recipient == KARI
    assert taken.content["Message-ID"] == f"<{message_id}@fjordposten.example>"
    row = await row_of(connection, message_id)
    assert (row["given_up_at"], row["attempts"]) == (None, 1)
    assert row["sent_at"] is not None
    assert (row["text"], row["html"], row["subject"]) == (None, None, "Koden din")
    assert outcomes("mail", "sent") == counted + 1


async def test_nothing_is_sent_before_the_commit_and_nothing_after_a_rollback(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = delivery(pool, clock, with_smtp(smtp))
    transaction = connection.transaction()
    await transaction.start()
    await send(connection, clock.now(), mail(clock))
    assert not await sending.do_next()
    await transaction.rollback()
    assert not await sending.do_next()
    async with connection.transaction():
        await send(connection, clock.now(), mail(clock))
        assert not await sending.do_next()
    assert await sending.do_next()
    assert len(smtp.taken) == 1


async def test_while_one_worker_sends_a_message_no_other_does_and_no_transaction_is_open(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    first, second = (delivery(pool, clock, with_smtp(smtp)) for _ in range(2))
    smtp.answers["TAKEN"] = SmtpServer.HANG
    message_id = await written(connection, clock)
    sending = asyncio.create_task(first.do_next())
    await smtp.until(lambda server: "TAKEN" in server.commands)
    clock.move(TAKEN_FOR - timedelta(seconds=1))
    assert not await second.do_next()
    open_ones = """
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            and (state like 'idle in transaction%' or backend_xid is not null)
    """
    assert await connection.fetchval(open_ones) == 0
    smtp.go_on.set()
    assert await sending
    assert len(smtp.taken) == 1
    assert (await row_of(connection, message_id))["sent_at"] is not None


async def test_of_many_messages_and_workers_each_is_sent_once(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    recipients = [f"reader{number}@example.no" for number in range(60)]
    for recipient in recipients:
        await written(connection, clock, mail(clock, recipient))
    workers = [asyncio.create_task(delivery(pool, clock, with_smtp(smtp)).run(3600)) for _ in range(4)]

    async def is_done() -> bool:
        return bool(await connection.fetchval("select count(*) = 0 from message where sent_at is null"))

    await until(is_done)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert Counter(taken.recipient for taken in smtp.taken) == Counter(recipients)
    assert smtp.most_at_once > 1


async def test_whoever_dies_with_a_message_leaves_it_to_the_next(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    smtp.answers["TAKEN"] = SmtpServer.HANG
    await written(connection, clock)
    dying = asyncio.create_task(delivery(pool, clock, with_smtp(smtp)).run(3600))
    await smtp.until(lambda server: "TAKEN" in server.commands)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    del smtp.answers["TAKEN"]
    sending = delivery(pool, clock, with_smtp(smtp))
    assert not await sending.do_next()
    clock.move(TAKEN_FOR)
    assert await sending.do_next()
    assert len(smtp.taken) == 1


async def test_a_temporary_failure_is_tried_again_after_growing_pauses(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = delivery(pool, clock, with_smtp(smtp))
    message_id = await written(connection, clock)
    smtp.answers["RCPT"] = "451 later, kari@example.no"
    for attempt, pause in enumerate((5, 15, 45), start=1):
        assert await sending.do_next()
        row = await row_of(connection, message_id)
        assert (row["attempts"], row["sent_at"], row["given_up_at"]) == (attempt, None, None)
        assert row["last_problem"] == "SMTPRecipientRefused 451: later, kari@example.no"
        clock.move(timedelta(seconds=pause - 1))
        assert not await sending.do_next()
        clock.move(timedelta(seconds=1))
    del smtp.answers["RCPT"]
    assert await sending.do_next()
    assert len(smtp.taken) == 1
    row = await row_of(connection, message_id)
    assert (row["attempts"], row["last_problem"]) == (4, None)


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [pause_after(attempt) for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    assert timedelta(days=3) < sum(pauses, timedelta()) < timedelta(days=5)


async def test_a_permanent_failure_is_given_up_at_once(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending, counted = delivery(pool, clock, with_smtp(smtp)), outcomes("mail", "given_up")
    message_id = await written(connection, clock)
    smtp.answers["RCPT"] = "550 nobody here"
    assert await sending.do_next()
    row = await row_of(connection, message_id)
    assert row["given_up_at"] is not None
    assert (row["text"], row["last_problem"]) == (None, "SMTPRecipientRefused 550: nobody here")
    assert outcomes("mail", "given_up") == counted + 1
    clock.move(timedelta(minutes=5))
    assert not await sending.do_next()


async def test_what_has_expired_is_not_sent_and_what_would_expire_before_the_next_attempt_is_given_up(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = delivery(pool, clock, with_smtp(smtp))
    expired = await written(connection, clock)
    clock.move(timedelta(minutes=10))
    assert not await sending.do_next()
    assert await keep_messages_in_order(connection, clock) == 0
    row = await row_of(connection, expired)
    assert row["given_up_at"] is not None
    assert row["text"] is None
    short = await written(connection, clock, mail(clock, lasts=timedelta(seconds=4)))
    smtp.answers["RCPT"] = "451 later"
    assert await sending.do_next()
    assert (await row_of(connection, short))["given_up_at"] is not None
    assert smtp.taken == []


async def test_after_so_many_attempts_it_is_given_up_even_if_each_killed_its_worker(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = delivery(pool, clock, with_smtp(smtp))
    last, killer = [await written(connection, clock, mail(clock, lasts=timedelta(days=9))) for _ in range(2)]
    update = "update message set attempts = $2 where message_id = $1"
    await connection.execute(update, last, MOST_ATTEMPTS - 1)
    await connection.execute(update, killer, MOST_ATTEMPTS)
    smtp.answers["RCPT"] = "451 later"
    assert await sending.do_next()
    assert (await row_of(connection, last))["given_up_at"] is not None
    assert not await sending.do_next()
    await keep_messages_in_order(connection, clock)
    assert (await row_of(connection, killer))["given_up_at"] is not None


async def test_housekeeping_leaves_alone_what_is_being_sent_and_what_is_waiting(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    smtp.answers["TAKEN"] = SmtpServer.HANG
    message_id = await written(connection, clock, mail(clock, lasts=timedelta(seconds=10)))
    sending = asyncio.create_task(delivery(pool, clock, with_smtp(smtp)).do_next())
    await smtp.until(lambda server: "TAKEN" in server.commands)
    clock.move(timedelta(seconds=20))
    await keep_messages_in_order(connection, clock)
    smtp.go_on.set()
    await sending
    row = await row_of(connection, message_id)
    assert (row["sent_at"] is not None, row["given_up_at"]) == (True, None)


async def test_what_is_done_is_kept_for_30_days_and_what_is_not_for_as_long_as_it_takes(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer
) -> None:
    sending = delivery(pool, clock, with_smtp(smtp))
    done = await written(connection, clock)
    assert await sending.do_next()
    waiting = await written(connection, clock, mail(clock, lasts=KEPT * 2))
    clock.move(KEPT - timedelta(minutes=1))
    assert await keep_messages_in_order(connection, clock) == 0
    clock.move(timedelta(minutes=2))
    assert await keep_messages_in_order(connection, clock) == 1
    remaining = await connection.fetch("select message_id from message")
    assert [row["message_id"] for row in remaining] == [waiting] != [done]


@pytest.mark.parametrize("answer", ["554 no", "452 full"])
async def test_a_worker_that_was_away_for_too_long_does_not_undo_what_the_next_one_did(
    pool: Pool, connection: Connection, clock: Clock, smtp: SmtpServer, answer: str
) -> None:
    message_id = await written(connection, clock)
    smtp.answers["RCPT"] = SmtpServer.HANG
    away = asyncio.create_task(delivery(pool, clock, with_smtp(smtp)).do_next())
    await smtp.until(lambda server: "RCPT" in server.commands)
    clock.move(TAKEN_FOR)
    smtp.answers["RCPT"] = "451 later"
    assert await delivery(pool, clock, with_smtp(smtp)).do_next()
    second_says = await row_of(connection, message_id)
    smtp.answers["DATA"] = answer
    smtp.go_on.set()
    await away
    assert await row_of(connection, message_id) == second_says
    assert second_says["attempts"] == 2


async def test_in_development_without_a_server_messages_are_put_into_the_mailbox(
    pool: Pool, connection: Connection, clock: Clock
) -> None:
    sending = delivery(pool, clock, Settings(log_level="error"))
    counted = outcomes("sms", "mailbox")
    for message in (mail(clock), sms(clock)):
        message_id = await written(connection, clock, message)
        assert await sending.do_next()
        row = await row_of(connection, message_id)
        assert (row["sent_at"] is not None, row["text"]) == (True, TEXT)
    assert outcomes("sms", "mailbox") == counted + 1


@pytest.mark.parametrize(
    ("kind", "problem"), [("mail", "KOLOFON_SMTP_URL is not set"), ("sms", "there is no provider for SMS")]
)
async def test_in_production_what_has_no_way_to_leave_is_given_up_with_the_reason(
    pool: Pool, connection: Connection, clock: Clock, kind: str, problem: str
) -> None:
    message_id = await written(connection, clock, mail(clock) if kind == "mail" else sms(clock))
    assert await delivery(pool, clock, PRODUCTION).do_next()
    row = await row_of(connection, message_id)
    assert (row["given_up_at"] is not None, row["last_problem"], row["text"]) == (True, problem, None)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": None},
        {"subject": "Hei\r\nBcc: ola@example.no"},
        {"subject": "Hei\u2028du"},
        {"recipient": "kari@example.no\nola@example.no"},
        {"recipient": ""},
        {"kind": "sms"},
        {"kind": "sms", "subject": None, "html": "<p>"},
    ],
)
def test_a_message_that_could_never_be_sent_is_refused_where_it_is_made(
    clock: Clock, change: dict[str, object]
) -> None:
    whole: dict[str, object] = {"kind": "mail", "recipient": KARI, "subject": "Hei", "text": "Hei", "html": None}
    with pytest.raises(ValueError, match=r"expected|subject|text only|one line"):
        Message(expires_at=clock.now(), **(whole | change))  # type: ignore[arg-type]
    assert Message(expires_at=clock.now(), **whole).subject == "Hei"  # type: ignore[arg-type]
