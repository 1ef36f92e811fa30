"""Having a message sent: it is written down in the caller's transaction, and sent once that is committed."""

from datetime import datetime
from uuid import UUID

from kolofon.events.outbox import queries
from kolofon.events.outbox.messages import Kind, Message
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid

__all__ = ["Kind", "Message", "send"]


async def send(connection: Connection, now: datetime, message: Message) -> UUID:
    """Have a message sent once the caller's transaction is committed; returns its id."""
    message_id = new_uuid()
    await queries.add_message(connection, message_id, now, message)
    return message_id
