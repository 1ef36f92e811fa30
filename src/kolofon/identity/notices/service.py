"""Telling a reader of a change, at every verified credential: whoever made the change has only some of them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from kolofon.events.outbox.service import send
from kolofon.identity.notices import queries
from kolofon.identity.notices.messages import Kind, Notice, notice_message
from kolofon.platform.database import Connection

__all__ = ["Kind", "Notice", "notify"]


async def notify(
    connection: Connection,
    now: datetime,
    unique_id: UUID,
    notice: Notice,
    besides: Collection[str] = (),
    leave_out: Collection[str] = (),
) -> None:
    """Send a notice in the transaction of the change. `besides`: credentials that hear of it although they are gone."""
    time_zone = await queries.find_time_zone(connection, notice.origin.client_id)
    recipients = await queries.list_recipients(connection, unique_id)
    for recipient in sorted({*recipients, *besides} - set(leave_out)):
        await send(connection, now, notice_message(recipient, notice, now, time_zone))
