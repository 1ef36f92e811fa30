"""SQL that reads the catalogue into memory, and announces its changes."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from kolofon.platform.database import Connection


class ClientRow(msgspec.Struct, frozen=True):
    """A client with its secrets (hash and expiry)."""

    client_id: str
    partner_id: int
    name: str
    public: bool
    redirect_uris: list[str]
    redirect_query_free: bool
    post_logout_redirect_uris: list[str]
    return_hosts: list[str]
    grant_types: list[str]
    access_token_seconds: int
    refresh_token_seconds: int
    grant_seconds: int
    calls_per_second: int
    calls_per_minute: int
    answer_format: str
    logo_url: str | None
    jwks: dict[str, Any] | None
    third_party: bool
    require_pkce: bool
    require_pushed_requests: bool
    id_token_algorithm: Literal["RS256", "ES256"]
    background_url: str | None
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool
    disabled: bool
    secrets: list[tuple[bytes, datetime | None]]


class PartnerRow(msgspec.Struct, frozen=True):
    """A partner's codes; enterprises with their order types, category types with their codes, each described."""

    partner_id: int
    products: list[str]
    enterprises: dict[str, list[str]]
    privacy_purposes: list[str]
    marketing_channels: list[str]
    staff_email_domains: list[str]
    staff_credentials: list[str]
    staff_second_factor: bool
    name: str
    partner_code: str
    sandbox: bool
    clock_ahead: timedelta
    category_types: list[tuple[str, str, list[tuple[str, str]]]]


async def list_clients(connection: Connection) -> list[ClientRow]:
    """All clients of all partners."""
    rows = await connection.fetch(
        """
        select client_id, partner_id, name, public, redirect_uris, redirect_query_free,
            post_logout_redirect_uris, return_hosts, grant_types, access_token_seconds, refresh_token_seconds,
            grant_seconds, calls_per_second, calls_per_minute, answer_format, logo_url, jwks, third_party, require_pkce,
            require_pushed_requests, id_token_algorithm, background_url, backchannel_logout_uri,
            backchannel_logout_session_required, disabled
        from client
        """
    )
    secrets: dict[str, list[tuple[bytes, datetime | None]]] = {}
    for row in await connection.fetch("select client_id, secret_hash, expires_at from client_secret"):
        secrets.setdefault(row["client_id"], []).append((row["secret_hash"], row["expires_at"]))
    return [ClientRow(**dict(row), secrets=secrets.get(row["client_id"], [])) for row in rows]


async def list_partners(connection: Connection) -> list[PartnerRow]:
    """All partners with their codes."""
    rows = await connection.fetch(
        """
        select p.partner_id,
            array(select product_code from product x where x.partner_id = p.partner_id order by product_code),
            (
                select coalesce(jsonb_object_agg(e.enterprise_code, (
                    select coalesce(jsonb_agg(o.order_type order by o.order_type), '[]') from order_type o
                    where o.partner_id = e.partner_id and o.enterprise_code = e.enterprise_code
                )), '{}')
                from enterprise e where e.partner_id = p.partner_id
            ),
            array(select purpose from privacy_purpose x where x.partner_id = p.partner_id order by purpose),
            array(select channel from marketing_channel x where x.partner_id = p.partner_id order by channel),
            p.staff_email_domains, p.staff_credentials, p.staff_second_factor, p.name,
            p.partner_code, p.sandbox, p.clock_ahead,
            (
                select coalesce(jsonb_agg(jsonb_build_array(t.category_type, t.description, (
                    select coalesce(
                        jsonb_agg(jsonb_build_array(k.category_code, k.description) order by k.category_code), '[]'
                    )
                    from category_code k
                    where k.partner_id = t.partner_id and k.category_type = t.category_type
                )) order by t.category_type), '[]')
                from category_type t where t.partner_id = p.partner_id
            )
        from partner p
        """
    )
    return [PartnerRow(*row) for row in rows]


async def list_access_rules(connection: Connection) -> list[tuple[int, dict[str, Any]]]:
    """All access rules, each with its partner; addresses as address objects."""
    rows = await connection.fetch(
        """
        select partner_id, access_rule_code, kind, product_code, subscribed_product_code, domain, ip_from, ip_to,
            article_prefix, category_type
        from access_rule
        order by partner_id, access_rule_code
        """
    )
    found = []
    for row in rows:
        rule = dict(row)
        for name in ("ip_from", "ip_to"):
            if rule[name] is not None:
                rule[name] = rule[name].ip if hasattr(rule[name], "ip") else rule[name]
        found.append((rule.pop("partner_id"), rule))
    return found


async def announce(connection: Connection) -> None:
    """Tell every process, at commit, that the catalogue has changed."""
    await connection.execute("select pg_notify('kolofon_catalogue', '')")
