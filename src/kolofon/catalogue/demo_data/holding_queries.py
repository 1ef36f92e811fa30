"""SQL that gives the customers of a batch what they may read besides, and what they permit."""

from kolofon.catalogue.demo_data import names
from kolofon.catalogue.demo_data.queries import Batch, inserted
from kolofon.platform.database import Connection


async def add_customer_access(connection: Connection, batch: Batch) -> int:
    """Give a few customers access to one thing for some days."""
    status = await connection.execute(
        """
        insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
        select $2, customer_number, kind,
            case kind
                when 'article' then 'artikkel-' || 1000 + pg_temp.demo_roll($1, customer_number, 120, 9000)
                when 'product' then pg_temp.demo_pick($5, $1, customer_number, 121)
                else pg_temp.demo_pick($6, $1, customer_number, 121)
            end,
            ($3::date - start_days)::timestamp at time zone $4,
            ($3::date - start_days + 1 + pg_temp.demo_roll($1, customer_number, 122, 14))::timestamp at time zone $4
        from demo_customer
        cross join lateral (
            select pg_temp.demo_roll($1, customer_number, 123, account_days) % 20 as start_days,
                case pg_temp.demo_roll($1, customer_number, 124, 6)
                    when 0 then 'product'
                    when 1 then case when cardinality($6::text[]) > 0 then 'categoryType' else 'article' end
                    else 'article'
                end as kind
        ) drawn
        where pg_temp.demo_roll($1, customer_number, 125, 100) < 2
        order by customer_number
        """,
        batch.key,
        batch.partner.partner_id,
        batch.day,
        batch.partner.time_zone,
        batch.partner.products,
        batch.partner.category_types,
    )
    return inserted(status)


async def add_privacy_permissions(connection: Connection, batch: Batch) -> int:
    """Permit some purposes, side by side in the order of level and purpose, as people tick several in one go."""
    status = await connection.execute(
        """
        with choice as (
            select enterprise_code, order_type, purpose,
                row_number() over (order by enterprise_code, order_type, purpose) - 1 as place
            from (
                select partner_id, enterprise_code, '' as order_type from enterprise
                union all
                select partner_id, enterprise_code, order_type from order_type
            ) level
            join privacy_purpose using (partner_id)
            where partner_id = $2
        ), choices as (
            select count(*)::integer as total from choice
        )
        insert into privacy_permission
            (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
        select $2, customer_number, enterprise_code, order_type, purpose,
            account_created_at
                + pg_temp.demo_roll($1, customer_number, 130 + step, account_days) * interval '24 hours'
        from demo_customer
        cross join choices
        cross join lateral generate_series(
            1, least(pg_temp.demo_pick($3, $1, customer_number, 140)::integer, total)
        ) as step
        join choice on place = (pg_temp.demo_roll($1, customer_number, 141, total) + step) % nullif(total, 0)
        order by customer_number
        """,
        batch.key,
        batch.partner.partner_id,
        names.PRIVACY_COUNTS,
    )
    return inserted(status)


async def add_marketing_permissions(connection: Connection, batch: Batch) -> int:
    """Permit some channels and shield others; on the global level there are only shields."""
    status = await connection.execute(
        """
        with choice as (
            select enterprise_code, order_type, channel,
                row_number() over (order by enterprise_code, order_type, channel) - 1 as place
            from (
                select $2::smallint as partner_id, '' as enterprise_code, '' as order_type
                union all
                select partner_id, enterprise_code, '' from enterprise
                union all
                select partner_id, enterprise_code, order_type from order_type
            ) level
            join marketing_channel using (partner_id)
            where partner_id = $2
        ), choices as (
            select count(*)::integer as total from choice
        )
        insert into marketing_permission
            (partner_id, customer_number, enterprise_code, order_type, channel, permission, changed_at)
        select $2, customer_number, enterprise_code, order_type, channel,
            case
                when enterprise_code = '' or pg_temp.demo_roll($1, customer_number, 150 + step, 4) = 0 then 'SHIELD'
                else 'PERMISSION'
            end,
            account_created_at
                + pg_temp.demo_roll($1, customer_number, 160 + step, account_days) * interval '24 hours'
        from demo_customer
        cross join choices
        cross join lateral generate_series(
            1, least(pg_temp.demo_pick($3, $1, customer_number, 170)::integer, total)
        ) as step
        join choice on place = (pg_temp.demo_roll($1, customer_number, 171, total) + step) % nullif(total, 0)
        order by customer_number
        """,
        batch.key,
        batch.partner.partner_id,
        names.MARKETING_COUNTS,
    )
    return inserted(status)
