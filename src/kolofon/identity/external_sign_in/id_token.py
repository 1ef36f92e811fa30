"""OpenID Connect Core, section 3.1.3.7: whether an id_token of a provider is to be believed."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256, sha384, sha512
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from kolofon.identity.external_sign_in.discovery import SHORTEST_RSA_KEY, PublishedKey
from kolofon.identity.external_sign_in.outgoing import ProviderRefused
from kolofon.identity.external_sign_in.providers import Provider

# Asymmetric ones only. A provider's client secret is no key here, so HS256 has nothing to be verified with.
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_HASHES = {"256": sha256, "384": sha384, "512": sha512}
_SKEW = timedelta(minutes=1)
# It comes straight from the token endpoint, so an old one is one that was taken from elsewhere.
_OLDEST = timedelta(minutes=10)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What an id_token has to fit: who gave it to whom, in answer to which request, beside which access token."""

    provider: Provider
    nonce: str
    access_token: str | None
    now: datetime


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str | None = None
    azp: str | None = None
    nbf: float | None = None
    at_hash: str | None = None


def key_id(text: str) -> str | None:
    """The key that an id_token says it is signed with; raises ProviderRefused for what is none."""
    return _header(text).kid


def read_id_token(text: str, keys: Sequence[PublishedKey], expected: Expected) -> dict[str, Any]:
    """The claims of a good id_token; raises ProviderRefused with what is wrong."""
    header = _header(text)
    if header.typ is not None and header.typ.lower() != "jwt":
        raise ProviderRefused("id_token: is a token of another type")
    if not any(_is_signed_by(key, text, header) for key in keys):
        raise ProviderRefused("id_token: not signed by the provider")
    try:
        content = msgspec.json.decode(_part(text, 1), type=dict[str, Any])
        claims = msgspec.convert(content, _Claims)
    except (ValueError, RecursionError):
        raise ProviderRefused("id_token: its claims are not those of an id_token") from None
    problem = _problem(claims, header, expected)
    if problem is not None:
        raise ProviderRefused(f"id_token: {problem}")
    return content


class _Header(msgspec.Struct):
    alg: str
    kid: str | None = None
    typ: str | None = None


def _header(text: str) -> _Header:
    try:
        return msgspec.json.decode(_part(text, 0), type=_Header)
    except (ValueError, IndexError, RecursionError):
        raise ProviderRefused("id_token: is not a JWT") from None


def _is_signed_by(published: PublishedKey, text: str, header: _Header) -> bool:
    """Whether a key has signed, by an algorithm that is its own; what the header says must agree."""
    if header.kid is not None and published.kid != header.kid:
        return False
    if published.algorithm not in {None, header.alg} or not _goes_with(published, header.alg):
        return False
    try:
        # Providers add members of their own to the header; `crit` still has to be understood.
        registry = jws.JWSRegistry(algorithms=[header.alg], strict_check_header=False)
        jws.deserialize_compact(text, published.key, registry=registry)
    except (JoseError, ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _goes_with(published: PublishedKey, algorithm: str) -> bool:
    key = published.key
    if isinstance(key, RSAKey):
        return algorithm in _RSA and key.raw_value.key_size >= SHORTEST_RSA_KEY
    return isinstance(key, ECKey) and _CURVES.get(algorithm) == key.curve_name


def _problem(claims: _Claims, header: _Header, expected: Expected) -> str | None:
    if claims.iss != expected.provider.issuer:
        return "of another issuer"
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if audiences != [expected.provider.client_id] or claims.azp not in {None, expected.provider.client_id}:
        return "for another client"
    if not hmac.compare_digest((claims.nonce or "").encode(), expected.nonce.encode()):
        return "in answer to another request"
    if not _is_in_time(claims, expected.now):
        return "expired, or not of now"
    if not 1 <= len(claims.sub) <= 255 or not claims.sub.isprintable():
        return "without a subject"
    if claims.at_hash is not None and not _hash_fits(claims.at_hash, expected.access_token, header.alg):
        return "beside another access token"
    return None


def _is_in_time(claims: _Claims, now: datetime) -> bool:
    at, skew = now.timestamp(), _SKEW.total_seconds()
    starts = max(claims.iat, claims.nbf or 0)
    return starts <= at + skew and at - skew < claims.exp and claims.iat >= at - _OLDEST.total_seconds() - skew


def _hash_fits(at_hash: str, access_token: str | None, algorithm: str) -> bool:
    if access_token is None:
        return False
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    left = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return hmac.compare_digest(left, at_hash.encode())


def _part(text: str, index: int) -> bytes:
    part = text.split(".")[index]
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
