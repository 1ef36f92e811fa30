"""The account of a credential, made when there is none."""

from datetime import datetime

from asyncpg import UniqueViolationError

from kolofon.engine.accounts import queries
from kolofon.engine.accounts.queries import Handle, NewHandle
from kolofon.platform.database import Connection


async def find_or_make_account(
    connection: Connection, partner_id: int, new: NewHandle, now: datetime
) -> tuple[Handle, bool]:
    """The account that a credential belongs to, else the new one; and whether it was made now."""
    await queries.lock_credential(connection, new.credential)
    found = await queries.find_handle(connection, partner_id, new.credential)
    if found is not None:
        return found, False
    try:
        async with connection.transaction():
            await queries.add_handle(connection, new, now)
    except UniqueViolationError:
        # Whoever registers on our pages takes no such lock.
        found = await queries.find_handle(connection, partner_id, new.credential)
        if found is None:
            raise
        return found, False
    return Handle(new.unique_id, disabled=False, customer_number=None), True
