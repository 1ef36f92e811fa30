"""SQL of clients and their secrets: for the commands that administer them, and for publisher files."""

from datetime import datetime

import msgspec

from kolofon.catalogue.changes import Change, Written
from kolofon.catalogue.publisher_file.clients import Client, ClientKeys
from kolofon.platform.database import Connection


class StoredSecret(msgspec.Struct, frozen=True):
    """The hash of a secret, and when it ends if it does."""

    client_id: str
    secret_hash: bytes
    expires_at: datetime | None


class ClientListing(msgspec.Struct, frozen=True):
    """A client as the list shows it."""

    client_id: str
    partner_code: str
    name: str
    public: bool
    disabled: bool


class LockedClient(msgspec.Struct, frozen=True):
    """A client that is being changed."""

    partner_id: int
    public: bool


class TemplateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A client's own words by their columns."""

    client_id: str
    template: str
    kind: str
    language: str
    subject: str | None
    text: str


class _ClientRow(msgspec.Struct, frozen=True):
    client_id: str
    name: str
    public: bool
    redirect_uris: tuple[str, ...]
    redirect_query_free: bool
    post_logout_redirect_uris: tuple[str, ...]
    return_hosts: tuple[str, ...]
    grant_types: tuple[str, ...]
    access_token_seconds: int
    refresh_token_seconds: int
    grant_seconds: int
    calls_per_second: int
    calls_per_minute: int
    answer_format: str
    logo_url: str | None
    jwks: ClientKeys | None
    third_party: bool
    require_pkce: bool
    require_pushed_requests: bool
    id_token_algorithm: str
    background_url: str | None
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool


async def clients_of_others(connection: Connection, partner_id: int, client_ids: list[str]) -> set[str]:
    """Which of the client ids belong to another partner."""
    rows = await connection.fetch(
        "select client_id from client where client_id = any($2::text[]) and partner_id <> $1", partner_id, client_ids
    )
    return {row["client_id"] for row in rows}


async def put_clients(connection: Connection, partner_id: int, clients: tuple[Client, ...]) -> list[Written]:
    """Add or change clients, without their secrets; a disabled one is enabled."""
    rows = await connection.fetch(
        """
        insert into client (client_id, partner_id, name, public, redirect_uris, redirect_query_free,
            post_logout_redirect_uris, return_hosts, grant_types, access_token_seconds, refresh_token_seconds,
            grant_seconds, calls_per_second, calls_per_minute, answer_format, logo_url, jwks, third_party, require_pkce,
            require_pushed_requests, id_token_algorithm, background_url, backchannel_logout_uri,
            backchannel_logout_session_required, disabled)
        select wanted.client_id, $1, wanted.name, wanted.public, wanted.redirect_uris, wanted.redirect_query_free,
            wanted.post_logout_redirect_uris, wanted.return_hosts, wanted.grant_types, wanted.access_token_seconds,
            wanted.refresh_token_seconds, wanted.grant_seconds, wanted.calls_per_second, wanted.calls_per_minute,
            wanted.answer_format, wanted.logo_url, wanted.jwks, wanted.third_party, wanted.require_pkce,
            wanted.require_pushed_requests, wanted.id_token_algorithm, wanted.background_url,
            wanted.backchannel_logout_uri, wanted.backchannel_logout_session_required, false
        from jsonb_to_recordset($2) as wanted (client_id text, name text, public boolean, redirect_uris text[],
            redirect_query_free boolean, post_logout_redirect_uris text[], return_hosts text[], grant_types text[],
            access_token_seconds integer, refresh_token_seconds integer, grant_seconds integer,
            calls_per_second integer, calls_per_minute integer, answer_format text, logo_url text, jwks jsonb,
            third_party boolean, require_pkce boolean, require_pushed_requests boolean, id_token_algorithm text,
            background_url text, backchannel_logout_uri text, backchannel_logout_session_required boolean)
        on conflict (client_id) do update
        set name = excluded.name, public = excluded.public, redirect_uris = excluded.redirect_uris,
            redirect_query_free = excluded.redirect_query_free,
            post_logout_redirect_uris = excluded.post_logout_redirect_uris, return_hosts = excluded.return_hosts,
            grant_types = excluded.grant_types, access_token_seconds = excluded.access_token_seconds,
            refresh_token_seconds = excluded.refresh_token_seconds, grant_seconds = excluded.grant_seconds,
            calls_per_second = excluded.calls_per_second,
            calls_per_minute = excluded.calls_per_minute, answer_format = excluded.answer_format,
            logo_url = excluded.logo_url, jwks = excluded.jwks, third_party = excluded.third_party,
            require_pkce = excluded.require_pkce, require_pushed_requests = excluded.require_pushed_requests,
            id_token_algorithm = excluded.id_token_algorithm, background_url = excluded.background_url,
            backchannel_logout_uri = excluded.backchannel_logout_uri,
            backchannel_logout_session_required = excluded.backchannel_logout_session_required,
            disabled = excluded.disabled
        where client.partner_id = $1 and client is distinct from excluded
        returning client_id as code, xmax = 0 as added
        """,
        partner_id,
        [msgspec.convert(client, _ClientRow, from_attributes=True) for client in clients],
    )
    return [Written(*row) for row in rows]


async def disable_clients(connection: Connection, partner_id: int, wanted: list[str]) -> list[str]:
    """Disable the clients that are not wanted; returns those that were not disabled before."""
    rows = await connection.fetch(
        """
        update client
        set disabled = true
        where partner_id = $1 and client_id <> all($2::text[]) and not disabled
        returning client_id
        """,
        partner_id,
        wanted,
    )
    return [row["client_id"] for row in rows]


async def replace_templates(connection: Connection, partner_id: int, templates: list[TemplateRow]) -> list[Change]:
    """Bring the templates of all clients of the partner to what is wanted."""
    rows = await connection.fetch(
        """
        with wanted as (
            select *
            from jsonb_to_recordset($2)
                as w (client_id text, template text, kind text, language text, subject text, text text)
        ), removed as (
            delete from client_template t
            using client c
            where c.partner_id = $1 and c.client_id = t.client_id and not exists (
                select from wanted w
                where (w.client_id, w.template, w.kind, w.language) = (t.client_id, t.template, t.kind, t.language)
            )
            returning t.client_id, t.template, t.kind, t.language
        ), written as (
            insert into client_template (client_id, template, kind, language, subject, text)
            select client_id, template, kind, language, subject, text from wanted
            on conflict (client_id, template, kind, language) do update
            set subject = excluded.subject, text = excluded.text
            where client_template is distinct from excluded
            returning client_id, template, kind, language, xmax = 0 as added
        )
        select case when added then 'added' else 'changed' end as what,
            concat_ws(' ', client_id, template, kind, language) as code
        from written
        union all
        select 'removed', concat_ws(' ', client_id, template, kind, language) from removed
        """,
        partner_id,
        templates,
    )
    return [Change(*row) for row in rows]


async def list_secrets(connection: Connection, client_ids: list[str]) -> list[StoredSecret]:
    """All secrets of the clients, ended ones too."""
    rows = await connection.fetch(
        "select client_id, secret_hash, expires_at from client_secret where client_id = any($1::text[])", client_ids
    )
    return [StoredSecret(*row) for row in rows]


async def add_secrets(connection: Connection, client_ids: list[str], hashes: list[bytes], now: datetime) -> None:
    """Store new secrets, one a client."""
    await connection.execute(
        """
        insert into client_secret (client_id, secret_hash, created_at)
        select added.client_id, added.secret_hash, $3
        from unnest($1::text[], $2::bytea[]) as added (client_id, secret_hash)
        """,
        client_ids,
        hashes,
        now,
    )


async def end_secrets(connection: Connection, client_ids: list[str], expires_at: datetime) -> None:
    """Give all secrets of the clients an end, unless they end sooner."""
    await connection.execute(
        """
        update client_secret
        set expires_at = $2
        where client_id = any($1::text[]) and (expires_at is null or expires_at > $2)
        """,
        client_ids,
        expires_at,
    )


async def list_clients(connection: Connection, partner_code: str | None) -> list[ClientListing]:
    """All clients, or those of one partner, in the order of their ids."""
    rows = await connection.fetch(
        """
        select c.client_id, p.partner_code, c.name, c.public, c.disabled
        from client c
        join partner p on p.partner_id = c.partner_id
        where $1::text is null or p.partner_code = $1
        order by c.client_id
        """,
        partner_code,
    )
    return [ClientListing(*row) for row in rows]


async def add_client(
    connection: Connection,
    client_id: str,
    partner_id: int,
    name: str,
    public: bool,
    redirect_uris: list[str],
    grant_types: list[str],
) -> None:
    """Add a client with the default limits and lifetimes."""
    await connection.execute(
        """
        insert into client (client_id, partner_id, name, public, redirect_uris, grant_types)
        values ($1, $2, $3, $4, $5, $6)
        """,
        client_id,
        partner_id,
        name,
        public,
        redirect_uris,
        grant_types,
    )


async def lock_client(connection: Connection, client_id: str) -> LockedClient | None:
    """The client, locked against other changes until the transaction ends."""
    row = await connection.fetchrow("select partner_id, public from client where client_id = $1 for update", client_id)
    return LockedClient(*row) if row is not None else None
