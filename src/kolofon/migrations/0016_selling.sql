-- What a partner sells and for how much. These tables are small, read often and kept in memory by every process, but
-- for vouchers and stock, which orders change. Prices are versions: a row is never changed, a newer one takes its
-- place, so that what was ordered at a price can always be explained.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table partner
    -- A preliminary order that nobody completes is given up after so long.
    add column preliminary_hours integer not null default 72 check (preliminary_hours between 1 and 8760),
    -- The next period is prepared so long before the present one ends.
    add column renewal_days integer not null default 14 check (renewal_days between 0 and 365),
    add column due_days integer not null default 14 check (due_days between 0 and 365),
    -- So long after the last reminder is due, what is not paid stops.
    add column stop_days integer not null default 14 check (stop_days between 0 and 365);

alter table company
    add column account_number text,
    -- The layout of its payment references (KID): customer, invoice, check digit.
    add column kid_customer_digits smallint not null default 10 check (kid_customer_digits between 1 and 16),
    add column kid_invoice_digits smallint not null default 9 check (kid_invoice_digits between 1 and 16),
    add column kid_algorithm text not null default 'MOD10' check (kid_algorithm in ('MOD10', 'MOD11')),
    add constraint company_kid_length check (kid_customer_digits + kid_invoice_digits + 1 <= 25);

create table vat_rate (
    partner_id smallint not null references partner,
    vat_kind text not null check (length(vat_kind) between 1 and 12),
    country_code text not null check (country_code ~ '^[A-Z]{2}$'),
    valid_from date not null, -- until the next row of the kind and country
    percent numeric(5, 2) not null check (percent between 0 and 100),
    primary key (partner_id, vat_kind, country_code, valid_from)
);

alter table product
    add column vat_kind text, -- null: outside VAT
    add column digital boolean not null default false,
    add column shop boolean not null default true,
    add column weight numeric(12, 3), -- in grams
    add column campaigns text,
    add column start_time timestamptz,
    add column end_time timestamptz,
    -- How long an article that was bought may be read; null: for good.
    add column access_days integer check (access_days between 1 and 36500),
    add column changed_at timestamptz not null default '1970-01-01T00:00:00Z';

create table product_price (
    partner_id smallint not null,
    product_code text not null,
    valid_from timestamptz not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    vat_included boolean not null,
    web_offer_price_minor bigint check (web_offer_price_minor >= 0),
    retail_price_minor bigint check (retail_price_minor >= 0),
    -- What a subscription that no coupon sold costs for a period; null: it is not renewed.
    period_length integer check (period_length between 1 and 3660),
    period_type text check (period_type in ('days', 'weeks', 'months', 'years')),
    check ((period_length is null) = (period_type is null)),
    primary key (partner_id, product_code, valid_from),
    foreign key (partner_id, product_code) references product
);

create table article_price (
    partner_id smallint not null,
    product_code text not null,
    article_category text not null default '', -- '': articles of all other categories
    valid_from timestamptz not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    vat_included boolean not null,
    price_minor bigint check (price_minor >= 0), -- null: not sold from here on
    primary key (partner_id, product_code, article_category, valid_from),
    foreign key (partner_id, product_code) references product
);

create table product_issue (
    partner_id smallint not null,
    product_code text not null,
    issue_code text not null check (length(issue_code) between 1 and 10),
    publication_date date not null,
    distribution_planned_date date not null,
    distribution_date date, -- null: not distributed yet
    primary key (partner_id, product_code, issue_code),
    foreign key (partner_id, product_code) references product
);

create table delivery_plan (
    partner_id smallint not null,
    delivery_plan_id integer not null check (delivery_plan_id > 0),
    product_code text not null,
    plan_name text not null check (length(plan_name) between 1 and 12),
    -- Monday first.
    days text[] not null check (cardinality(days) = 7 and days <@ array[
        'fullAccessAndDelivery', 'onlyPhysicalDelivery', 'onlyDigitalAccess', 'noAccessOrDelivery']),
    retired boolean not null default false,
    primary key (partner_id, delivery_plan_id),
    foreign key (partner_id, product_code) references product
);

create table sales_method (
    partner_id smallint not null references partner,
    sales_method text not null check (length(sales_method) between 1 and 12),
    name text not null,
    primary key (partner_id, sales_method)
);

create table seller (
    partner_id smallint not null references partner,
    seller_code text not null check (length(seller_code) between 1 and 40),
    name text not null,
    primary key (partner_id, seller_code)
);

-- An offer. kind marketing: a code that tells where an order came from, and sells nothing.
create table coupon (
    partner_id smallint not null references partner,
    coupon_code text not null check (length(coupon_code) between 1 and 12),
    coupon_number bigint not null check (coupon_number > 0),
    kind text not null check (kind in ('subscription', 'marketing')),
    product_code text,
    description text not null,
    start_time timestamptz,
    end_time timestamptz,
    delivery_plan_id integer,
    extra_products text[] not null default '{}',
    project text,
    market text,
    activity text,
    sales_method text,
    -- Only for who has a voucher that names it; it is not among the offers that everybody is shown.
    voucher_only boolean not null default false,
    retired boolean not null default false,
    changed_at timestamptz not null,
    check ((kind = 'subscription') = (product_code is not null)),
    check (end_time > start_time),
    primary key (partner_id, coupon_code, coupon_number),
    foreign key (partner_id, product_code) references product,
    foreign key (partner_id, delivery_plan_id) references delivery_plan
);

create table coupon_price (
    partner_id smallint not null,
    coupon_code text not null,
    coupon_number bigint not null,
    valid_from timestamptz not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    vat_included boolean not null,
    price_minor bigint not null check (price_minor >= 0),
    period_length integer not null check (period_length between 1 and 3660),
    period_type text not null check (period_type in ('days', 'weeks', 'months', 'years')),
    -- What the period after this one costs, and every one after that; null: it ends with its period.
    renewal_price_minor bigint check (renewal_price_minor >= 0),
    renewal_period_length integer check (renewal_period_length between 1 and 3660),
    renewal_period_type text check (renewal_period_type in ('days', 'weeks', 'months', 'years')),
    check (num_nulls(renewal_price_minor, renewal_period_length, renewal_period_type) in (0, 3)),
    primary key (partner_id, coupon_code, coupon_number, valid_from),
    foreign key (partner_id, coupon_code, coupon_number) references coupon
);

-- What bringing it there costs, each copy and period. The VAT is that of the product.
create table distribution_price (
    partner_id smallint not null references partner,
    product_code text not null default '', -- '': all products that are not digital and have no price of their own
    country_code text not null check (country_code ~ '^[A-Z]{2}$'),
    postal_code_from text not null default '', -- '': everywhere in the country that no other row speaks of
    postal_code_to text not null default '',
    valid_from timestamptz not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    vat_included boolean not null,
    price_minor bigint check (price_minor >= 0), -- null: no price from here on
    primary key (partner_id, product_code, country_code, postal_code_from, postal_code_to, valid_from)
);

create table product_dependency (
    partner_id smallint not null,
    product_code text not null, -- who buys this
    required_product_code text not null, -- and subscribes to that
    discount_percent numeric(5, 2) not null default 0 check (discount_percent between 0 and 100),
    discount_amount_minor bigint not null default 0 check (discount_amount_minor >= 0),
    check (product_code <> required_product_code),
    check ((discount_percent > 0) <> (discount_amount_minor > 0)),
    primary key (partner_id, product_code, required_product_code),
    foreign key (partner_id, product_code) references product,
    foreign key (partner_id, required_product_code) references product
);

-- Who gives rewards with orders. product_code: the thing that is sent, whose stock each reward takes one of.
create table reward_partner (
    partner_id smallint not null references partner,
    reward_partner_id integer not null check (reward_partner_id > 0),
    name text not null,
    product_code text,
    retired boolean not null default false,
    primary key (partner_id, reward_partner_id),
    foreign key (partner_id, product_code) references product
);

-- How a partner's readers may pay. invoice and free need no row.
create table payment_method (
    partner_id smallint not null references partner,
    payment_method text not null check (payment_method in ('sms', 'smsPay', 'vippsRecurring', 'vippsEcommerce', 'kco',
        'creditcardPayex', 'swishPayex', 'nexi', 'other')),
    primary key (partner_id, payment_method)
);

create table reminder_rule (
    partner_id smallint not null references partner,
    reminder_number smallint not null check (reminder_number between 1 and 9),
    valid_from date not null, -- for what becomes due from here on, until the next row of the number
    kind text not null check (kind in ('reminder', 'warning')),
    -- After the due date of the invoice, or of the reminder before.
    days_after_due integer not null check (days_after_due between 1 and 365),
    days_to_pay integer not null check (days_to_pay between 1 and 365),
    fee_minor bigint not null default 0 check (fee_minor >= 0),
    primary key (partner_id, reminder_number, valid_from)
);

-- The words of the messages to readers that a client has of its own.
create table client_template (
    client_id text not null references client,
    template text not null check (template in ('assignNewUser', 'assignExistingUser')),
    kind text not null check (kind in ('mail', 'sms')),
    language text not null check (language in ('nb', 'nn', 'sv', 'en')),
    subject text,
    text text not null,
    check ((kind = 'mail') = (subject is not null)),
    primary key (client_id, template, kind, language)
);

create table voucher (
    partner_id smallint not null references partner,
    voucher_code text not null check (length(voucher_code) between 1 and 36 and voucher_code = upper(voucher_code)),
    uses_allowed integer not null check (uses_allowed > 0),
    -- Orders that are completed with it. Claimed under the row's lock, so that one too many finds it used up.
    used integer not null default 0,
    start_time timestamptz,
    end_time timestamptz,
    retired boolean not null default false,
    check (used between 0 and uses_allowed),
    check (end_time > start_time),
    primary key (partner_id, voucher_code)
);

create table voucher_coupon (
    partner_id smallint not null,
    voucher_code text not null,
    coupon_code text not null,
    coupon_number bigint not null,
    primary key (partner_id, voucher_code, coupon_code, coupon_number),
    foreign key (partner_id, voucher_code) references voucher,
    foreign key (partner_id, coupon_code, coupon_number) references coupon
);

create table stock (
    partner_id smallint not null,
    product_code text not null,
    warehouse text not null check (length(warehouse) between 1 and 40),
    quantity integer not null check (quantity >= 0),
    changed_at timestamptz not null,
    primary key (partner_id, product_code, warehouse),
    foreign key (partner_id, product_code) references product
);
