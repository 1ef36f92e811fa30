-- Linking a provider on the account page, and removing a link.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

alter table external_sign_in_request
    -- The session in which a provider is being linked to the account; null: somebody signs in.
    add column session_id text,
    -- What the provider told, while the reader is asked whether to link it.
    add column told jsonb;

-- A link that the reader has removed is kept as that: the provider's word alone shall not bring it back.
alter table external_sign_in_link add column removed_at timestamptz;
