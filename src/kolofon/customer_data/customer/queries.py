"""SQL of Check customer number. That of contact data is in engine/customers, for others show it too."""

from datetime import date

import msgspec

from kolofon.platform.database import Reader


class Facts(msgspec.Struct, frozen=True):
    """What is said of a customer and what is known of it, each as the search compares it. None: not said, not known."""

    said_name: str | None
    said_postal_code: str | None
    last_name: str | None = None
    company_name: str | None = None
    postal_code: str | None = None
    postal_address_postal_code: str | None = None


async def find_facts(
    database: Reader, partner_id: int, customer_number: int, day: date, name: str | None, postal_code: str | None
) -> Facts:
    """Name and postal code as they are said, and those of a customer with its home address on a day."""
    facts: list[str | None] = await database.fetchval(
        """
        select array(
            select search_lexeme(replace(search_fold(fact.value), ' ', ''))
            from unnest(array[$4, $5, c.last_name, c.company_name, a.postal_code, a.postal_address_postal_code])
                with ordinality as fact (value, place)
            order by fact.place
        )
        from (select) as always
        left join customer c on c.partner_id = $1 and c.customer_number = $2
        left join home_address($1, $2, $3) a on true
        """,
        partner_id,
        customer_number,
        day,
        name,
        postal_code,
    )
    return Facts(*facts)
