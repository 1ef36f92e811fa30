"""What was written to somebody, as far as it is still there to be read."""

import msgspec

from kolofon.events.outbox.service import Message
from kolofon.platform.database import Connection


async def messages_to(connection: Connection, recipient: str) -> list[Message]:
    """The messages to a recipient, newest last."""
    rows = await connection.fetch(
        """
        select kind, recipient, subject, text, html, expires_at
        from message where recipient = $1 and text is not null
        -- In a test the clock may stand still: then it is the order in which they were committed.
        order by created_at, age(xmin) desc, ctid
        """,
        recipient,
    )
    return [msgspec.convert(dict(row), Message) for row in rows]
