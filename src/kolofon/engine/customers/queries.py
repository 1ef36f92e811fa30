"""The look-up from users to customers, and what is asked of a customer in many places."""

from datetime import date
from uuid import UUID

from kolofon.platform.database import Connection, Reader


async def find_customer_number(database: Reader, partner_id: int, unique_id: UUID) -> int | None:
    """The customer number of a user at a partner."""
    number: int | None = await database.fetchval(
        "select customer_number from user_customer where unique_id = $1 and partner_id = $2", unique_id, partner_id
    )
    return number


async def lock_customer(connection: Connection, partner_id: int, customer_number: int) -> bool:
    """Let one writer at a time change what a customer owns, until the transaction ends. False: no such customer."""
    return (
        await connection.fetchval(
            "select true from customer where partner_id = $1 and customer_number = $2 for no key update",
            partner_id,
            customer_number,
        )
        is not None
    )


async def customer_exists(database: Reader, partner_id: int, customer_number: int) -> bool:
    """Whether the partner has such a customer."""
    return bool(
        await database.fetchval(
            "select exists (select from customer where partner_id = $1 and customer_number = $2)",
            partner_id,
            customer_number,
        )
    )


async def find_remaining(database: Reader, partner_id: int, customer_number: int) -> int | None:
    """The customer that a number was merged into; None for a number that was not."""
    number: int | None = await database.fetchval(
        "select customer_number from customer_merge where partner_id = $1 and merged_number = $2",
        partner_id,
        customer_number,
    )
    return number


async def find_place(
    database: Reader, partner_id: int, customer_number: int, day: date
) -> tuple[str | None, str | None] | None:
    """Country and postal code of a customer's home address on a day."""
    row = await database.fetchrow(
        "select country_code, postal_code from home_address($1, $2, $3)", partner_id, customer_number, day
    )
    return (row["country_code"], row["postal_code"]) if row is not None else None
