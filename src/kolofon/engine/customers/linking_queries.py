"""SQL of tying users to customers by hand."""

from uuid import UUID

import msgspec

from kolofon.platform.credentials import VERIFIED_LEVELS
from kolofon.platform.database import Connection


class LinkedUser(msgspec.Struct, frozen=True):
    """The account of a credential, and which customer of the partner it is.

    `is_shown`: the user has shown that the credential is theirs.
    """

    unique_id: UUID
    is_disabled: bool
    is_shown: bool
    customer_number: int | None


async def find_user(connection: Connection, partner_id: int, credential: str) -> LinkedUser | None:
    """The account of a credential as it is stored."""
    row = await connection.fetchrow(
        """
        select a.unique_id, a.disabled_at is not null, c.verification_level = any($3::text[]), l.customer_number
        from user_credential c
        join user_account a on a.unique_id = c.unique_id
        left join user_customer l on l.unique_id = a.unique_id and l.partner_id = $1
        where c.credential = $2
        """,
        partner_id,
        credential,
        VERIFIED_LEVELS,
    )
    return LinkedUser(*row) if row is not None else None


async def unlink_user(connection: Connection, partner_id: int, unique_id: UUID, customer_number: int) -> bool:
    """Untie a user from a customer; False when it was not tied to it."""
    status = await connection.execute(
        "delete from user_customer where unique_id = $1 and partner_id = $2 and customer_number = $3",
        unique_id,
        partner_id,
        customer_number,
    )
    return status == "DELETE 1"
