"""RFC 7009: a client gives a token back. The answer is 200 whether or not there was anything to revoke."""

from datetime import UTC, datetime

from kolofon.catalogue.memory import Client
from kolofon.identity.oauth import queries
from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.identity.oauth.rfc9068 import TokenReader
from kolofon.identity.oauth.tokens import Tokens
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidToken
from kolofon.platform.ids import hash_secret


async def revoke(
    connection: Connection, tokens: Tokens, reader: TokenReader, client: Client, token: str, now: datetime
) -> queries.Revocation | None:
    """Revoke an access token, or with a refresh token its whole family; None when there was nothing to revoke.

    Raises OAuthError for another client's token.
    """
    stored = await queries.lock_refresh_token(connection, hash_secret(token))
    if stored is not None:
        _check_owner(stored.client_id, client)
        return await tokens.revoke_grant(connection, stored.grant_id, now)
    try:
        access_token = reader.read(token)
    except InvalidToken:
        return None
    _check_owner(access_token.client_id, client)
    expires_at = datetime.fromtimestamp(access_token.expires_at, UTC)
    await queries.add_revocation(connection, access_token.token_id, expires_at)
    return queries.Revocation(access_token.token_id, expires_at)


def _check_owner(client_id: str, client: Client) -> None:
    if client_id != client.client_id:
        raise OAuthError("invalid_grant", "the token was issued to another client")
