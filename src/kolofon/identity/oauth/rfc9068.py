"""RFC 9068: access tokens as JWTs, so that any process can check one without the database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError

from kolofon.identity.oauth.keys import KeyRing
from kolofon.identity.oauth.rfc6749 import SCOPE
from kolofon.platform.clock import Clock
from kolofon.platform.errors import InvalidToken
from kolofon.platform.ids import new_uuid

TYPE = "at+jwt"


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token says. `unique_id` and `grant_id` are None in client mode."""

    token_id: UUID
    client_id: str
    issued_at: int
    expires_at: int
    unique_id: UUID | None = None
    grant_id: UUID | None = None
    scope: str = SCOPE


class _Claims(msgspec.Struct):
    iss: str
    aud: str
    sub: str
    client_id: str
    iat: int
    exp: int
    jti: UUID
    scope: str
    gid: UUID | None = None


def new_access_token(
    now: datetime,
    seconds: int,
    client_id: str,
    user: tuple[UUID, UUID] | None = None,
    scope: str = SCOPE,
) -> AccessToken:
    """A token for a client, or for a user of it: `user` is (unique_id, grant_id)."""
    issued_at = int(now.timestamp())
    unique_id, grant_id = user or (None, None)
    return AccessToken(
        token_id=new_uuid(),
        client_id=client_id,
        issued_at=issued_at,
        expires_at=issued_at + seconds,
        unique_id=unique_id,
        grant_id=grant_id,
        scope=scope,
    )


def sign(token: AccessToken, keys: KeyRing, issuer: str, audience: str) -> str:
    """The token in its wire form, signed with the key in use."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        # A client that acts for itself is its own subject (RFC 9068, section 2.2).
        "sub": token.unique_id.hex if token.unique_id is not None else token.client_id,
        "client_id": token.client_id,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "jti": str(token.token_id),
        "scope": token.scope,
    }
    if token.grant_id is not None:
        claims["gid"] = str(token.grant_id)
    key = keys.signing_key(token.issued_at)
    header = {"alg": key.algorithm, "kid": key.kid, "typ": TYPE}
    return jwt.encode(header, claims, key.jwk, algorithms=[key.algorithm])


class TokenReader:
    """Checks access tokens; remembers the ones that passed, since clients present the same one for hours."""

    _REMEMBERED = 10_000

    def __init__(self, keys: KeyRing, clock: Clock, issuer: str, audience: str) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._passed: dict[str, AccessToken] = {}
        self._key_version = keys.version

    def read(self, text: str) -> AccessToken:
        """What a token says; raises InvalidToken for anything but an unexpired token of this server.

        Revocation is the caller's question: a token here is genuine, not necessarily still wanted.
        """
        if self._key_version != self._keys.version:
            # A key was withdrawn or added: what it vouched for is looked at anew.
            self._passed, self._key_version = {}, self._keys.version
        token = self._passed.get(text)
        if token is None:
            token = self._verify(text)
            if len(self._passed) >= self._REMEMBERED:
                del self._passed[next(iter(self._passed))]
            self._passed[text] = token
        if token.expires_at <= self._clock.seconds():
            raise InvalidToken("the access token has expired")
        return token

    def _verify(self, text: str) -> AccessToken:
        try:
            decoded = jwt.decode(
                text, lambda token: self._keys.find(token, self._clock.seconds()), algorithms=["ES256", "RS256"]
            )
            claims = msgspec.convert(decoded.claims, _Claims)
            unique_id = UUID(claims.sub) if claims.gid is not None else None
        except (JoseError, ValueError, TypeError, KeyError):
            raise InvalidToken("the access token is not valid") from None
        if decoded.header.get("typ") != TYPE or claims.iss != self._issuer or claims.aud != self._audience:
            raise InvalidToken("the access token is not for this server")
        return AccessToken(
            token_id=claims.jti,
            client_id=claims.client_id,
            issued_at=claims.iat,
            expires_at=claims.exp,
            unique_id=unique_id,
            grant_id=claims.gid,
            scope=claims.scope,
        )
