-- Accounts, sessions and OAuth. Users are shared by all partners (single sign-on),
-- so these tables carry no partner, except where a client's partner is meant.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table user_account (
    unique_id uuid primary key,
    password_hash text,
    first_name text,
    middle_name text,
    last_name text,
    company_name text,
    department_name text,
    created_at timestamptz not null,
    disabled_at timestamptz
);

-- The look-up that makes a credential unique over all users. The credential is
-- stored normalised: e-mail in lower case, phone in E.164, external id as PREFIX:id.
create table user_credential (
    credential text primary key check (length(credential) between 3 and 255),
    credential_type text not null check (credential_type in ('A', 'B', 'D', 'E', 'H', 'I', 'L', 'M', 'X', 'Z')),
    unique_id uuid not null references user_account,
    verification_level text not null default 'notVerified' check (verification_level in (
        'notVerified', 'notRepeatedCredential', 'repeatedCredential', 'externallyVerified',
        'verificationLink', 'verificationCode', 'enteredPassword')),
    created_at timestamptz not null
);
create index user_credential_user on user_credential (unique_id); -- the profile lists a user's credentials

create table user_phone_number (
    unique_id uuid not null references user_account,
    phone_number text not null,
    phone_number_type text not null check (phone_number_type in ('personal', 'company', 'home', 'mobile')),
    primary key (unique_id, phone_number)
);

create table user_email (
    unique_id uuid not null references user_account,
    email text not null check (length(email) <= 255),
    primary key (unique_id, email)
);

-- What an outside login provider told about the user, in the profile's own shape.
create table user_external_profile (
    unique_id uuid not null references user_account,
    source text not null check (source in ('Facebook', 'Google', 'Vipps', 'Apple')),
    info jsonb not null,
    updated_at timestamptz not null,
    primary key (unique_id, source)
);

create table user_session (
    session_hash bytea primary key check (length(session_hash) = 32),
    unique_id uuid not null references user_account,
    credential text not null,
    authenticated_at timestamptz not null,
    expires_at timestamptz not null
);
create index user_session_user on user_session (unique_id); -- end all sessions of a user
create index user_session_expiry on user_session (expires_at); -- the sweep

-- One authorization of one client by one user: the family that a code, its
-- access tokens and all its refresh tokens belong to. Revoking it ends them all.
create table oauth_grant (
    grant_id uuid primary key,
    client_id text not null references client,
    unique_id uuid not null references user_account,
    credential text,
    scope text not null,
    created_at timestamptz not null,
    -- When the last refresh token of the family dies; the sweep removes it then.
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index oauth_grant_user on oauth_grant (unique_id); -- sites with access
create index oauth_grant_expiry on oauth_grant (expires_at); -- the sweep

create table authorization_code (
    code_hash bytea primary key check (length(code_hash) = 32),
    grant_id uuid not null references oauth_grant on delete cascade,
    redirect_uri text not null,
    code_challenge text,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index authorization_code_grant on authorization_code (grant_id); -- the cascade above

create table refresh_token (
    token_hash bytea primary key check (length(token_hash) = 32),
    grant_id uuid not null references oauth_grant on delete cascade,
    expires_at timestamptz not null,
    rotated_at timestamptz,
    -- The answer that rotation gave, sealed with the presented token itself:
    -- only who holds the token can open it, and only within the grace window.
    sealed_answer bytea
);
create index refresh_token_grant on refresh_token (grant_id); -- the cascade above
create index refresh_token_expiry on refresh_token (expires_at); -- the sweep

-- Access tokens are checked without the database; what may no longer pass is
-- listed here (a token's jti or a grant_id) until it would have expired anyway.
create table token_revocation (
    revoked_id uuid primary key,
    expires_at timestamptz not null
);
create index token_revocation_expiry on token_revocation (expires_at); -- the sweep

create table signing_key (
    kid text primary key,
    algorithm text not null check (algorithm in ('ES256', 'RS256')),
    sealed_private_key bytea not null,
    public_jwk jsonb not null,
    created_at timestamptz not null,
    -- Published at once, used from here on: verifiers have fetched it by then.
    active_from timestamptz not null,
    retires_at timestamptz
);

create function announce_revocation() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_revocation', new.revoked_id::text || ' ' || extract(epoch from new.expires_at)::bigint);
    return null;
end $$;
create trigger token_revocation_announced after insert on token_revocation
    for each row execute function announce_revocation();

create function announce_signing_key() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_signing_key', '');
    return null;
end $$;
create trigger signing_key_announced after insert or update or delete on signing_key
    for each statement execute function announce_signing_key();
