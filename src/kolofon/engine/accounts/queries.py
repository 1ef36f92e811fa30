"""All SQL of finding and making accounts by a credential."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection, Reader


class Handle(msgspec.Struct, frozen=True):
    """The account behind a credential, and which customer of a partner it is."""

    unique_id: UUID
    disabled: bool
    customer_number: int | None
    has_password: bool = False


class NewHandle(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be made, that is known by one credential alone."""

    unique_id: UUID
    credential: str
    credential_type: str
    verification_level: str
    first_name: str | None = None
    last_name: str | None = None


async def lock_credential(connection: Connection, credential: str) -> None:
    """Let one request at a time make the account of a credential, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"extid {credential}")


async def find_handle(database: Reader, partner_id: int, credential: str) -> Handle | None:
    """The account of a credential, with the customer of this partner that it is tied to."""
    row = await database.fetchrow(
        """
        select a.unique_id, a.disabled_at is not null, l.customer_number, a.password_hash is not null
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        left join user_customer l on l.unique_id = a.unique_id and l.partner_id = $1
        where c.credential = $2
        """,
        partner_id,
        credential,
    )
    return Handle(*row) if row is not None else None


async def add_handle(connection: Connection, new: NewHandle, now: datetime) -> None:
    """Make an account. Raises UniqueViolationError when the credential is somebody's."""
    await connection.execute(
        "insert into user_account (unique_id, first_name, last_name, created_at) values ($1, $2, $3, $4)",
        new.unique_id,
        new.first_name,
        new.last_name,
        now,
    )
    await connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        values ($1, $2, $3, $4, $5)
        """,
        new.credential,
        new.credential_type,
        new.unique_id,
        new.verification_level,
        now,
    )


async def link_customer(
    connection: Connection, unique_id: UUID, partner_id: int, customer_number: int, now: datetime
) -> None:
    """Tie a user to a customer of the partner, instead of the one before."""
    await connection.execute(
        """
        insert into user_customer (unique_id, partner_id, customer_number, linked_at)
        values ($1, $2, $3, $4)
        on conflict (unique_id, partner_id)
            do update set customer_number = excluded.customer_number, linked_at = excluded.linked_at
        """,
        unique_id,
        partner_id,
        customer_number,
        now,
    )


async def link_first_customer(
    connection: Connection, unique_id: UUID, partner_id: int, customer_number: int, now: datetime
) -> int:
    """Tie a user to a customer of the partner, unless it is tied to one; returns which one it is tied to."""
    return int(
        await connection.fetchval(
            """
            insert into user_customer as known (unique_id, partner_id, customer_number, linked_at)
            values ($1, $2, $3, $4)
            -- Written, though nothing changes, so that the row of somebody else's transaction is waited for and read.
            on conflict (unique_id, partner_id) do update set customer_number = known.customer_number
            returning customer_number
            """,
            unique_id,
            partner_id,
            customer_number,
            now,
        )
    )
