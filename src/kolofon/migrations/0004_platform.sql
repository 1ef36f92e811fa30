-- The audit log and the memory of repeatable writes.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table audit_log (
    audit_id bigint generated always as identity,
    partner_id smallint references partner, -- null: a user's account, which no partner owns
    occurred_at timestamptz not null,
    -- Who: 'user:<uniqueId>', 'client:<clientId>', 'command-line:<system user>' or 'worker'.
    actor text not null,
    client_id text,
    request_id text,
    action text not null, -- the operation id, e.g. changePrivacyEnterprise
    subject text not null, -- what was changed, e.g. customer:1001
    before jsonb,
    after jsonb,
    primary key (audit_id)
);
create index audit_log_subject on audit_log (partner_id, subject, occurred_at); -- the history of one thing

create table idempotency_key (
    client_id text not null,
    caller text not null, -- the user within the client, or ''
    idempotency_key text not null check (length(idempotency_key) between 1 and 255),
    route text not null,
    body_hash bytea not null check (length(body_hash) = 32),
    status smallint not null,
    content_type text not null,
    body bytea not null,
    created_at timestamptz not null,
    primary key (client_id, caller, idempotency_key)
);
create index idempotency_key_age on idempotency_key (created_at); -- the sweep
