"""SQL that makes customers.

Nothing here is random: a roll is a hash of the key (partner and seed), the customer number and a salt, which is another
for every question. Thus a customer comes out the same in whatever batch it is made. Hash partitioning stores what these
hash functions say, so they stay the same from one PostgreSQL to the next.
"""

from datetime import date

import msgspec

from kolofon.catalogue.demo_data import names
from kolofon.platform.database import Connection


class DemoPartner(msgspec.Struct, frozen=True):
    """The partner that customers are made for, with what its customers can hold."""

    partner_id: int
    partner_code: str
    time_zone: str
    renewal_days: int
    products: list[str]
    category_codes: list[str]
    category_types: list[str]


class Batch(msgspec.Struct, frozen=True):
    """Customers made in one transaction: numbers from `first` to `last`, on a day of the partner's."""

    partner: DemoPartner
    key: int
    day: date
    first: int
    last: int


async def find_partner(connection: Connection, partner_code: str) -> DemoPartner | None:
    """The partner with what is on sale; retired products are not."""
    row = await connection.fetchrow(
        """
        select p.partner_id, p.partner_code, p.time_zone, p.renewal_days,
            array(
                select product_code from product
                where partner_id = p.partner_id and product_type = 'subscription' and not retired
                order by product_code
            ) as products,
            array(select category_code from category_code where partner_id = p.partner_id order by 1) as category_codes,
            array(select category_type from category_type where partner_id = p.partner_id order by 1) as category_types
        from partner p
        where p.partner_code = $1
        """,
        partner_code,
    )
    return DemoPartner(*row) if row is not None else None


async def find_key(connection: Connection, partner_code: str, seed: int) -> int:
    """What every roll for this partner and seed starts from."""
    key: int = await connection.fetchval("select hashtextextended($1 || ' ' || $2, 0)", partner_code, str(seed))
    return key


async def prepare_batch(connection: Connection) -> None:
    """Settings, functions and the table of a batch; nothing of them outlives the session."""
    # What customers are found by is made at the end of the batch.
    await connection.execute("set local kolofon.search = 'later'")
    # A commit that a crash undoes is made again by the next run. `analyze` at the end waits for all of them.
    await connection.execute("set local synchronous_commit = off; set local work_mem = '64MB'")
    await connection.execute(
        """
        create or replace function pg_temp.demo_roll(key bigint, number bigint, salt integer, sides integer)
        returns integer language sql immutable
        return (hashint8extended(number * 1000 + salt, key) & 9223372036854775807) % nullif(sides, 0);

        create or replace function pg_temp.demo_pick(deck text[], key bigint, number bigint, salt integer)
        returns text language sql immutable
        return deck[1 + pg_temp.demo_roll(key, number, salt, cardinality(deck))];

        create temporary table demo_customer (
            customer_number bigint,
            unique_id uuid,
            first_name text,
            middle_name text,
            last_name text,
            company_name text,
            department_name text,
            customer_days integer, -- since the customer came
            account_days integer, -- since the account was made
            customer_created_at timestamptz,
            account_created_at timestamptz,
            subscriptions integer
        ) on commit drop;
        """
    )


async def draw_customers(connection: Connection, batch: Batch) -> None:
    """Fill demo_customer with the batch."""
    await connection.execute(
        """
        insert into demo_customer
        select number,
            -- Version 8: a UUID whose other digits are one's own affair.
            overlay(overlay(
                lpad(to_hex(hashint8extended(number * 1000 + 1, $1)), 16, '0')
                    || lpad(to_hex(hashint8extended(number * 1000 + 2, $1)), 16, '0')
                placing '8' from 13) placing 'a' from 17)::uuid,
            pg_temp.demo_pick($5, $1, number, 3),
            case when pg_temp.demo_roll($1, number, 4, 100) < 9 then pg_temp.demo_pick($6, $1, number, 5) end,
            pg_temp.demo_pick($6, $1, number, 6),
            case when company then
                pg_temp.demo_pick($7, $1, number, 8) || ' ' || pg_temp.demo_pick($8, $1, number, 9) || ' AS'
            end,
            case when company and pg_temp.demo_roll($1, number, 10, 3) = 0 then
                pg_temp.demo_pick($9, $1, number, 11)
            end,
            customer_days,
            account_days,
            ($4::date - customer_days + make_interval(secs => pg_temp.demo_roll($1, number, 12, 86400)))
                at time zone $11,
            ($4::date - account_days + make_interval(secs => pg_temp.demo_roll($1, number, 13, 86400)))
                at time zone $11,
            -- Dealt out, not drawn, within every hundred customers: the average is exact.
            ($10::text[])[1 + (number % 100 * 37 + pg_temp.demo_roll($1, (number - 1) / 100, 14, 100)) % 100]::integer
        from generate_series($2::bigint, $3::bigint) as number
        -- Most came lately, few long ago.
        cross join lateral (
            select 30 + pg_temp.demo_roll($1, number, 15, 4000) * pg_temp.demo_roll($1, number, 16, 4000) / 4000
                as customer_days
        ) age
        cross join lateral (select 1 + pg_temp.demo_roll($1, number, 17, customer_days - 1) as account_days) account
        cross join lateral (select pg_temp.demo_roll($1, number, 18, 100) < 4 as company) kind
        """,
        batch.key,
        batch.first,
        batch.last,
        batch.day,
        names.FIRST_NAMES,
        names.LAST_NAMES,
        names.COMPANY_NAMES,
        names.COMPANY_TRADES,
        names.DEPARTMENTS,
        names.SUBSCRIPTION_COUNTS,
        batch.partner.time_zone,
    )


async def add_customers(connection: Connection, batch: Batch) -> int:
    """Add the drawn customers; those that were there before leave demo_customer, so that nothing is added to them."""
    await connection.execute(
        """
        with added as (
            insert into customer (partner_id, customer_number, first_name, middle_name, last_name, company_name,
                department_name, company_registration_number, created_at)
            select $1, customer_number, first_name, middle_name, last_name, company_name, department_name,
                -- No Norwegian organisation's number begins with 1.
                case when company_name is not null then (100000000 + customer_number % 100000000)::text end,
                customer_created_at
            from demo_customer
            on conflict do nothing
            returning customer_number
        )
        delete from demo_customer d
        where not exists (select from added a where a.customer_number = d.customer_number)
        """,
        batch.partner.partner_id,
    )
    added: int = await connection.fetchval("select count(*) from demo_customer")
    return added


async def add_accounts(connection: Connection, batch: Batch) -> int:
    """Add an account for each customer and link it; one that outlived its customer is linked again."""
    status = await connection.execute(
        """
        insert into user_account (unique_id, first_name, middle_name, last_name, company_name, department_name,
            created_at)
        select unique_id, first_name, middle_name, last_name, company_name, department_name, account_created_at
        from demo_customer
        order by unique_id
        on conflict do nothing
        """
    )
    await connection.execute(
        """
        insert into user_customer (unique_id, partner_id, customer_number, linked_at)
        select unique_id, $1, customer_number, account_created_at
        from demo_customer
        order by unique_id
        on conflict do nothing
        """,
        batch.partner.partner_id,
    )
    return inserted(status)


async def add_credentials(connection: Connection, batch: Batch, offset: int, email_label: str) -> int:
    """Add an e-mail address for each account and a mobile number for some; `offset` is taken off the number in both.

    The addresses are in domains for examples, under a label of the partner's. No Norwegian subscriber's number begins
    with 1. A credential that somebody has already stays theirs.
    """
    status = await connection.execute(
        """
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        select *
        from (
            select lower(translate(replace(first_name || '.' || last_name, 'æ', 'ae'), 'ØøÅå', 'ooaa'))
                    || '.' || customer_number - $2::bigint || '@' || $3::text || '.'
                    || pg_temp.demo_pick($4, $1, customer_number, 20) as credential,
                'A', unique_id, pg_temp.demo_pick($5, $1, customer_number, 21), account_created_at
            from demo_customer
            union all
            select '+471' || lpad(
                    ((customer_number - $2 + (hashtextextended($7, 0) & 8388607)) % 10000000)::text, 7, '0'),
                'B', unique_id, pg_temp.demo_pick($6, $1, customer_number, 22), account_created_at
            from demo_customer
            where pg_temp.demo_roll($1, customer_number, 23, 100) < 35
        ) drawn
        order by credential
        on conflict do nothing
        """,
        batch.key,
        offset,
        email_label,
        names.EMAIL_DOMAINS,
        names.EMAIL_LEVELS,
        names.PHONE_LEVELS,
        batch.partner.partner_code,
    )
    return inserted(status)


async def add_contacts(connection: Connection, batch: Batch) -> None:
    """Give each customer an address, and the e-mail address of the account."""
    await connection.execute(
        """
        insert into customer_address (partner_id, customer_number, street, street_number, entrance, postal_code,
            postal_place, country_code, valid_from, created_at)
        select $2, customer_number, pg_temp.demo_pick($3, $1, customer_number, 200),
            1 + pg_temp.demo_roll($1, customer_number, 201, 90),
            case when pg_temp.demo_roll($1, customer_number, 202, 8) = 0 then 'B' end,
            left(place, 4), substr(place, 6), 'NO', customer_created_at::date, customer_created_at
        from demo_customer
        cross join lateral (select pg_temp.demo_pick($4, $1, customer_number, 203) as place) drawn
        order by customer_number
        """,
        batch.key,
        batch.partner.partner_id,
        names.STREETS,
        names.POSTAL_PLACES,
    )
    await connection.execute(
        """
        insert into customer_email (partner_id, customer_number, email, position)
        select $1, d.customer_number, c.credential, 1
        from demo_customer d
        join user_credential c on c.unique_id = d.unique_id and c.credential_type = 'A'
        order by d.customer_number
        """,
        batch.partner.partner_id,
    )


async def leave_numbers(connection: Connection, last: int) -> None:
    """Let the numbers of customers to come begin after those that were made, so that none is tried in vain."""
    await connection.execute(
        """
        select setval('customer_number', $1)
        from customer_number
        where last_value < $1
        """,
        last,
    )


async def analyze(connection: Connection) -> None:
    """Let the planner know the tables as they are now."""
    await connection.execute(
        """
        analyze user_account, user_credential, customer, customer_address, customer_email, customer_phone_number,
            customer_search, user_customer, subscription, subscription_period, customer_access, privacy_permission,
            marketing_permission
        """
    )


def inserted(status: str) -> int:
    """The number of rows that a command tells, as in INSERT 0 12."""
    return int(status.rsplit(" ", 1)[1])
