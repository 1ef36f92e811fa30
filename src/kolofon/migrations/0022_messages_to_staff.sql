-- What customers and customer service write to each other, what is told to customers, and what clients keep of them.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A client's own notes of a customer: a JSON object as it was sent. Each client sees its own.
create table customer_metadata (
    partner_id smallint not null,
    customer_number bigint not null,
    client_id text not null references client,
    metadata text not null check (octet_length(metadata) <= 65536), -- not jsonb, which cannot hold every JSON text
    changed_at timestamptz not null,
    primary key (partner_id, customer_number, client_id),
    foreign key (partner_id, customer_number) references customer
);

-- A matter between somebody and customer service. Who writes may be no customer, so a case goes by its own number.
create table customer_case (
    partner_id smallint not null references partner,
    case_id bigint generated always as identity,
    customer_number bigint, -- null: nobody's that is known
    product_code text,
    case_type text check (case_type in ('A', 'B')), -- null: no special one
    subject text check (length(subject) <= 40),
    client_id text not null references client, -- where it was written
    -- Who wrote, as a contact form tells it; of a customer, what the form tells besides.
    sender_name text,
    sender_email text,
    sender_phone_number text,
    status text not null check (status in ('waiting', 'answered', 'closed')), -- waiting: for customer service
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (partner_id, case_id),
    foreign key (partner_id, customer_number) references customer,
    foreign key (partner_id, product_code) references product
);
create index customer_case_customer on customer_case (partner_id, customer_number, case_id); -- List messages
create index customer_case_waiting on customer_case (partner_id, changed_at) where status = 'waiting'; -- what staff have to answer

create table customer_case_message (
    partner_id smallint not null,
    case_id bigint not null,
    message_number smallint not null,
    direction text not null check (direction in ('IN', 'OUT')), -- IN: to customer service
    content text not null check (length(content) between 1 and 32000),
    written_at timestamptz not null,
    actor text not null, -- as in the audit log
    primary key (partner_id, case_id, message_number),
    foreign key (partner_id, case_id) references customer_case
);

-- What is told to customers while it lasts: a late delivery, a strike, a closed office.
create table status_message (
    partner_id smallint not null references partner,
    status_message_id bigint generated always as identity,
    code text not null check (length(code) between 1 and 40),
    message text not null check (length(message) between 1 and 1000),
    product_code text, -- null: of any product
    -- The area: customers whose paper is delivered there; null: anywhere. Postal codes as they are stored, both included.
    country_code text check (country_code ~ '^[A-Z]{2}$'),
    postal_code_from text,
    postal_code_to text,
    start_time timestamptz not null,
    end_time timestamptz, -- null: until it is ended
    created_at timestamptz not null,
    check (end_time > start_time),
    check ((postal_code_from is null) = (postal_code_to is null)),
    check (postal_code_from collate "C" <= postal_code_to collate "C"), -- whatever the locale of the database is
    check (postal_code_from is null or country_code is not null),
    primary key (partner_id, status_message_id),
    foreign key (partner_id, product_code) references product
);
