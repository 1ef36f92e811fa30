"""The mark that a request carries through the sign-in page: when it asked, and what for.

It is sealed: who has the browser can neither make one that lies about the time nor use one for another request. A
pushed request (RFC 9126) travels inside of it, unreadable and unchanged.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from kolofon.platform.ids import hash_secret
from kolofon.platform.sealing import SealBroken, seal, unseal

PARAMETER = "asked"
KEPT = timedelta(hours=1)
# What makes it the same request. The pages may answer `prompt` and add a language of their own.
_BINDING = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "max_age",
    "id_token_hint", "claims",
)  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """That a request sent the reader to the sign-in page. `pushed` are its parameters if it was a pushed one.

    `anew`: there was a session, which would not do. The page answers `prompt` by taking it away, so it stands here.
    """

    at: datetime
    anew: bool
    binding: bytes
    pushed: dict[str, str] | None = None


def new_mark(key: bytes, parameters: Mapping[str, str], anew: bool, is_pushed: bool, now: datetime) -> str:
    """The mark of a request that asks now."""
    asked = Asked(now, anew, _binding(parameters), dict(parameters) if is_pushed else None)
    return urlsafe_b64encode(seal(key, msgspec.json.encode(asked))).rstrip(b"=").decode()


def read_mark(key: bytes, parameters: Mapping[str, str], now: datetime) -> Asked | None:
    """What the request's mark says; None without one, and for one that is forged, old or another request's."""
    text = parameters.get(PARAMETER)
    if text is None:
        return None
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        asked = msgspec.json.decode(unseal(key, sealed), type=Asked)
    except (SealBroken, ValueError):
        return None
    if now - asked.at > KEPT:
        return None
    return asked if asked.pushed is not None or asked.binding == _binding(parameters) else None


def mark_hash(mark: str) -> bytes:
    """What is noted of a mark that has led to a code."""
    return hash_secret(f"mark {mark}")


def _binding(parameters: Mapping[str, str]) -> bytes:
    return sha256(msgspec.json.encode([parameters.get(name) for name in _BINDING])).digest()
