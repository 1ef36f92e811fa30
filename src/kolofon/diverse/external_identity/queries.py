"""All SQL of External Identity."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class Handle(msgspec.Struct, frozen=True):
    """The account behind an external identity."""

    unique_id: UUID
    disabled: bool
    customer_number: int | None


async def lock_external_id(connection: Connection, credential: str) -> None:
    """Let one request at a time create the handle of an external identity, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"extid {credential}")


async def find_handle(connection: Connection, partner_id: int, credential: str) -> Handle | None:
    """The handle, with the customer of this partner that it is tied to."""
    row = await connection.fetchrow(
        """
        select a.unique_id, a.disabled_at is not null, l.customer_number
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        left join user_customer l on l.unique_id = a.unique_id and l.partner_id = $1
        where c.credential = $2
        """,
        partner_id,
        credential,
    )
    return Handle(*row) if row is not None else None


async def add_handle(
    connection: Connection, unique_id: UUID, credential: str, credential_type: str, now: datetime
) -> None:
    """Create an account that is known by its external identity alone."""
    await connection.execute("insert into user_account (unique_id, created_at) values ($1, $2)", unique_id, now)
    await connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        values ($1, $2, $3, 'externallyVerified', $4)
        """,
        credential,
        credential_type,
        unique_id,
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
