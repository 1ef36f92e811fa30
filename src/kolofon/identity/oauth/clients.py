"""Telling who a client is, by secret or, for public clients, by name alone."""

from datetime import datetime
from hmac import compare_digest

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.identity.oauth.rfc6749 import ClientCredentials, OAuthError
from kolofon.platform.ids import hash_secret


def authenticate_client(catalogue: Catalogue, readings: list[ClientCredentials], now: datetime) -> Client:
    """The client whose credentials these are; raises OAuthError invalid_client, the same for every reason."""
    for credentials in readings:
        client = catalogue.clients.get(credentials.client_id)
        if client is not None and not client.disabled and _fits(client, credentials.secret, now):
            return client
    raise OAuthError("invalid_client", "unknown client or wrong client secret")


def _fits(client: Client, secret: str | None, now: datetime) -> bool:
    if client.public:
        return secret is None
    if secret is None:
        return False
    presented = hash_secret(secret)
    return any(
        compare_digest(presented, stored.secret_hash) and (stored.expires_at is None or now < stored.expires_at)
        for stored in client.secrets
    )
