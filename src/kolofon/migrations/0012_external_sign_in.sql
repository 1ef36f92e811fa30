-- Signing in through other OpenID Connect providers.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Who has been sent to a provider and may come back. A row instead of a sealed `state`: the query that waits here can
-- be longer than providers take. The secrets of the exchange are derived from the state and stand nowhere.
create table external_sign_in_request (
    state_hash bytea primary key check (length(state_hash) = 32),
    browser_hash bytea not null check (length(browser_hash) = 32),
    provider_code text not null,
    -- The page that was left, to go on from.
    page text not null,
    prefix text not null,
    query text not null,
    language text not null,
    remember boolean not null,
    started_at timestamptz not null,
    expires_at timestamptz not null
);
create index external_sign_in_request_expiry on external_sign_in_request (expires_at); -- the sweep

-- Which account a provider's user signs in to. The issuer is part of the key: a provider that is set up anew under
-- the same code may give the same subject to somebody else.
create table external_sign_in_link (
    provider_code text not null,
    issuer text not null,
    subject text not null check (length(subject) between 1 and 255),
    unique_id uuid not null references user_account,
    linked_at timestamptz not null,
    last_used_at timestamptz not null,
    primary key (provider_code, issuer, subject)
);
create index external_sign_in_link_user on external_sign_in_link (unique_id); -- what a reader is linked to
