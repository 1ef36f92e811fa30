-- What has happened, for whoever wants to be told. Written in the transaction of what happened.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table event (
    event_id bigint generated always as identity primary key,
    partner_id smallint not null references partner,
    occurred_at timestamptz not null,
    type text not null check (type in ('subscription', 'product', 'order', 'coupon', 'customer', 'consent')),
    status text not null,
    data jsonb not null
);
create index event_partner on event (partner_id, event_id); -- a partner's events in their order
