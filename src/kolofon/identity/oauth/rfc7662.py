"""RFC 7662: what a token is worth, for resource servers that do not check JWTs themselves."""

from datetime import datetime, timedelta

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.identity.oauth import queries
from kolofon.identity.oauth.rfc6749 import RefreshFate, refresh_fate
from kolofon.identity.oauth.rfc9068 import TokenReader
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidToken
from kolofon.platform.ids import hash_secret


class Introspection(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Section 2.2. Times are in seconds since 1970; an inactive token tells nothing but that."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: str | None = None
    iss: str | None = None
    jti: str | None = None


async def introspect(
    connection: Connection,
    reader: TokenReader,
    catalogue: Catalogue,
    client: Client,
    token: str,
    now: datetime,
    server: tuple[str, str],
) -> Introspection:
    """The state of a token of the client's own partner; `server` is (issuer, audience)."""
    try:
        access = reader.read(token)
    except InvalidToken:
        return await _introspect_refresh_token(connection, catalogue, client, token, now)
    if not _same_partner(catalogue, access.client_id, client):
        return Introspection(active=False)
    if await queries.is_revoked(connection, access.token_id, access.grant_id):
        return Introspection(active=False)
    return Introspection(
        active=True,
        scope=access.scope,
        client_id=access.client_id,
        token_type="Bearer",
        exp=access.expires_at,
        iat=access.issued_at,
        sub=access.unique_id.hex if access.unique_id is not None else access.client_id,
        iss=server[0],
        aud=server[1],
        jti=str(access.token_id),
    )


async def _introspect_refresh_token(
    connection: Connection, catalogue: Catalogue, client: Client, token: str, now: datetime
) -> Introspection:
    stored = await queries.find_refresh_token(connection, hash_secret(token))
    if stored is None or not _same_partner(catalogue, stored.client_id, client):
        return Introspection(active=False)
    longest_grant = timedelta(seconds=catalogue.clients[stored.client_id].grant_seconds)
    if refresh_fate(stored, stored.client_id, longest_grant, now) is not RefreshFate.ROTATE:
        return Introspection(active=False)
    return Introspection(
        active=True,
        scope=stored.scope,
        client_id=stored.client_id,
        token_type="refresh_token",
        exp=int(stored.expires_at.timestamp()),
        sub=stored.unique_id.hex,
    )


def _same_partner(catalogue: Catalogue, client_id: str, client: Client) -> bool:
    other = catalogue.clients.get(client_id)
    return other is not None and not other.disabled and other.partner_id == client.partner_id
