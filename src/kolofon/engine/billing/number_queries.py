"""The numbers of invoices, which have no gaps."""

from kolofon.platform.database import Connection


async def take_numbers(connection: Connection, partner_id: int, company_code: str, count: int) -> int:
    """Take so many numbers of a company; returns the first.

    Whoever wants numbers after us waits until our transaction ends, and gets these if it comes to nothing. So this is
    the last thing but the writing of the invoices.
    """
    number: int = await connection.fetchval(
        """
        insert into invoice_counter (partner_id, company_code, next_number) values ($1, $2, 1 + $3)
        on conflict (partner_id, company_code) do update set next_number = invoice_counter.next_number + $3
        returning next_number - $3
        """,
        partner_id,
        company_code,
        count,
    )
    return number
