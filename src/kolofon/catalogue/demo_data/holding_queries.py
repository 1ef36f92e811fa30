"""SQL that gives the customers of a batch what they hold and permit."""

from kolofon.catalogue.demo_data import names
from kolofon.catalogue.demo_data.queries import Batch, inserted
from kolofon.platform.database import Connection


async def add_subscriptions(connection: Connection, batch: Batch) -> int:
    """Add each customer's subscriptions.

    They go round the products. A customer's days are split into as many windows as there are rounds, the latest first:
    in the first round a subscription is in any state, in later ones it is an earlier subscription to the same product,
    stopped before the next began. Start and end are counted in days before the batch's day.
    """
    status = await connection.execute(
        """
        insert into subscription (partner_id, customer_number, product_code, category_code, state, start_time, end_time,
            paid)
        select $2, customer_number,
            ($5)[1 + (pg_temp.demo_roll($1, customer_number, 30, cardinality($5)) + place) % cardinality($5)],
            case when pg_temp.demo_roll($1, customer_number, 40 + place, 100) < 12 then
                pg_temp.demo_pick($6, $1, customer_number, 50 + place)
            end,
            state,
            ($3::date - start_days)::timestamp at time zone $4,
            ($3::date - end_days)::timestamp at time zone $4,
            pg_temp.demo_roll($1, customer_number, 60 + place, 100) >= case state when 'waiting' then 40 else 4 end
        from demo_customer
        cross join lateral generate_series(0, subscriptions - 1) as place
        cross join lateral (
            select place / cardinality($5::text[]) as round,
                customer_days / ((subscriptions - 1) / cardinality($5) + 1) as days,
                pg_temp.demo_pick($8, $1, customer_number, 70 + place)::integer as period
        ) time_window
        cross join lateral (
            select case when round > 0 then 'stopped' else pg_temp.demo_pick($7, $1, customer_number, 80 + place) end
                as state
        ) now
        cross join lateral (
            select case
                when state = 'waiting' then -1 - pg_temp.demo_roll($1, customer_number, 90 + place, 60)
                else round * days + 1 + pg_temp.demo_roll($1, customer_number, 90 + place, days - 1)
            end as start_days
        ) beginning
        cross join lateral (
            select case
                when state = 'stopped' then
                    round * days + pg_temp.demo_roll($1, customer_number, 100 + place, start_days - round * days)
                when state = 'waiting' then start_days - period
                when state <> 'stopping' and pg_temp.demo_roll($1, customer_number, 110 + place, 100) < 12 then null
                -- The end of the period that the day is in.
                else start_days - period * (start_days / period + 1)
            end as end_days
        ) ending
        order by customer_number, place
        """,
        batch.key,
        batch.partner.partner_id,
        batch.day,
        batch.partner.time_zone,
        batch.partner.products,
        batch.partner.category_codes,
        names.SUBSCRIPTION_STATES,
        names.PERIOD_DAYS,
    )
    return inserted(status)


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
