-- Imports of customers from another system, as far as they have come: each batch of rows is written together with the
-- number of rows that are done, so that an import that died goes on where it was.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table customer_import (
    partner_id smallint not null references partner,
    customer_import_id bigint generated always as identity,
    file_name text not null,
    file_hash bytea not null check (length(file_hash) = 32), -- SHA-256 of its content: the same file goes on
    actor text not null, -- as in the audit log
    started_at timestamptz not null,
    finished_at timestamptz,
    rows_done bigint not null default 0, -- of the file, from its beginning
    customers_made bigint not null default 0,
    customers_known bigint not null default 0, -- they were here already and are left as they are
    rows_refused bigint not null default 0,
    accounts_made bigint not null default 0,
    accounts_linked bigint not null default 0, -- they were here already and are left as they are, but for the link
    check (rows_done = customers_made + customers_known + rows_refused),
    primary key (partner_id, customer_import_id),
    unique (partner_id, file_hash)
);

-- Rows that were refused, and why; of what a row held only what its customer is called there is repeated here.
create table customer_import_refusal (
    partner_id smallint not null,
    customer_import_id bigint not null,
    row_number bigint not null, -- the line of the file that the row begins in
    customer text, -- its number, or an external reference
    problem text not null,
    primary key (partner_id, customer_import_id, row_number),
    foreign key (partner_id, customer_import_id) references customer_import
);

-- What the rows that were taken hold that no other row may hold, until the import has ended: by it a double is told
-- from a customer that was here before, also after the import was killed.
create table customer_import_claim (
    partner_id smallint not null,
    customer_import_id bigint not null,
    kind text not null check (kind in ('number', 'reference', 'credential', 'account')),
    value text not null,
    row_number bigint not null,
    -- No foreign key: there are several of these for each customer, and they go when the import has ended.
    primary key (partner_id, customer_import_id, kind, value)
);
