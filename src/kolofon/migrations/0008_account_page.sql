-- What the account page shows and changes: where sessions are, recent sign-ins, codes for credentials.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table user_session
    -- What clients know it by. It stays when the session gets a new secret, as at a step-up.
    -- The default is for processes that do not know the column yet.
    add column session_id text not null default replace(gen_random_uuid()::text, '-', ''),
    add column started_at timestamptz, -- null: begun before this column was
    add column client_id text references client,
    -- In words, made of the User-Agent, which itself is not kept.
    add column browser text,
    add column system text;
update user_session set session_id =
    translate(rtrim(encode(sha256('sid '::bytea || session_hash), 'base64'), '='), '+/', '-_');

alter table remember_me_login
    -- The session that it last signed in, or was made beside: who ends that session ends this too.
    add column session_id text,
    add column browser text,
    add column system text;

-- Ending a session revokes what was granted in it.
create index oauth_grant_session on oauth_grant (session_id) where session_id is not null;

-- Sign-ins of the last 90 days, for the reader to look through.
create table sign_in (
    unique_id uuid not null references user_account,
    sign_in_id uuid not null,
    occurred_at timestamptz not null,
    credential text not null,
    authentication_methods text[] not null, -- RFC 8176
    remembered boolean not null,
    client_id text references client,
    browser text,
    system text,
    network text, -- the address shortened: a /24 of IPv4, a /48 of IPv6
    primary key (unique_id, sign_in_id)
);
create index sign_in_recent on sign_in (unique_id, occurred_at); -- the newest ones of a reader
create index sign_in_age on sign_in (occurred_at); -- the sweep

-- How often a wrong password was typed for a credential in a day. Written for credentials that nobody has as well:
-- otherwise the time of an answer would tell which accounts there are. Hence keyed hashes and no user.
create table wrong_password (
    credential_hash bytea not null check (length(credential_hash) = 32),
    day date not null, -- in UTC
    tries integer not null,
    last_at timestamptz not null,
    primary key (credential_hash, day)
);
create index wrong_password_day on wrong_password (day); -- the sweep

alter table one_time_code drop constraint one_time_code_purpose_check;
alter table one_time_code add constraint one_time_code_purpose_check
    check (purpose in ('login', 'register', 'password', 'credential'));
