-- Where customers are found day by day, what kinds of numbers they have, what other systems call them, and which
-- customers have become one.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Equality beside overlapping periods in the exclusion constraint below. Every PostgreSQL has it, and whoever may
-- create tables in the database may create it.
create extension if not exists btree_gist;

alter table customer_phone_number
    add column phone_number_type text not null default 'personal'
        check (phone_number_type in ('personal', 'company', 'home', 'mobile'));

-- An address counts on the days of its period. Those without a product follow each other without gaps: they are the
-- home address, the last of them without end. One with a product is a temporary change that counts instead of it where
-- that product is delivered. So there is one address at most for a customer, a product and a day.
set local statement_timeout = '1h';
alter table customer_address
    add column valid_until date, -- the first day it no longer counts; null: it has no end
    add column product_code text,
    -- Why it never counts, though it is kept: what was written was wrong and put right on the same day, the change was
    -- cancelled before it began, or the customer it was of was merged into another.
    add column dropped text check (dropped in ('corrected', 'cancelled', 'merged'));
-- Until now the newest address that had begun was the one that counted.
update customer_address a
set valid_until = following.valid_from,
    dropped = case when following.valid_from = a.valid_from then 'corrected' end
from (
    select partner_id, customer_number, address_id,
        lead(valid_from) over (partition by partner_id, customer_number order by valid_from, address_id) as valid_from
    from customer_address
) following
where following.valid_from is not null and a.partner_id = following.partner_id
    and a.customer_number = following.customer_number and a.address_id = following.address_id;
alter table customer_address
    add constraint customer_address_period check (valid_until > valid_from or (dropped is not null and valid_until = valid_from)),
    add constraint customer_address_product foreign key (partner_id, product_code) references product,
    add constraint customer_address_one_a_day exclude using gist (
        partner_id with =,
        customer_number with =,
        (coalesce(product_code, '')) with =,
        daterange(valid_from, valid_until) with &&
    -- Not "dropped is null", which the planner would recognise: it takes this index for the cheapest way to the
    -- addresses of a customer, though the primary key is six times as quick.
    ) where (coalesce(dropped, '') = '');
set local statement_timeout = '60s';

-- The home address of a day. It is told here once, for all that look there; where it is used the planner puts in what
-- stands here, as long as this is one plain select.
create function home_address(of_partner_id smallint, of_customer_number bigint, on_day date)
returns setof customer_address language sql stable as $$
    select a.*
    from customer_address a
    where a.partner_id = of_partner_id and a.customer_number = of_customer_number
        and a.product_code is null and a.dropped is null
        and a.valid_from <= on_day and (a.valid_until is null or a.valid_until > on_day)
    limit 1 -- There is no other. It keeps the planner from reading the addresses of everybody for those of a few.
$$;

-- What other systems call a customer: one identifier for each system (reference code). Those of a customer that was
-- merged into this one are kept beside it as former ones, by which the customer is still found.
create table customer_external_reference (
    partner_id smallint not null,
    customer_number bigint not null,
    reference_code text not null check (length(reference_code) between 1 and 40),
    external_id text not null check (length(external_id) between 1 and 16),
    former boolean not null default false,
    registered_at timestamptz not null,
    primary key (partner_id, customer_number, reference_code, external_id),
    foreign key (partner_id, customer_number) references customer
);
create unique index customer_external_reference_one
    on customer_external_reference (partner_id, customer_number, reference_code) where not former;

-- Whose an identifier is: one customer's at most. Written together with the table above.
create table external_reference_look_up (
    partner_id smallint not null,
    reference_code text not null,
    external_id text not null,
    customer_number bigint not null,
    primary key (partner_id, reference_code, external_id)
);

-- Customers that became one: the number that is gone, and where everything went. A number is never used again.
create table customer_merge (
    partner_id smallint not null,
    customer_number bigint not null, -- that is left
    merged_number bigint not null, -- that is gone
    merged_at timestamptz not null,
    actor text not null, -- as in the audit log
    primary key (partner_id, merged_number),
    foreign key (partner_id, customer_number) references customer
);
create index customer_merge_customer on customer_merge (partner_id, customer_number); -- what became of it, again
