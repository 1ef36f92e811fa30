-- OpenID Connect on top of OAuth: how a reader signed in, what clients register for it,
-- pushed authorization requests and what may be used only once.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What the id_tokens of a grant say of its sign-in; null for a grant without one (an extidCode).
alter table oauth_grant
    add column authenticated_at timestamptz,
    -- The session's id as clients see it: made of the session's hash, of which it tells nothing.
    add column session_id text,
    -- RFC 8176: pwd, otp, mfa ...
    add column authentication_methods text[] not null default '{}';

alter table authorization_code add column nonce text;

alter table client
    -- Where a browser may be sent after signing out, compared to the letter.
    add column post_logout_redirect_uris text[] not null default '{}',
    -- The public keys of a client that signs assertions instead of sending a secret (RFC 7523).
    add column jwks jsonb;

-- An authorization request that a client sent beforehand (RFC 9126). Its request_uri is a
-- secret of which the hash is kept; who uses it takes the row away.
create table pushed_request (
    request_hash bytea primary key check (length(request_hash) = 32),
    client_id text not null references client,
    parameters jsonb not null,
    expires_at timestamptz not null
);
create index pushed_request_expiry on pushed_request (expires_at); -- the sweep

-- What was used and may not be used again: a client assertion's jti, the mark of a request
-- that asked for a new sign-in. Hashes only, until the thing itself has expired.
create table used_once (
    used_hash bytea primary key check (length(used_hash) = 32),
    expires_at timestamptz not null
);
create index used_once_expiry on used_once (expires_at); -- the sweep
