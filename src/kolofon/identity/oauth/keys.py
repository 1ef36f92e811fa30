"""RFC 7517: the signing keys, their rotation, and the key set that others verify our tokens with."""

from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey

from kolofon.platform.sealing import seal, unseal

Algorithm = Literal["ES256", "RS256"]
# There is a key of each at any time: what access tokens are signed with, and what clients expect of id_tokens.
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")

# Verifiers cache the key set; a new key is published this long before it signs.
PUBLISHED_AHEAD = timedelta(hours=1)
# The longest an access token may live: a key is published until nothing it signed can be in use.
LONGEST_TOKEN = timedelta(days=1)
ROTATED_AFTER = timedelta(days=90)


class StoredKey(msgspec.Struct, frozen=True):
    """A signing key as the database has it."""

    kid: str
    algorithm: Algorithm
    sealed_private_key: bytes
    public_jwk: dict[str, Any]
    created_at: datetime
    active_from: datetime
    retires_at: datetime | None


class SigningKey(msgspec.Struct, frozen=True):
    """A signing key ready for use. `active_from` and `retires_at` are in seconds since 1970."""

    kid: str
    algorithm: Algorithm
    jwk: ECKey | RSAKey
    active_from: float
    retires_at: float


def new_key(now: datetime, algorithm: Algorithm, sealing_key: bytes, first: bool) -> StoredKey:
    """Make a key; the first one of an installation signs at once, since nobody has cached an older set.

    An RSA key takes many milliseconds: not for the event loop.
    """
    parameters: KeyParameters = {"alg": algorithm, "use": "sig"}
    jwk: ECKey | RSAKey
    if algorithm == "ES256":
        jwk = ECKey.generate_key("P-256", parameters, auto_kid=True)
    else:
        jwk = RSAKey.generate_key(2048, parameters, auto_kid=True)
    return StoredKey(
        kid=jwk.thumbprint(),
        algorithm=algorithm,
        sealed_private_key=seal(sealing_key, msgspec.json.encode(jwk.as_dict(private=True))),
        public_jwk=dict(jwk.as_dict(private=False)),
        created_at=now,
        active_from=now if first else now + PUBLISHED_AHEAD,
        retires_at=None,
    )


def opened(stored: StoredKey, sealing_key: bytes, known: SigningKey | None = None) -> SigningKey:
    """The usable key; raises SealBroken when the installation's secret is another one.

    Reading an RSA key takes many milliseconds: not for the event loop, and not again for one that is known.
    """
    jwk = known.jwk if known is not None else _unsealed(stored, sealing_key)
    retires_at = stored.retires_at.timestamp() if stored.retires_at is not None else float("inf")
    return SigningKey(stored.kid, stored.algorithm, jwk, stored.active_from.timestamp(), retires_at)


def _unsealed(stored: StoredKey, sealing_key: bytes) -> ECKey | RSAKey:
    private = msgspec.json.decode(unseal(sealing_key, stored.sealed_private_key))
    return ECKey.import_key(private) if stored.algorithm == "ES256" else RSAKey.import_key(private)


class KeyRing:
    """The keys of this process. `version` changes whenever a key comes or goes."""

    def __init__(self) -> None:
        self._keys: tuple[SigningKey, ...] = ()
        self.version = 0

    def replace(self, keys: list[SigningKey]) -> None:
        """Take over the keys that the database has now."""
        self._keys = tuple(sorted(keys, key=lambda key: key.active_from))
        self.version += 1

    def signing_key(self, now: float, algorithm: Algorithm = "ES256") -> SigningKey:
        """The key to sign with: the newest that is active; the oldest when none is, as after a clock turned back."""
        keys = [key for key in self._keys if key.algorithm == algorithm]
        return next((key for key in reversed(keys) if key.active_from <= now < key.retires_at), keys[0])

    def find(self, token: Any, now: float) -> ECKey | RSAKey:
        """The key a token names; raises ValueError for another one. The header's algorithm must be the key's.

        A retired key vouches for nothing: all it signed has expired, so a token of it is made by who stole it.
        """
        header = token.headers()
        for key in self._keys:
            if key.kid == header.get("kid") and key.algorithm == header.get("alg") and now < key.retires_at:
                return key.jwk
        raise ValueError("no such key")

    def algorithms(self, now: float) -> list[Algorithm]:
        """The algorithms that tokens may be signed with now or soon."""
        return sorted({key.algorithm for key in self._keys if now < key.retires_at})

    def key_set(self, now: float) -> dict[str, Any]:
        """The public keys, as a JWK Set."""
        keys = [key.jwk for key in self._keys if now < key.retires_at]
        return dict(KeySet(list(keys)).as_dict(private=False))
