-- One-time codes, remember-me logins, and how a session was begun.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Kept for a day after they ended: they are also how codes for one credential are counted.
create table one_time_code (
    code_id uuid primary key,
    credential text not null check (length(credential) between 3 and 255),
    purpose text not null check (purpose in ('login', 'register', 'password')),
    -- Keyed, and over the browser too: six digits alone would be found by trying all.
    code_hash bytea not null check (length(code_hash) = 32),
    tries smallint not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    entered_at timestamptz,
    -- When what the code was for was done; it lets nobody do it again.
    spent_at timestamptz
);
create index one_time_code_credential on one_time_code (credential, created_at); -- the count, and the newest wins
create index one_time_code_age on one_time_code (created_at); -- the sweep

-- A browser that stays signed in at one client. Its token changes at every use: an older one
-- that turns up after the grace was copied.
create table remember_me_login (
    login_id uuid primary key,
    unique_id uuid not null references user_account,
    client_id text not null references client,
    credential text not null,
    authenticated_at timestamptz not null,
    authentication_methods text[] not null,
    token_hash bytea not null check (length(token_hash) = 32),
    previous_hash bytea check (length(previous_hash) = 32),
    -- The token in use, sealed with the previous one: a parallel request gets the same.
    sealed_token bytea,
    rotated_at timestamptz not null,
    expires_at timestamptz not null
);
create index remember_me_login_user on remember_me_login (unique_id); -- end all logins of a user
create index remember_me_login_expiry on remember_me_login (expires_at); -- the sweep

alter table user_session
    -- RFC 8176: pwd, otp.
    add column authentication_methods text[] not null default '{pwd}';
