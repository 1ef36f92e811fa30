"""OpenID Connect Discovery 1.0: what a provider says of itself, and the keys it signs with."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from kolofon.identity.external_sign_in.outgoing import Outgoing, ProviderDown
from kolofon.identity.external_sign_in.providers import Provider, is_safe_url
from kolofon.platform.clock import Clock

T = TypeVar("T")
KEPT = timedelta(hours=1)
# Whoever comes while a provider is down is told so at once, instead of waiting for it once more.
_DOWN_FOR = timedelta(seconds=5)
# A token that names an unknown key makes us look for new keys, but not every token does.
_KEYS_AT_LEAST = timedelta(seconds=30)
_MOST_KEYS = 50
SHORTEST_RSA_KEY = 2048


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a provider's metadata."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class PublishedKey(msgspec.Struct, frozen=True):
    """A public key of a provider, with what it says of itself."""

    kid: str | None
    algorithm: str | None
    key: Key


class _Kept(Generic[T]):
    """Something that is fetched, kept for a while, and fetched by one at a time."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._problem = ""

    async def get(self, older_than: timedelta = KEPT) -> T:
        """The value, fetched anew when it is older than that; raises ProviderDown.

        While fetching fails the value that was there is used on.
        """
        async with self._lock:
            now = self._clock.now()
            if self._value is not None and self._fetched_at is not None and now - self._fetched_at < older_than:
                return self._value
            if self._failed_at is None or not timedelta() <= now - self._failed_at < _DOWN_FOR:
                try:
                    self._value, self._fetched_at, self._failed_at = await self._fetch(), now, None
                except ProviderDown as problem:
                    self._failed_at, self._problem = self._clock.now(), str(problem)
            if self._value is None:
                raise ProviderDown(self._problem)
            return self._value


class Discovery:
    """A provider's metadata and keys."""

    def __init__(self, provider: Provider, outgoing: Outgoing, clock: Clock) -> None:
        self._provider = provider
        self._outgoing = outgoing
        self._metadata = _Kept(clock, self._fetch_metadata)
        self._keys = _Kept(clock, self._fetch_keys)

    async def metadata(self) -> Metadata:
        """The metadata; raises ProviderDown."""
        return await self._metadata.get()

    async def keys(self, kid: str | None) -> list[PublishedKey]:
        """The keys, fetched anew when none has the id that a token names; raises ProviderDown."""
        keys = await self._keys.get()
        if kid is not None and all(key.kid != kid for key in keys):
            keys = await self._keys.get(older_than=_KEYS_AT_LEAST)
        return keys

    async def _fetch_metadata(self) -> Metadata:
        url = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            metadata = msgspec.convert(await self._outgoing.fetch(url), Metadata)
        except msgspec.ValidationError as error:
            raise ProviderDown(f"{url}: {error}") from None
        if metadata.issuer != self._provider.issuer:
            # Section 4.3: who answers for another issuer could have its tokens taken for that one's.
            raise ProviderDown(f"{url} is of the issuer {metadata.issuer[:200]!r}")
        urls = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri, metadata.userinfo_endpoint)
        for endpoint in urls:
            if endpoint is not None and not may_name(self._provider.issuer, endpoint):
                raise ProviderDown(f"{url} names an endpoint that is not https: {endpoint[:200]!r}")
        return metadata

    async def _fetch_keys(self) -> list[PublishedKey]:
        url = (await self._metadata.get()).jwks_uri
        members = (await self._outgoing.fetch(url)).get("keys")
        if not isinstance(members, list):
            raise ProviderDown(f"{url} is not a set of keys")
        return [key for key in map(_published, members[:_MOST_KEYS]) if key is not None]


def may_name(issuer: str, endpoint: str) -> bool:
    """Whether a provider may have us call an endpoint. Only one on this machine may lead to this machine, where others
    than we listen as well.
    """
    is_here = issuer.lower().startswith("http:")
    return is_safe_url(endpoint) and (is_here or endpoint.lower().startswith("https:"))


def _published(jwk: Any) -> PublishedKey | None:
    """A key to verify signatures with; None for any other, and for kinds that are not known here."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or jwk.get("kty") not in {"RSA", "EC"}:
        return None
    kid, algorithm, modulus = jwk.get("kid"), jwk.get("alg"), jwk.get("n", "")
    if jwk["kty"] == "RSA" and not (isinstance(modulus, str) and 6 * len(modulus) >= SHORTEST_RSA_KEY):
        return None
    try:
        key = import_key({name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk})
        _ = key.raw_value
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return PublishedKey(kid if isinstance(kid, str) else None, algorithm if isinstance(algorithm, str) else None, key)
