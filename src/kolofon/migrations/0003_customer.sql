-- What a partner knows of its customers. customer_number is part of every key,
-- so these tables can be spread over machines by customer, unchanged.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table customer (
    partner_id smallint not null references partner,
    customer_number bigint not null check (customer_number > 0),
    first_name text,
    middle_name text,
    last_name text,
    company_name text,
    department_name text,
    created_at timestamptz not null,
    primary key (partner_id, customer_number)
);

-- The look-up from a user to the customer of a partner: one at most per partner.
-- A customer may have several users.
create table user_customer (
    unique_id uuid not null references user_account,
    partner_id smallint not null,
    customer_number bigint not null,
    linked_at timestamptz not null,
    primary key (unique_id, partner_id),
    foreign key (partner_id, customer_number) references customer
);
create index user_customer_customer on user_customer (partner_id, customer_number); -- the users of a customer

create table subscription (
    partner_id smallint not null,
    customer_number bigint not null,
    subscription_id bigint generated always as identity,
    product_code text not null,
    category_code text,
    state text not null check (state in ('waiting', 'active', 'stopping', 'paused', 'stopped')),
    -- First day of the present unbroken subscription, 00:00 in the partner's time zone.
    start_time timestamptz not null,
    -- End of the last paid period; null for one that never ends.
    end_time timestamptz,
    paid boolean not null default true,
    check (end_time is null or end_time > start_time),
    -- Also the index of the access check: all of a customer's rows lie together.
    primary key (partner_id, customer_number, subscription_id),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, product_code) references product,
    foreign key (partner_id, category_code) references category_code
);

-- Single things a customer may read for a time: a bought article, the category
-- type of an order, a product before the back office has processed the order.
create table customer_access (
    partner_id smallint not null,
    customer_number bigint not null,
    customer_access_id bigint generated always as identity,
    kind text not null check (kind in ('product', 'article', 'categoryType')),
    code text not null check (length(code) between 1 and 255),
    start_time timestamptz not null,
    end_time timestamptz not null,
    check (end_time > start_time),
    primary key (partner_id, customer_number, customer_access_id),
    foreign key (partner_id, customer_number) references customer
);

-- Privacy: a row is a purpose that the customer permits. order_type '' is the enterprise level.
create table privacy_permission (
    partner_id smallint not null,
    customer_number bigint not null,
    enterprise_code text not null,
    order_type text not null default '',
    purpose text not null,
    changed_at timestamptz not null,
    primary key (partner_id, customer_number, enterprise_code, order_type, purpose),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, enterprise_code) references enterprise,
    foreign key (partner_id, purpose) references privacy_purpose
);

-- Permissions and shields per marketing channel. enterprise_code '' is the global
-- level, order_type '' the enterprise level; no row means NONE.
create table marketing_permission (
    partner_id smallint not null,
    customer_number bigint not null,
    enterprise_code text not null default '',
    order_type text not null default '',
    channel text not null,
    permission text not null check (permission in ('PERMISSION', 'SHIELD')),
    changed_at timestamptz not null,
    check (enterprise_code <> '' or (order_type = '' and permission = 'SHIELD')),
    primary key (partner_id, customer_number, enterprise_code, order_type, channel),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, channel) references marketing_channel
);
