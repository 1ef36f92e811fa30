"""Messages to send, and what sends them."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from kolofon.events.outbox.delivery import Delivery
from kolofon.events.outbox.service import Message, send
from kolofon.events.outbox.ways import ways
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.settings import Settings
from tests.providers.smtp_server import SmtpServer

KARI = "kari@example.no"
FROM = "Fjordposten <no-reply@fjordposten.example>"
TEXT = "Koden er 123456."


def with_smtp(server: SmtpServer) -> Settings:
    return Settings(log_level="error", smtp_url=server.url, mail_from=FROM)


def delivery(pool: Pool, clock: Clock, settings: Settings) -> Delivery:
    return Delivery(lambda: pool, clock, ways(settings))


def mail(
    clock: Clock, recipient: str = KARI, lasts: timedelta = timedelta(minutes=10), html: str | None = None
) -> Message:
    expires_at = clock.now() + lasts
    return Message(kind="mail", recipient=recipient, subject="Koden din", text=TEXT, html=html, expires_at=expires_at)


def sms(clock: Clock) -> Message:
    return Message(kind="sms", recipient="+4791234567", text=TEXT, expires_at=clock.now() + timedelta(minutes=10))


async def written(connection: Connection, clock: Clock, message: Message | None = None) -> UUID:
    """Have a message sent, in a transaction of its own; a mail by default."""
    async with connection.transaction():
        return await send(connection, clock.now(), message or mail(clock))


async def row_of(connection: Connection, message_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow("select * from message where message_id = $1", message_id)
    assert row is not None
    return row
