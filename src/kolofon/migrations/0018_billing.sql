-- The life of a subscription, period by period, and what is asked for it.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A partner to try things with: its time can be moved ahead, so that what lies ahead can be lived through.
alter table partner
    add column sandbox boolean not null default false,
    add column clock_ahead interval not null default '0' check (clock_ahead >= '0'),
    add constraint partner_clock check (sandbox or clock_ahead = '0');

-- As long as it takes, however many there are. Access checks wait for it.
set local statement_timeout = '1h';
alter table subscription
    -- One that was stopped before it began ends where it was to start.
    drop constraint subscription_check,
    add constraint subscription_times check (end_time is null or end_time >= start_time),
    add column payer_customer_number bigint, -- null: whoever has it
    add column copies integer not null default 1 check (copies between 1 and 100000),
    add column order_id bigint,
    add column line_number smallint,
    -- What it renews by: the prices of this coupon that are valid then; null: the product's own.
    add column coupon_code text,
    add column coupon_number bigint,
    -- The first period that was sold by it; the ones after that are renewals.
    add column terms_period integer not null default 1,
    add column delivery_plan_id integer,
    add column sales_person text,
    add column customer_reference text,
    add column distribution_level text,
    add column received_b2b boolean not null default false,
    add column payment_method text not null default 'invoice',
    -- When the next period is to be prepared; null: never, infinity: when it is known how it goes on (it is paused, or
    -- was stopped since it was not paid).
    add column renew_at timestamptz,
    -- When the state changes by itself: start, end, beginning and end of a pause.
    add column change_at timestamptz,
    add column pause_from timestamptz,
    add column pause_until timestamptz,
    add column stop_reason text,
    add column changed_at timestamptz,
    -- Becomes paid_until. With all of the above in one pass over the table, which a few million rows take some seconds
    -- for: quicker than updating them, and no dead rows are left behind.
    alter column paid drop default,
    alter column paid drop not null,
    alter column paid type timestamptz using case when paid then coalesce(end_time, 'infinity') end;
set local statement_timeout = '60s';
-- The end of the last period that is paid; null: none was, infinity: there is nothing to pay.
alter table subscription rename column paid to paid_until;
create index subscription_renew on subscription (partner_id, renew_at) where renew_at is not null; -- the renewal run
create index subscription_due_change on subscription (partner_id, change_at) where change_at is not null; -- what starts, ends

create table subscription_period (
    partner_id smallint not null,
    customer_number bigint not null,
    subscription_id bigint not null,
    -- Numbered without gaps, so that no period can be prepared twice.
    period_number integer not null check (period_number > 0),
    start_time timestamptz not null,
    end_time timestamptz, -- null: it never ends
    -- Where it is asked for; null: it costs nothing.
    company_code text,
    invoice_number bigint,
    -- It was stopped before this began, and then started anew.
    cancelled boolean not null default false,
    check (end_time > start_time),
    check ((company_code is null) = (invoice_number is null)),
    primary key (partner_id, customer_number, subscription_id, period_number),
    foreign key (partner_id, customer_number, subscription_id) references subscription
);

-- Every change of a subscription's state, with its cause. Renewals are told by their periods.
create table subscription_change (
    partner_id smallint not null,
    customer_number bigint not null,
    subscription_id bigint not null,
    subscription_change_id bigint generated always as identity,
    changed_at timestamptz not null,
    state_before text, -- null: it was made
    state text not null,
    cause text not null,
    actor text not null, -- as in the audit log
    primary key (partner_id, customer_number, subscription_id, subscription_change_id),
    foreign key (partner_id, customer_number, subscription_id) references subscription
);

-- Invoice numbers have no gaps: taking one locks this row until the invoice is there, or none was taken.
create table invoice_counter (
    partner_id smallint not null,
    company_code text not null,
    next_number bigint not null check (next_number > 0),
    primary key (partner_id, company_code),
    foreign key (partner_id, company_code) references company
);

create table invoice (
    partner_id smallint not null,
    customer_number bigint not null, -- who pays
    company_code text not null,
    invoice_number bigint not null check (invoice_number > 0),
    kind text not null check (kind in ('invoice', 'creditNote')),
    kid text not null check (length(kid) between 2 and 25),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null,
    invoice_date date not null,
    due_date date not null,
    net_minor bigint not null,
    vat_minor bigint not null,
    -- Fees of reminders come on top of these; they are outside VAT.
    fees_minor bigint not null default 0 check (fees_minor >= 0),
    paid_minor bigint not null default 0,
    status text not null check (status in ('open', 'paid', 'credited', 'writtenOff')),
    payment_method text not null,
    order_id bigint,
    customer_reference text,
    credited_invoice_number bigint, -- of a credit note: what it takes back
    reminder_number smallint, -- of the last that was sent; 0: the invoice itself, null: nothing yet
    -- When the invoice is to be sent, the next reminder, or the stop after the last; null: never.
    remind_at timestamptz,
    check ((kind = 'creditNote') = (credited_invoice_number is not null)),
    check (status = 'open' or remind_at is null), -- nobody is reminded of anything else
    primary key (partner_id, customer_number, company_code, invoice_number),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, company_code) references company
);
create index invoice_remind on invoice (partner_id, remind_at) where remind_at is not null; -- the dunning run
-- An invoice is taken back once.
create unique index invoice_credited on invoice (partner_id, customer_number, company_code, credited_invoice_number)
    where credited_invoice_number is not null;

-- Whose invoice a number is: a payment tells only that.
create table invoice_look_up (
    partner_id smallint not null,
    company_code text not null,
    invoice_number bigint not null,
    customer_number bigint not null,
    primary key (partner_id, company_code, invoice_number)
);

create table invoice_line (
    partner_id smallint not null,
    customer_number bigint not null,
    company_code text not null,
    invoice_number bigint not null,
    line_number smallint not null,
    kind text not null check (kind in ('subscription', 'product', 'issue', 'article', 'distribution')),
    product_code text not null,
    description text not null,
    quantity integer not null,
    net_minor bigint not null,
    vat_percent numeric(5, 2) not null,
    -- The VAT of an invoice is reckoned for each rate from the sum of its lines, and shared out among them to the øre.
    vat_minor bigint not null,
    -- Of a subscription: the period, and who has it.
    receiver_customer_number bigint,
    subscription_id bigint,
    period_number integer,
    order_id bigint,
    order_line_number smallint,
    primary key (partner_id, customer_number, company_code, invoice_number, line_number),
    foreign key (partner_id, customer_number, company_code, invoice_number) references invoice
);

create table invoice_payment (
    partner_id smallint not null,
    customer_number bigint not null,
    company_code text not null,
    invoice_number bigint not null,
    invoice_payment_id bigint generated always as identity,
    amount_minor bigint not null check (amount_minor <> 0), -- negative: given back
    paid_at timestamptz not null,
    payment_method text not null,
    reference text not null, -- of the bank or provider; the same one is taken once
    primary key (partner_id, customer_number, company_code, invoice_number, invoice_payment_id),
    unique (partner_id, customer_number, company_code, invoice_number, payment_method, reference),
    foreign key (partner_id, customer_number, company_code, invoice_number) references invoice
);

-- What was sent of an invoice: 0 is the invoice itself.
create table invoice_reminder (
    partner_id smallint not null,
    customer_number bigint not null,
    company_code text not null,
    invoice_number bigint not null,
    reminder_number smallint not null check (reminder_number between 0 and 9),
    kind text not null check (kind in ('invoice', 'reminder', 'warning')),
    sent_at timestamptz not null,
    recipient text, -- an e-mail address; null: the customer has none, so nothing was sent
    due_date date not null,
    fee_minor bigint not null,
    primary key (partner_id, customer_number, company_code, invoice_number, reminder_number),
    foreign key (partner_id, customer_number, company_code, invoice_number) references invoice
);
