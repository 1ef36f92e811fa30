"""SQL that gives the customers of a batch their subscriptions, each with its present period."""

from kolofon.catalogue.demo_data import names
from kolofon.catalogue.demo_data.queries import Batch, DemoPartner, inserted
from kolofon.platform.database import Connection


async def prepare_subscriptions(connection: Connection) -> None:
    """The tables of a batch; nothing of them outlives its transaction."""
    await connection.execute(
        """
        create temporary table demo_offer (
            product_code text,
            pick bigint,
            picks bigint,
            coupon_code text,
            coupon_number bigint,
            delivery_plan_id integer,
            months integer,
            days integer
        ) on commit drop;

        create temporary table demo_beginning (
            customer_number bigint,
            place integer, -- among the customer's, from 0 on
            company boolean,
            product_code text,
            state text,
            start_day date,
            latest date, -- if it is stopped: not after this
            coupon_code text,
            coupon_number bigint,
            delivery_plan_id integer,
            months integer,
            days integer
        ) on commit drop;

        create temporary table demo_subscription (
            like demo_beginning,
            subscription_id bigint,
            paid boolean,
            period_start date,
            end_day date
        ) on commit drop;
        """
    )


async def draw_offers(connection: Connection, partner: DemoPartner) -> None:
    """Fill demo_offer with what subscriptions to each product renew by: coupons that do, and its own price.

    A product that has neither is held for some period all the same.
    """
    await connection.execute(
        """
        with offer as (
            select c.product_code, c.coupon_code, c.coupon_number, c.delivery_plan_id,
                newest.renewal_period_length as length, newest.renewal_period_type as type
            from coupon c
            cross join lateral (
                select p.renewal_period_length, p.renewal_period_type from coupon_price p
                where p.partner_id = $1 and p.coupon_code = c.coupon_code and p.coupon_number = c.coupon_number
                order by p.valid_from desc
                limit 1
            ) newest
            where c.partner_id = $1 and not c.retired and newest.renewal_period_length is not null
            union all
            select w.product_code, null, null, null, newest.period_length, newest.period_type
            from unnest($2::text[]) as w (product_code)
            cross join lateral (
                select p.period_length, p.period_type from product_price p
                where p.partner_id = $1 and p.product_code = w.product_code
                order by p.valid_from desc
                limit 1
            ) newest
            where newest.period_length is not null
        ), other as (
            select w.product_code, null::text, null::bigint, null::integer, unnest(array[1, 3, 12]), 'months'
            from unnest($2::text[]) as w (product_code)
            where not exists (select from offer o where o.product_code = w.product_code)
        )
        insert into demo_offer
        select product_code,
            row_number() over (partition by product_code order by coupon_code, coupon_number, length) - 1,
            count(*) over (partition by product_code),
            coupon_code, coupon_number, delivery_plan_id,
            case type when 'months' then length when 'years' then 12 * length else 0 end,
            case type when 'days' then length when 'weeks' then 7 * length else 0 end
        from (select * from offer union all select * from other) any_offer
        """,
        partner.partner_id,
        partner.products,
    )


async def draw_beginnings(connection: Connection, batch: Batch) -> None:
    """Fill demo_beginning.

    Subscriptions go round the products. A customer's days are split into as many windows as there are rounds, the
    latest first: in the first round a subscription is in any state, in later ones it is an earlier subscription to the
    same product, stopped before the next began. Start and end are counted in days before the batch's day.
    """
    await connection.execute(
        """
        insert into demo_beginning
        select customer_number, place, company, product_code, state,
            $2::date - case
                when state = 'waiting' then -1 - pg_temp.demo_roll($1, customer_number, 90 + place, 60)
                else round * drawn.days + 1 + pg_temp.demo_roll($1, customer_number, 90 + place, drawn.days - 1)
            end,
            $2::date - round * drawn.days,
            coupon_code, coupon_number, delivery_plan_id, months, offer.days
        from (
            select customer_number, company_name is not null as company, place,
                ($3::text[])[
                    1 + (pg_temp.demo_roll($1, customer_number, 30, cardinality($3)) + place) % cardinality($3)
                ] as product_code,
                place / cardinality($3) as round,
                customer_days / ((subscriptions - 1) / cardinality($3) + 1) as days,
                pg_temp.demo_roll($1, customer_number, 70 + place, 1000) as roll,
                case when place >= cardinality($3) then 'stopped'
                    else pg_temp.demo_pick($4, $1, customer_number, 80 + place)
                end as state
            from demo_customer
            cross join lateral generate_series(0, subscriptions - 1) as place
        ) drawn
        join demo_offer offer using (product_code)
        where pick = roll % picks
        order by customer_number, place
        """,
        batch.key,
        batch.day,
        batch.partner.products,
        names.SUBSCRIPTION_STATES,
    )


async def draw_periods(connection: Connection, batch: Batch) -> None:
    """Fill demo_subscription: with the period that the day is in, or the first of one that waits."""
    await connection.execute(
        """
        insert into demo_subscription
        select b.*, nextval('subscription_subscription_id_seq'),
            pg_temp.demo_roll($1, customer_number, 60 + place, 100) >= case state when 'waiting' then 40 else 4 end,
            case when state = 'stopped' then start_day else start_day + whole * length end,
            case
                when state = 'stopped' then
                    latest - pg_temp.demo_roll($1, customer_number, 100 + place, latest - start_day)
                when state in ('active', 'paused')
                    and pg_temp.demo_roll($1, customer_number, 110 + place, 100) < 12 then null
                else start_day + (whole + 1) * length
            end
        from demo_beginning b
        cross join lateral (
            -- By the calendar's months, of which the last may not be over.
            select make_interval(0, months, 0, days) as length,
                case
                    when start_day > $2::date then 0
                    when months > 0 then (
                        12 * (extract(year from $2::date) - extract(year from start_day))
                        + extract(month from $2::date) - extract(month from start_day)
                    )::integer / months
                    else ($2::date - start_day) / days
                end as begun
        ) counted
        cross join lateral (
            select begun - case when begun > 0 and start_day + begun * length > $2::date then 1 else 0 end as whole
        ) over
        """,
        batch.key,
        batch.day,
    )


async def add_subscriptions(connection: Connection, batch: Batch) -> int:
    """Add the drawn subscriptions.

    The times of what happens next are those that the life of subscriptions (engine/subscriptions) would have left. But
    nothing has been renewed lately, so that there is something to be renewed.
    """
    status = await connection.execute(
        """
        insert into subscription (partner_id, customer_number, subscription_id, product_code, category_code, state,
            start_time, end_time, copies, coupon_code, coupon_number, delivery_plan_id, paid_until, renew_at,
            change_at, pause_from)
        overriding system value
        select $2, customer_number, subscription_id, product_code,
            case when pg_temp.demo_roll($1, customer_number, 40 + place, 100) < 12 then
                pg_temp.demo_pick($5, $1, customer_number, 50 + place)
            end,
            state,
            start_day::timestamp at time zone $4,
            end_day::timestamp at time zone $4,
            case when company then 1 + pg_temp.demo_roll($1, customer_number, 180 + place, 5) else 1 end,
            coupon_code, coupon_number, delivery_plan_id,
            case
                when paid then coalesce(end_day::timestamp at time zone $4, 'infinity')
                when period_start > start_day then period_start::timestamp at time zone $4
            end,
            case
                when end_day is null then null
                when state = 'paused' then 'infinity'
                when state in ('active', 'waiting') then
                    greatest(period_start, end_day - $6::integer)::timestamp at time zone $4
            end,
            case state
                when 'waiting' then start_day::timestamp at time zone $4
                when 'stopping' then end_day::timestamp at time zone $4
            end,
            case when state = 'paused' then
                ($3::date - pg_temp.demo_roll($1, customer_number, 190 + place, least($3::date - start_day, 30)))
                    ::timestamp at time zone $4
            end
        from demo_subscription
        """,
        batch.key,
        batch.partner.partner_id,
        batch.day,
        batch.partner.time_zone,
        batch.partner.category_codes,
        batch.partner.renewal_days,
    )
    return inserted(status)


async def add_periods(connection: Connection, batch: Batch) -> None:
    """Add the present period of each drawn subscription. Those before it were another system's affair."""
    await connection.execute(
        """
        insert into subscription_period (partner_id, customer_number, subscription_id, period_number, start_time,
            end_time)
        select $1, customer_number, subscription_id, 1, period_start::timestamp at time zone $2,
            end_day::timestamp at time zone $2
        from demo_subscription
        """,
        batch.partner.partner_id,
        batch.partner.time_zone,
    )
