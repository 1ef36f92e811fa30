"""SQL of what belongs to products: issues, and what there is of them in stock."""

from datetime import date, datetime

import msgspec

from kolofon.catalogue.changes import Missing, Written
from kolofon.platform.database import Connection


class IssueRow(msgspec.Struct, frozen=True):
    """An issue by its columns."""

    product_code: str
    issue_code: str
    publication_date: date
    distribution_planned_date: date
    distribution_date: date | None


class StockRow(msgspec.Struct, frozen=True):
    """How many of a product a warehouse has to begin with."""

    product_code: str
    warehouse: str
    quantity: int


async def put_issues(connection: Connection, partner_id: int, issues: list[IssueRow]) -> list[tuple[str, Written]]:
    """Add or change issues; each with its product."""
    rows = await connection.fetch(
        """
        insert into product_issue (partner_id, product_code, issue_code, publication_date, distribution_planned_date,
            distribution_date)
        select $1, wanted.product_code, wanted.issue_code, wanted.publication_date, wanted.distribution_planned_date,
            wanted.distribution_date
        from jsonb_to_recordset($2) as wanted (product_code text, issue_code text, publication_date date,
            distribution_planned_date date, distribution_date date)
        on conflict (partner_id, product_code, issue_code) do update
        set publication_date = excluded.publication_date,
            distribution_planned_date = excluded.distribution_planned_date,
            distribution_date = excluded.distribution_date
        where (product_issue.publication_date, product_issue.distribution_planned_date,
                product_issue.distribution_date)
            is distinct from (excluded.publication_date, excluded.distribution_planned_date,
                excluded.distribution_date)
        returning product_code, product_code || ' ' || issue_code as code, xmax = 0 as added
        """,
        partner_id,
        issues,
    )
    return [(row["product_code"], Written(row["code"], row["added"])) for row in rows]


async def remove_issues(connection: Connection, partner_id: int, wanted: list[IssueRow]) -> list[tuple[str, Missing]]:
    """Remove issues that are not wanted, unless one was ordered; each with its product."""
    rows = await connection.fetch(
        """
        with missing as (
            select i.product_code, i.issue_code
            from product_issue i
            where i.partner_id = $1 and not exists (
                select from jsonb_to_recordset($2) as wanted (product_code text, issue_code text)
                where wanted.product_code = i.product_code and wanted.issue_code = i.issue_code
            )
        ), removed as (
            delete from product_issue i
            using missing m
            where i.partner_id = $1 and i.product_code = m.product_code and i.issue_code = m.issue_code
                and not exists (
                    select from order_line l
                    where l.partner_id = i.partner_id and l.product_code = i.product_code
                        and l.issue_code = i.issue_code
                )
            returning i.product_code, i.issue_code
        )
        select m.product_code, m.product_code || ' ' || m.issue_code as code, r.issue_code is not null as removed
        from missing m
        left join removed r on r.product_code = m.product_code and r.issue_code = m.issue_code
        """,
        partner_id,
        wanted,
    )
    return [(row["product_code"], Missing(row["code"], row["removed"])) for row in rows]


async def add_stock(connection: Connection, partner_id: int, now: datetime, stock: list[StockRow]) -> list[Written]:
    """Fill warehouses that are new; what there is in the others is left alone."""
    rows = await connection.fetch(
        """
        with added as (
            insert into stock (partner_id, product_code, warehouse, quantity, changed_at)
            select $1, wanted.product_code, wanted.warehouse, wanted.quantity, $2
            from jsonb_to_recordset($3) as wanted (product_code text, warehouse text, quantity integer)
            on conflict do nothing
            returning product_code, warehouse, quantity
        ), moved as (
            insert into stock_movement (partner_id, product_code, warehouse, quantity, cause, moved_at)
            select $1, product_code, warehouse, quantity, 'load', $2
            from added
            where quantity > 0
        )
        select product_code || ' ' || warehouse as code, true as added from added
        """,
        partner_id,
        now,
        stock,
    )
    return [Written(*row) for row in rows]
