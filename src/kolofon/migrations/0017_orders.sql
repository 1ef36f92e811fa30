-- Customers with all that an order tells of them, and orders from their registering to their hand-over.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The numbers of customers that are made here. One that a partner brought along is skipped.
create sequence customer_number start 1000000;

alter table customer
    add column company_registration_number text,
    add column department text,
    add column sealed_national_id text, -- never given back
    add column birth_date date,
    add column sex text check (sex in ('male', 'female')),
    add column invoice_email text;

-- What an order has opened until its hand-over is closed again when it ends after all; null: none has.
alter table customer_access add column order_id bigint;

create table customer_email (
    partner_id smallint not null,
    customer_number bigint not null,
    email text not null check (length(email) <= 255),
    position smallint not null,
    primary key (partner_id, customer_number, email),
    foreign key (partner_id, customer_number) references customer
);

create table customer_phone_number (
    partner_id smallint not null,
    customer_number bigint not null,
    phone_number text not null check (length(phone_number) <= 20),
    position smallint not null,
    primary key (partner_id, customer_number, phone_number),
    foreign key (partner_id, customer_number) references customer
);

create table customer_category (
    partner_id smallint not null,
    customer_number bigint not null,
    category_code text not null,
    free_value text,
    changed_at timestamptz not null,
    primary key (partner_id, customer_number, category_code),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, category_code) references category_code
);

-- Where a customer is found, from a day on. The newest that has begun is the one that counts.
create table customer_address (
    partner_id smallint not null,
    customer_number bigint not null,
    address_id bigint generated always as identity,
    care_of text,
    street text,
    street_number integer,
    entrance text,
    floor_type text,
    floor integer,
    suite text,
    postal_code text,
    postal_place text,
    country_code text,
    -- A separate address for post, such as a box.
    postal_address text,
    postal_address_postal_code text,
    postal_address_postal_place text,
    valid_from date not null,
    created_at timestamptz not null,
    primary key (partner_id, customer_number, address_id),
    foreign key (partner_id, customer_number) references customer
);

-- An order is there before its customer, so it goes by its own id: a random number, since whoever knows it may
-- complete the order in a browser.
create table customer_order (
    order_id bigint primary key check (order_id > 0),
    partner_id smallint not null references partner,
    client_id text not null references client,
    unique_id uuid references user_account, -- whose it is; null: nobody's yet
    external_order_id text check (length(external_order_id) <= 40),
    status text not null check (status in ('preliminary', 'fulfilled', 'transferred', 'cancelled', 'failed', 'expired')),
    registered_at timestamptz not null,
    order_time timestamptz not null, -- when it was placed, as the client says
    payment_method text not null,
    recurring boolean not null,
    prepaid boolean not null,
    merchant_id text,
    company_code text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    -- All lines with VAT and distribution.
    amount_minor bigint not null check (amount_minor >= 0),
    vat_minor bigint not null check (vat_minor >= 0),
    -- What was paid beforehand, as the client says.
    prepaid_minor bigint check (prepaid_minor >= 0),
    marketing_coupon_code text,
    marketing_coupon_number bigint,
    campaign_parameters text,
    customer_reference text,
    seller text,
    sales_method text,
    payer jsonb not null, -- kolofon.engine.customers.party
    payment_info jsonb, -- the provider's ids of a payment that was made beforehand
    customer_number bigint, -- the payer's, once it is known
    expires_at timestamptz not null, -- while preliminary
    fulfilled_at timestamptz,
    transferred_at timestamptz,
    -- The hand-over: while it is being done, when another worker may take it.
    next_attempt_at timestamptz,
    attempts smallint not null default 0,
    problem text,
    check ((status = 'fulfilled') = (next_attempt_at is not null)),
    check (status <> 'transferred' or customer_number is not null),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, company_code) references company
);
create index customer_order_user on customer_order (unique_id, partner_id, registered_at); -- List orders, Search order details
create index customer_order_customer on customer_order (partner_id, customer_number); -- the orders of a customer
-- What the workers look for every few seconds: holds only what is not done.
create index customer_order_due on customer_order (next_attempt_at) where status = 'fulfilled';
create index customer_order_expiry on customer_order (expires_at) where status = 'preliminary';

create table order_line (
    order_id bigint not null references customer_order,
    line_number smallint not null,
    partner_id smallint not null,
    product_spec_type text not null check (product_spec_type in ('coupon', 'product', 'issue', 'article')),
    coupon_code text,
    coupon_number bigint,
    product_code text not null, -- what is delivered: of a coupon and an issue its subscription product
    issue_code text,
    description text not null,
    quantity integer not null check (quantity between 1 and 100000),
    -- The price it was ordered with, whatever the catalogue says later. Without distribution, after discounts.
    price_version timestamptz, -- valid_from of the price; null: the client's own price
    vat_included boolean not null,
    unit_price_minor bigint not null check (unit_price_minor >= 0),
    discount_minor bigint not null default 0 check (discount_minor >= 0),
    net_minor bigint not null,
    vat_percent numeric(5, 2) not null,
    vat_minor bigint not null,
    distribution_net_minor bigint not null default 0,
    distribution_vat_minor bigint not null default 0,
    promotion_code text,
    category_code text,
    voucher_code text,
    allow_access_product text,
    allow_access_category_type text,
    allow_access_seconds integer check (allow_access_seconds between 1 and 31536000),
    start_time timestamptz,
    start_issue text,
    reward_partner_id integer,
    reward_id text check (length(reward_id) <= 36),
    article_ref text,
    article_description text,
    article_category text,
    receiver jsonb, -- null: the payer
    recruiter jsonb,
    -- What came of it at the hand-over.
    receiver_customer_number bigint,
    subscription_id bigint, -- of the receiver
    invoice_number bigint,
    delivery_status text not null default 'waiting' check (delivery_status in ('waiting', 'delivered')),
    check ((reward_partner_id is null) = (reward_id is null)),
    primary key (order_id, line_number)
);

-- Every change of an order's status, with its cause.
create table order_change (
    order_id bigint not null references customer_order,
    order_change_id bigint generated always as identity,
    partner_id smallint not null,
    changed_at timestamptz not null,
    status_before text, -- null: it was registered
    status text not null,
    cause text not null,
    actor text not null, -- as in the audit log
    primary key (order_id, order_change_id)
);

-- What a completed order has taken of a voucher, and gives back if it fails after all.
create table voucher_use (
    order_id bigint not null,
    line_number smallint not null,
    partner_id smallint not null,
    voucher_code text not null,
    used_at timestamptz not null,
    primary key (order_id, line_number),
    foreign key (order_id, line_number) references order_line,
    foreign key (partner_id, voucher_code) references voucher
);

-- Every change of a stock: a sum of these explains its figure.
create table stock_movement (
    partner_id smallint not null,
    product_code text not null,
    warehouse text not null,
    stock_movement_id bigint generated always as identity,
    quantity integer not null check (quantity <> 0), -- negative: taken
    order_id bigint,
    line_number smallint,
    cause text not null,
    moved_at timestamptz not null,
    primary key (partner_id, product_code, warehouse, stock_movement_id),
    foreign key (partner_id, product_code, warehouse) references stock
);
create index stock_movement_order on stock_movement (order_id) where order_id is not null; -- what an order has taken

-- A reward is given once. customer_number: whose it is, once the order is handed over.
create table customer_reward (
    partner_id smallint not null,
    reward_partner_id integer not null,
    reward_id text not null check (length(reward_id) between 1 and 36),
    product_code text,
    order_id bigint not null,
    line_number smallint not null,
    customer_number bigint,
    given_at timestamptz not null,
    primary key (partner_id, reward_partner_id, reward_id),
    foreign key (order_id, line_number) references order_line,
    foreign key (partner_id, reward_partner_id) references reward_partner
);
create index customer_reward_order on customer_reward (order_id, line_number); -- what an order has taken

-- Whom to call when the payment of an order has come to an end.
create table order_callback (
    order_id bigint not null references customer_order,
    order_callback_id bigint generated always as identity,
    partner_id smallint not null,
    url text not null,
    fulfillment_status text not null check (fulfillment_status in ('success', 'failed')),
    next_attempt_at timestamptz not null,
    attempts smallint not null default 0,
    done_at timestamptz,
    given_up_at timestamptz,
    last_problem text,
    primary key (order_id, order_callback_id)
);
create index order_callback_due on order_callback (next_attempt_at) where done_at is null and given_up_at is null;

-- A link in a message by which a user signs in once, or sets the first password: sent when an order was assigned to them.
create table login_link (
    link_hash bytea primary key check (length(link_hash) = 32),
    unique_id uuid not null references user_account,
    credential text not null, -- what the message was sent to: whoever has the link has got it there
    client_id text not null references client,
    return_url text not null,
    error_url text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index login_link_user on login_link (unique_id); -- a newer one ends those before
create index login_link_expiry on login_link (expires_at); -- the sweep

create function announce_order() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_order', '');
    return null;
end $$;
create trigger order_fulfilled after update of status on customer_order
    for each row when (new.status = 'fulfilled') execute function announce_order();

create function announce_order_callback() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_order_callback', '');
    return null;
end $$;
create trigger order_callback_announced after insert on order_callback
    for each statement execute function announce_order_callback();
