"""SQL that brings companies to what a publisher file says, and lets each have invoice numbers of its own."""

from kolofon.catalogue.changes import Missing, Written
from kolofon.catalogue.publisher_file.publisher import Company
from kolofon.platform.database import Connection


async def put_companies(connection: Connection, partner_id: int, companies: tuple[Company, ...]) -> list[Written]:
    """Add or change companies."""
    rows = await connection.fetch(
        """
        insert into company (partner_id, company_code, name, organisation_number, account_number, kid_customer_digits,
            kid_invoice_digits, kid_algorithm)
        select $1, wanted.company_code, wanted.name, wanted.organisation_number, wanted.account_number,
            wanted.kid_customer_digits, wanted.kid_invoice_digits, wanted.kid_algorithm
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::smallint[], $8::text[])
            as wanted (company_code, name, organisation_number, account_number, kid_customer_digits,
                kid_invoice_digits, kid_algorithm)
        on conflict (partner_id, company_code) do update
        set name = excluded.name, organisation_number = excluded.organisation_number,
            account_number = excluded.account_number, kid_customer_digits = excluded.kid_customer_digits,
            kid_invoice_digits = excluded.kid_invoice_digits, kid_algorithm = excluded.kid_algorithm
        where (company.name, company.organisation_number, company.account_number, company.kid_customer_digits,
                company.kid_invoice_digits, company.kid_algorithm)
            is distinct from (excluded.name, excluded.organisation_number, excluded.account_number,
                excluded.kid_customer_digits, excluded.kid_invoice_digits, excluded.kid_algorithm)
        returning company_code as code, xmax = 0 as added
        """,
        partner_id,
        [company.code for company in companies],
        [company.name for company in companies],
        [company.organisation_number for company in companies],
        [company.account_number for company in companies],
        [company.kid.customer_digits for company in companies],
        [company.kid.invoice_digits for company in companies],
        [company.kid.algorithm for company in companies],
    )
    return [Written(*row) for row in rows]


async def add_invoice_counters(
    connection: Connection, partner_id: int, companies: tuple[Company, ...]
) -> list[Written]:
    """Let companies that have no invoice numbers yet begin with theirs; the others count on."""
    rows = await connection.fetch(
        """
        insert into invoice_counter (partner_id, company_code, next_number)
        select $1, wanted.company_code, wanted.next_number
        from unnest($2::text[], $3::bigint[]) as wanted (company_code, next_number)
        on conflict do nothing
        returning company_code as code, true as added
        """,
        partner_id,
        [company.code for company in companies],
        [company.first_invoice_number for company in companies],
    )
    return [Written(*row) for row in rows]


async def remove_companies(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove companies that are not wanted, unless a product, even a retired one, is theirs.

    Without a product there was nothing to order or to invoice, so nothing else can refer to them but their counter.
    """
    rows = await connection.fetch(
        """
        with removed as (
            delete from company c
            where c.partner_id = $1 and c.company_code <> all($2::text[]) and not exists (
                select from product p where p.partner_id = c.partner_id and p.company_code = c.company_code
            )
            returning c.company_code
        ), counters as (
            delete from invoice_counter i using removed r
            where i.partner_id = $1 and i.company_code = r.company_code
        )
        select c.company_code as code, r.company_code is not null as removed
        from company c
        left join removed r on r.company_code = c.company_code
        where c.partner_id = $1 and c.company_code <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]
