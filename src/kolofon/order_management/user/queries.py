"""All SQL of assigning users to orders."""

from uuid import UUID

from kolofon.platform.database import Connection


async def is_of_client(connection: Connection, order_id: int) -> bool:
    """Whether an order was registered in client mode."""
    return bool(
        await connection.fetchval(
            """
            select exists (
                select from order_change
                where order_id = $1 and status_before is null and actor like 'client:%'
            )
            """,
            order_id,
        )
    )


async def has_other_users(connection: Connection, partner_id: int, customer_number: int, unique_id: UUID) -> bool:
    """Whether a customer is tied to others than this user."""
    return bool(
        await connection.fetchval(
            """
            select exists (
                select from user_customer
                where partner_id = $1 and customer_number = $2 and unique_id <> $3
            )
            """,
            partner_id,
            customer_number,
            unique_id,
        )
    )
