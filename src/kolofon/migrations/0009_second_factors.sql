-- Second factors: an app that shows codes, passkeys, and codes on paper for the day that both are lost;
-- and which partners want them of their staff.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The secret that an account shares with an app (RFC 6238).
create table totp_secret (
    unique_id uuid primary key references user_account,
    -- With a key of its own for each account: put beside another account it opens nothing.
    sealed_secret bytea not null,
    -- The time step of the last code that was used; it and earlier ones are used up.
    last_step bigint not null,
    -- Wrong codes since the last right one, and until when no code is looked at.
    failures integer not null default 0,
    blocked_until timestamptz,
    created_at timestamptz not null,
    used_at timestamptz
);

-- A row is a code that has not been used.
create table recovery_code (
    unique_id uuid not null references user_account,
    -- Keyed, and over the account too.
    code_hash bytea not null check (length(code_hash) = 32),
    created_at timestamptz not null,
    primary key (unique_id, code_hash)
);

create table passkey (
    -- Made by the authenticator; the same one cannot be two accounts'.
    credential_id bytea primary key check (length(credential_id) between 1 and 1023),
    -- How forms and the audit log call it.
    passkey_id uuid not null unique,
    unique_id uuid not null references user_account,
    public_key bytea not null,
    sign_count bigint not null,
    name text not null check (length(name) between 1 and 100),
    created_at timestamptz not null,
    used_at timestamptz
);
create index passkey_user on passkey (unique_id); -- whether an account has any, and the list of them

alter table partner
    -- Who has one of these as a verified credential works for the partner.
    add column staff_email_domains text[] not null default '{}',
    add column staff_credentials text[] not null default '{}',
    -- Whether the partner's clients take only sign-ins with two factors from staff.
    add column staff_second_factor boolean not null default false;
