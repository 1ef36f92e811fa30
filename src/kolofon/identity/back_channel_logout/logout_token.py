"""The logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc import jwt

from kolofon.identity.oauth.keys import Algorithm, KeyRing
from kolofon.platform.ids import new_uuid

# Recommended by the section's last paragraph, so that it can be taken for no other token.
TYPE = "logout+jwt"
# Section 4 has two minutes at most: a token that somebody saw is of no use later.
SECONDS = 120
_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def sign_logout_token(
    subject: tuple[UUID, str], client_id: str, algorithm: Algorithm, keys: KeyRing, issuer: str, now: datetime
) -> str:
    """A token that tells a client of the end of a session; `subject` is (unique_id, sid). Each has a `jti` of its own.

    It has no nonce: with one it could pass for an id_token.
    """
    issued_at = int(now.timestamp())
    unique_id, session_id = subject
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": client_id,
        "iat": issued_at,
        "exp": issued_at + SECONDS,
        "jti": str(new_uuid()),
        "events": {_EVENT: {}},
        "sub": unique_id.hex,
        "sid": session_id,
    }
    key = keys.signing_key(issued_at, algorithm)
    header = {"alg": key.algorithm, "kid": key.kid, "typ": TYPE}
    return jwt.encode(header, claims, key.jwk, algorithms=[key.algorithm])
