-- What each client needs: consent of the reader, PKCE, algorithm, background, back-channel logout;
-- and what readers have consented to.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table client
    -- Somebody else's: readers are asked before it gets anything (identity/consent).
    add column third_party boolean not null default false,
    -- PKCE also from a client that has a secret; a public client needs it anyway.
    add column require_pkce boolean not null default false,
    -- RFC 9126: authorization requests of this client are pushed beforehand, or refused.
    add column require_pushed_requests boolean not null default false,
    -- OpenID Connect Registration: RS256 is what a client expects that has not said otherwise.
    add column id_token_algorithm text not null default 'RS256' check (id_token_algorithm in ('ES256', 'RS256')),
    -- How long a reader's yes lasts, however often its tokens are refreshed.
    add column grant_seconds integer not null default 31536000 check (grant_seconds between 3600 and 157680000),
    -- A picture behind the sign-in pages on wide screens.
    add column background_url text,
    -- OpenID Connect Back-Channel Logout: where the client hears that a session has ended.
    add column backchannel_logout_uri text,
    add column backchannel_logout_session_required boolean not null default false;

alter table oauth_grant
    -- Claims that the client asked for one by one (OpenID Connect Core, section 5.5), besides those of its scope.
    add column userinfo_claims text[] not null default '{}';

-- What a reader lets a client have, until it is taken back. A grant ends; this stays, so that the
-- reader is not asked again for the same.
create table client_consent (
    unique_id uuid not null references user_account,
    client_id text not null references client,
    scopes text[] not null,
    given_at timestamptz not null,
    primary key (unique_id, client_id)
);
