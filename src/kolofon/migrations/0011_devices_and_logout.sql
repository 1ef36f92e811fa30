-- Signing in on devices (RFC 8628), and telling clients that a session has ended.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What a device asked for, until a day after it ended: who comes too late shall hear that and not that it never was.
create table device_authorization (
    device_hash bytea primary key check (length(device_hash) = 32),
    -- Keyed: eight letters alone would be found by trying all.
    user_code_hash bytea not null check (length(user_code_hash) = 32),
    client_id text not null references client,
    scope text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- How often the device may ask; longer each time that it asks too soon.
    interval_seconds integer not null,
    polled_at timestamptz,
    -- What the reader said, who it was, and what came of a yes.
    decided_at timestamptz,
    unique_id uuid references user_account,
    grant_id uuid references oauth_grant on delete cascade,
    used_at timestamptz,
    check (decided_at is not null or (unique_id is null and grant_id is null)),
    check (used_at is null or grant_id is not null)
);
-- The code that a reader types: two devices never have the same one.
create unique index device_authorization_code on device_authorization (user_code_hash);
create index device_authorization_grant on device_authorization (grant_id); -- the cascade above
create index device_authorization_user on device_authorization (unique_id); -- an account that is removed
create index device_authorization_expiry on device_authorization (expires_at); -- the sweep

-- Which client is still to be told of which session's end (OpenID Connect Back-Channel Logout). A session ends once,
-- so there is one row for each of its clients. The token is made at each attempt.
create table back_channel_logout (
    session_id text not null, -- the `sid` that the client knows
    client_id text not null references client,
    unique_id uuid not null references user_account,
    created_at timestamptz not null,
    expires_at timestamptz not null, -- not told after this
    -- While it is being told: when another worker may take it, since the one that has it must have died.
    next_attempt_at timestamptz not null,
    attempts smallint not null default 0,
    told_at timestamptz,
    given_up_at timestamptz,
    last_problem text,
    primary key (session_id, client_id),
    check (told_at is null or given_up_at is null)
);
-- What is due, looked for every few seconds: holds only what is not done, however many are kept.
create index back_channel_logout_due on back_channel_logout (next_attempt_at)
    where told_at is null and given_up_at is null;
create index back_channel_logout_user on back_channel_logout (unique_id); -- an account that is removed
create index back_channel_logout_age on back_channel_logout (created_at); -- the sweep

create function announce_back_channel_logout() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_back_channel_logout', '');
    return null;
end $$;
-- For each row: most sessions that end have no client to be told, and then nobody is woken.
create trigger back_channel_logout_announced after insert on back_channel_logout
    for each row execute function announce_back_channel_logout();
