"""RFC 7523, section 2.2: a client shows who it is by a JWT that it signed, so that no secret is ever sent."""

from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from kolofon.catalogue.memory import Client
from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.platform.ids import hash_secret

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The name of EdDSA with Ed25519 is Ed25519 since RFC 9864; clients still send the older one.
ALGORITHMS = ("ES256", "RS256", "EdDSA", "Ed25519")
LONGEST = timedelta(minutes=5)
_SKEW = timedelta(seconds=30)


class Assertion(msgspec.Struct, frozen=True):
    """A good assertion. It is good once: `used_hash` is what is noted of it."""

    client: Client
    used_hash: bytes
    expires_at: datetime


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    jti: str
    iat: float | None = None
    nbf: float | None = None


def is_assertion(parameters: Mapping[str, str]) -> bool:
    """Whether a client authenticates by an assertion."""
    return "client_assertion" in parameters or "client_assertion_type" in parameters


def read_assertion(
    clients: Mapping[str, Client], parameters: Mapping[str, str], audiences: Collection[str], now: datetime
) -> Assertion:
    """The client behind an assertion; raises OAuthError invalid_client, the same for every reason but its form."""
    if parameters.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in parameters:
        raise OAuthError("invalid_client", f"client_assertion: expected one of the type {ASSERTION_TYPE}")
    refused = OAuthError("invalid_client", "client_assertion: not a valid one of a known client")
    text = parameters["client_assertion"]
    try:
        claims = msgspec.json.decode(_part(text, 1), type=_Claims)
    except (ValueError, IndexError, RecursionError):
        raise refused from None
    client = clients.get(claims.sub)
    if client is None or client.disabled or client.jwks is None:
        raise refused
    is_named = parameters.get("client_id", claims.sub) == claims.iss == claims.sub
    if not is_named or not _is_for(claims, audiences) or not _is_in_time(claims, now) or not _is_signed(text, client):
        raise refused
    # The client's id in the hash: its jti is unique among its own only.
    used_hash = hash_secret(f"assertion {client.client_id} {claims.jti}")
    return Assertion(client, used_hash, datetime.fromtimestamp(claims.exp, UTC) + _SKEW)


def _is_for(claims: _Claims, audiences: Collection[str]) -> bool:
    meant = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    return len(meant) == 1 and meant[0] in audiences


def _is_in_time(claims: _Claims, now: datetime) -> bool:
    """Clocks differ by some seconds; the limit keeps what may be replayed elsewhere, and our memory of it, short."""
    at, skew = now.timestamp(), _SKEW.total_seconds()
    starts = max(claims.iat or 0, claims.nbf or 0)
    return at - skew < claims.exp <= at + LONGEST.total_seconds() + skew and starts <= at + skew


def _is_signed(text: str, client: Client) -> bool:
    """Whether one of the client's keys has signed. The algorithm is the key's; what the header says must agree."""
    try:
        header = msgspec.json.decode(_part(text, 0), type=dict[str, Any])
    except (ValueError, IndexError, RecursionError):
        return False
    named = header.get("alg")
    for stored in client.jwks["keys"] if client.jwks is not None else ():
        if named not in ALGORITHMS or header.get("kid") not in {None, stored.get("kid")}:
            continue
        key = import_key({name: value for name, value in stored.items() if name != "alg"})
        if _algorithm(key) == ("Ed25519" if named == "EdDSA" else named) and _fits(text, header, key):
            return True
    return False


def _algorithm(key: Any) -> str | None:
    if isinstance(key, RSAKey):
        return "RS256"
    if isinstance(key, ECKey):
        return "ES256" if key.curve_name == "P-256" else None
    return "Ed25519" if isinstance(key, OKPKey) and key.curve_name == "Ed25519" else None


def _fits(text: str, header: dict[str, Any], key: Key) -> bool:
    try:
        if header["alg"] == "EdDSA":
            # Verified directly: the library warns of the older name at every use.
            signed, _, _ = text.rpartition(".")
            return jws.JWSRegistry.algorithms["Ed25519"].verify(signed.encode(), _part(text, 2), key)
        jws.deserialize_compact(text, key, algorithms=[header["alg"]])
    except (JoseError, ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _part(text: str, index: int) -> bytes:
    part = text.split(".")[index]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
