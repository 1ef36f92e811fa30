"""OpenID Connect Core, section 2: the id_token, which tells a client who signed in, when and how."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError

from kolofon.identity.oauth.keys import Algorithm, KeyRing
from kolofon.identity.oauth.rfc6749 import SignIn

ID_TOKEN_SECONDS = 3600
ONE_FACTOR = "urn:kolofon:acr:1"
TWO_FACTORS = "urn:kolofon:acr:2"
ACR_VALUES = (ONE_FACTOR, TWO_FACTORS)
_TYPE = "JWT"


class IdToken(msgspec.Struct, frozen=True):
    """What goes into an id_token: the client it is for, the reader, the sign-in, and what it is bound to."""

    client_id: str
    unique_id: UUID
    sign_in: SignIn
    nonce: str | None
    access_token: str
    algorithm: Algorithm


class Hint(msgspec.Struct, frozen=True):
    """An id_token that comes back from a client, to say whom it means. It may have expired."""

    client_id: str
    unique_id: UUID
    session_id: str | None


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    sub: UUID
    exp: int
    sid: str | None = None


def sign_id_token(token: IdToken, keys: KeyRing, issuer: str, now: datetime) -> str:
    """The id_token in its wire form."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": token.unique_id.hex,
        "aud": token.client_id,
        "iat": issued_at,
        "exp": issued_at + ID_TOKEN_SECONDS,
        "auth_time": int(token.sign_in.authenticated_at.timestamp()),
        "acr": acr_of(token.sign_in.methods),
        "amr": token.sign_in.methods,
        "at_hash": at_hash(token.access_token),
        "sid": token.sign_in.session_id,
        "nonce": token.nonce,
    }
    key = keys.signing_key(issued_at, token.algorithm)
    header = {"alg": key.algorithm, "kid": key.kid, "typ": _TYPE}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header, present, key.jwk, algorithms=[key.algorithm])


def read_hint(text: str, keys: KeyRing, issuer: str, now: datetime) -> Hint | None:
    """Whom an id_token of ours means, expired or not; None for anything else, an access token included."""
    try:
        decoded = jwt.decode(text, lambda token: keys.find(token, now.timestamp()), algorithms=["ES256", "RS256"])
        claims = msgspec.convert(decoded.claims, _Claims)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None
    if decoded.header.get("typ") != _TYPE or claims.iss != issuer:
        return None
    return Hint(claims.aud, claims.sub, claims.sid)


def at_hash(access_token: str) -> str:
    """Binds an access token to its id_token (section 3.1.3.6); both our algorithms go with SHA-256."""
    return _base64url(sha256(access_token.encode()).digest()[:16])


def acr_of(methods: Sequence[str]) -> str:
    """How sure a sign-in is: by one factor or by several (`mfa`, RFC 8176)."""
    return TWO_FACTORS if "mfa" in methods else ONE_FACTOR


def session_id_of(session_hash: bytes) -> str:
    """The `sid` of a session: the same for all clients, and no help in guessing the session."""
    return _base64url(sha256(b"sid " + session_hash).digest())


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
