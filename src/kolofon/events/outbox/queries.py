"""All SQL of messages."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.events.outbox.messages import Kind, Message
from kolofon.platform.database import Connection, rows_changed


class DueMessage(msgspec.Struct, frozen=True):
    """A message taken to be sent; `attempt` says by which taking."""

    message_id: UUID
    attempt: int
    created_at: datetime
    message: Message


class ListedMessage(msgspec.Struct, frozen=True):
    """A message as the mailbox shows it."""

    message_id: UUID
    kind: Kind
    recipient: str
    subject: str | None
    text: str
    html: str | None
    created_at: datetime


async def add_message(connection: Connection, message_id: UUID, now: datetime, message: Message) -> None:
    """Write a message down, due at once."""
    await connection.execute(
        """
        insert into message
            (message_id, kind, recipient, subject, text, html, created_at, expires_at, next_attempt_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $7)
        """,
        message_id,
        message.kind,
        message.recipient,
        message.subject,
        message.text,
        message.html,
        now,
        message.expires_at,
    )


async def take_due_message(
    connection: Connection, now: datetime, taken_until: datetime, most_attempts: int
) -> DueMessage | None:
    """Take the message that has been due longest, for oneself alone until a time; None when nothing is due.

    One statement, committed before anything is sent. Whoever dies with the message gives it to the next that way.
    """
    row = await connection.fetchrow(
        """
        update message set attempts = attempts + 1, next_attempt_at = $2
        where message_id = (
            select message_id from message
            where sent_at is null and given_up_at is null
                and next_attempt_at <= $1 and expires_at > $1 and attempts < $3
            order by next_attempt_at
            limit 1
            -- Another worker that is taking this very row takes it, and we the next.
            for update skip locked
        )
        returning message_id, attempts, created_at, kind, recipient, subject, text, html, expires_at
        """,
        now,
        taken_until,
        most_attempts,
    )
    if row is None:
        return None
    message = Message(
        kind=row["kind"],
        recipient=row["recipient"],
        subject=row["subject"],
        text=row["text"],
        html=row["html"],
        expires_at=row["expires_at"],
    )
    return DueMessage(row["message_id"], row["attempts"], row["created_at"], message)


async def note_sent(connection: Connection, message_id: UUID, now: datetime, keep_text: bool) -> None:
    """The message is sent. True whoever else has it by now, so nobody sends it again."""
    await connection.execute(
        """
        update message
        set sent_at = $2, last_problem = null,
            text = case when $3 then text end, html = case when $3 then html end
        where message_id = $1 and sent_at is null and given_up_at is null
        """,
        message_id,
        now,
        keep_text,
    )


async def note_failed(connection: Connection, due: DueMessage, problem: str, next_attempt_at: datetime) -> None:
    """The message could not be sent, and will be tried again, unless somebody else has taken it meanwhile."""
    await connection.execute(
        """
        update message set last_problem = $3, next_attempt_at = $4
        where message_id = $1 and attempts = $2 and sent_at is null and given_up_at is null
        """,
        due.message_id,
        due.attempt,
        problem,
        next_attempt_at,
    )


async def note_given_up(connection: Connection, due: DueMessage, problem: str, now: datetime) -> None:
    """The message will not be sent, unless somebody else has taken it meanwhile."""
    await connection.execute(
        """
        update message set given_up_at = $4, last_problem = $3, text = null, html = null
        where message_id = $1 and attempts = $2 and sent_at is null and given_up_at is null
        """,
        due.message_id,
        due.attempt,
        problem,
        now,
    )


async def give_up_overdue(connection: Connection, now: datetime, most_attempts: int) -> list[Kind]:
    """Give up what has expired or has been tried too often, and nobody is sending; returns the kind of each."""
    rows = await connection.fetch(
        """
        update message set given_up_at = $1, text = null, html = null,
            last_problem = coalesce(last_problem, 'expired, or nobody lived to send it')
        where sent_at is null and given_up_at is null
            and next_attempt_at <= $1 and (expires_at <= $1 or attempts >= $2)
        returning kind
        """,
        now,
        most_attempts,
    )
    return [row["kind"] for row in rows]


async def sweep_messages(connection: Connection, before: datetime) -> int:
    """Forget the messages from before a time that are done; returns their number."""
    status = await connection.execute(
        "delete from message where created_at < $1 and (sent_at is not null or given_up_at is not null)", before
    )
    return rows_changed(status)


async def list_newest(connection: Connection, most: int) -> list[ListedMessage]:
    """The newest messages whose text is there, newest first."""
    rows = await connection.fetch(
        """
        select message_id, kind, recipient, subject, text, html, created_at
        from message where text is not null
        order by created_at desc, message_id
        limit $1
        """,
        most,
    )
    return [ListedMessage(*row) for row in rows]
