"""All SQL of what completed orders take: uses of vouchers, stock, rewards."""

from collections.abc import Sequence
from datetime import datetime

from kolofon.engine.orders.queries import ClaimLine
from kolofon.engine.orders.rules import Taken
from kolofon.platform.database import Connection


async def use_voucher(connection: Connection, partner_id: int, order_id: int, line: ClaimLine, now: datetime) -> bool:
    """Use a voucher once for a line; False when there is no use left."""
    return (
        await connection.fetchval(
            """
            with used as (
                update voucher set used = used + 1
                where partner_id = $1 and voucher_code = $2 and used < uses_allowed
                returning voucher_code
            )
            insert into voucher_use (order_id, line_number, partner_id, voucher_code, used_at)
            select $3, $4, $1, used.voucher_code, $5 from used
            returning true
            """,
            partner_id,
            line.voucher_code,
            order_id,
            line.line_number,
            now,
        )
        is not None
    )


async def lock_stock(
    connection: Connection, partner_id: int, product_codes: Sequence[str]
) -> dict[tuple[str, str], int]:
    """The stock of products by product and warehouse; nobody else changes it until the transaction ends."""
    rows = await connection.fetch(
        """
        select product_code, warehouse, quantity
        from stock
        where partner_id = $1 and product_code = any($2::text[])
        order by product_code, warehouse
        for no key update
        """,
        partner_id,
        product_codes,
    )
    return {(row["product_code"], row["warehouse"]): row["quantity"] for row in rows}


async def take_stock(
    connection: Connection, partner_id: int, order_id: int, taken: Sequence[Taken], now: datetime
) -> None:
    """Take things out of locked stock, and write the movements down."""
    await connection.execute(
        """
        with taken as (
            select * from unnest($3::text[], $4::text[], $5::integer[], $6::smallint[])
                as taken (product_code, warehouse, quantity, line_number)
        ), changed as (
            update stock s set quantity = s.quantity - t.quantity, changed_at = $7
            from (select product_code, warehouse, sum(quantity) as quantity from taken group by 1, 2) t
            where s.partner_id = $1 and s.product_code = t.product_code and s.warehouse = t.warehouse
        )
        insert into stock_movement
            (partner_id, product_code, warehouse, quantity, order_id, line_number, cause, moved_at)
        select $1, product_code, warehouse, -quantity, $2, line_number, 'order', $7 from taken
        """,
        partner_id,
        order_id,
        [part.product_code for part in taken],
        [part.warehouse for part in taken],
        [part.quantity for part in taken],
        [part.line_number for part in taken],
        now,
    )


async def give_reward(
    connection: Connection,
    partner_id: int,
    order_id: int,
    line: ClaimLine,
    product_code: str | None,
    now: datetime,
) -> bool:
    """Give a reward with a line; False when it has been given before."""
    return (
        await connection.fetchval(
            """
            insert into customer_reward
                (partner_id, reward_partner_id, reward_id, product_code, order_id, line_number, given_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (partner_id, reward_partner_id, reward_id) do nothing
            returning true
            """,
            partner_id,
            line.reward_partner_id,
            line.reward_id,
            product_code,
            order_id,
            line.line_number,
            now,
        )
        is not None
    )


async def give_back_vouchers(connection: Connection, partner_id: int, order_id: int) -> None:
    """Give back the uses of vouchers that an order has taken."""
    await connection.execute(
        """
        with given_back as (
            delete from voucher_use where partner_id = $1 and order_id = $2 returning voucher_code
        )
        update voucher v set used = v.used - g.uses
        from (select voucher_code, count(*) as uses from given_back group by voucher_code) g
        where v.partner_id = $1 and v.voucher_code = g.voucher_code
        """,
        partner_id,
        order_id,
    )


async def list_taken_products(connection: Connection, order_id: int) -> list[str]:
    """The products whose stock an order has taken of."""
    rows = await connection.fetch("select distinct product_code from stock_movement where order_id = $1", order_id)
    return [row["product_code"] for row in rows]


async def give_back_stock(connection: Connection, partner_id: int, order_id: int, now: datetime) -> None:
    """Put back into locked stock what an order has taken."""
    await connection.execute(
        """
        with taken as (
            select product_code, warehouse, line_number, -sum(quantity)::integer as quantity
            from stock_movement
            where partner_id = $1 and order_id = $2
            group by product_code, warehouse, line_number
            having sum(quantity) < 0
        ), changed as (
            update stock s set quantity = s.quantity + t.quantity, changed_at = $3
            from (select product_code, warehouse, sum(quantity) as quantity from taken group by 1, 2) t
            where s.partner_id = $1 and s.product_code = t.product_code and s.warehouse = t.warehouse
        )
        insert into stock_movement
            (partner_id, product_code, warehouse, quantity, order_id, line_number, cause, moved_at)
        select $1, product_code, warehouse, quantity, $2, line_number, 'orderEnded', $3 from taken
        """,
        partner_id,
        order_id,
        now,
    )


async def take_back_rewards(connection: Connection, partner_id: int, order_id: int) -> None:
    """Take back the rewards that were given with an order."""
    await connection.execute(
        "delete from customer_reward where partner_id = $1 and order_id = $2", partner_id, order_id
    )
