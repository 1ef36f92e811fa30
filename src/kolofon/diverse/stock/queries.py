"""All SQL of Stock."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class StockRow(msgspec.Struct, frozen=True):
    """How many there are of a product in a warehouse."""

    product_code: str
    warehouse: str
    quantity: int


class Figure(msgspec.Struct, frozen=True):
    """A new figure, and how far it is from the one before."""

    product_code: str
    warehouse: str
    quantity: int
    difference: int


async def list_stocks(database: Reader, partner_id: int, product_code: str | None) -> list[StockRow]:
    """The stock of one product, or of all, by product and warehouse."""
    rows = await database.fetch(
        """
        select product_code, warehouse, quantity
        from stock
        where partner_id = $1 and ($2::text is null or product_code = $2)
        order by product_code, warehouse
        """,
        partner_id,
        product_code,
    )
    return [StockRow(*row) for row in rows]


async def list_warehouses(database: Reader, partner_id: int, product_codes: list[str]) -> dict[str, list[str]]:
    """Where products are kept."""
    rows = await database.fetch(
        """
        select product_code, array_agg(warehouse order by warehouse) as warehouses
        from stock
        where partner_id = $1 and product_code = any($2::text[])
        group by product_code
        """,
        partner_id,
        product_codes,
    )
    return {row["product_code"]: row["warehouses"] for row in rows}


async def make_stocks(
    connection: Connection, partner_id: int, places: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Make the stocks that are not there yet, with nothing in them. In order, so that no two wait for each other."""
    await connection.execute(
        """
        insert into stock (partner_id, product_code, warehouse, quantity, changed_at)
        select $1, product_code, warehouse, 0, $4
        from unnest($2::text[], $3::text[]) as place (product_code, warehouse)
        order by product_code, warehouse
        on conflict (partner_id, product_code, warehouse) do nothing
        """,
        partner_id,
        [product_code for product_code, _ in places],
        [warehouse for _, warehouse in places],
        now,
    )


async def lock_stocks(
    connection: Connection, partner_id: int, places: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The figures as they are, which nobody changes until the transaction ends. Locked in order."""
    rows = await connection.fetch(
        """
        select s.product_code, s.warehouse, s.quantity
        from unnest($2::text[], $3::text[]) as place (product_code, warehouse)
        join stock s on s.partner_id = $1 and s.product_code = place.product_code and s.warehouse = place.warehouse
        order by s.product_code, s.warehouse
        for no key update of s
        """,
        partner_id,
        [product_code for product_code, _ in places],
        [warehouse for _, warehouse in places],
    )
    return {(row["product_code"], row["warehouse"]): row["quantity"] for row in rows}


async def change_stocks(
    connection: Connection, partner_id: int, figures: Sequence[Figure], cause: str, now: datetime
) -> None:
    """Write new figures of locked stocks, each with the movement that explains it."""
    await connection.execute(
        """
        with figure as (
            select product_code, warehouse, quantity, difference
            from unnest($2::text[], $3::text[], $4::int[], $5::int[])
                as figure (product_code, warehouse, quantity, difference)
        ),
        changed as (
            update stock s
            set quantity = figure.quantity, changed_at = $7
            from figure
            where s.partner_id = $1 and s.product_code = figure.product_code and s.warehouse = figure.warehouse
        )
        insert into stock_movement (partner_id, product_code, warehouse, quantity, cause, moved_at)
        select $1, product_code, warehouse, difference, $6, $7
        from figure
        """,
        partner_id,
        [figure.product_code for figure in figures],
        [figure.warehouse for figure in figures],
        [figure.quantity for figure in figures],
        [figure.difference for figure in figures],
        cause,
        now,
    )
