"""All SQL of Article."""

from datetime import date
from uuid import UUID

from kolofon.platform.database import Reader


async def find_country(database: Reader, partner_id: int, unique_id: UUID, day: date) -> str | None:
    """The country where the user's customer is found on a day; None when nobody knows."""
    country: str | None = await database.fetchval(
        """
        select a.country_code
        from user_customer u
        join customer_address a on a.partner_id = u.partner_id and a.customer_number = u.customer_number
        where u.unique_id = $2 and u.partner_id = $1 and a.valid_from <= $3
        order by a.valid_from desc, a.address_id desc
        limit 1
        """,
        partner_id,
        unique_id,
        day,
    )
    return country
