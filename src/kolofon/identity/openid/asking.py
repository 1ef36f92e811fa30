"""The mark that a request carries through the sign-in page: when it asked, and what for.

It is sealed: who has the browser can neither make one that lies about the time nor use one for another request. A
pushed request (RFC 9126) travels inside of it, unreadable and unchanged.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import msgspec

from kolofon.platform.ids import hash_secret
from kolofon.platform.sealing import SealBroken, derive, seal, unseal

PARAMETER = "asked"
CHOICE = "chosen"
KEPT = timedelta(hours=1)
# What makes it the same request. The pages may answer `prompt` and add a language of their own.
_BINDING = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "max_age",
    "id_token_hint", "claims", "acr_values",
)  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """That a request sent the reader to the sign-in page. `pushed` are its parameters if it was a pushed one.

    `anew`: there was a session, which would not do. `choose`: the reader was to say whether it will. The page answers
    `prompt` by taking it away, so both stand here.
    """

    at: datetime
    anew: bool
    binding: bytes
    pushed: dict[str, str] | None = None
    choose: bool = False


def new_mark(
    key: bytes, parameters: Mapping[str, str], anew: bool, is_pushed: bool, now: datetime, choose: bool = False
) -> str:
    """The mark of a request that asks now."""
    asked = Asked(now, anew, _binding(parameters), dict(parameters) if is_pushed else None, choose)
    return _written(seal(key, msgspec.json.encode(asked)))


def read_mark(key: bytes, parameters: Mapping[str, str], now: datetime) -> Asked | None:
    """What the request's mark says; None without one, and for one that is forged, old or another request's."""
    text = parameters.get(PARAMETER)
    if text is None:
        return None
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        # One mark has one spelling: what is noted when it has been used is the text.
        if _written(sealed) != text:
            return None
        asked = msgspec.json.decode(unseal(key, sealed), type=Asked)
    except (SealBroken, ValueError):
        return None
    if now - asked.at > KEPT:
        return None
    return asked if asked.pushed is not None or asked.binding == _binding(parameters) else None


def mark_hash(mark: str) -> bytes:
    """What is noted of a mark that has led to a code."""
    return hash_secret(f"mark {mark}")


def with_choice(key: bytes, url: str, session_id: str) -> str:
    """The URL of a marked request, with the reader's word that this session shall answer it.

    Only the page that asked may say so, after a form of its own: a link of another site cannot bring this along.
    """
    marks = parse_qs(urlsplit(url).query).get(PARAMETER)
    return f"{url}&{CHOICE}={_choice(key, marks[0], session_id)}" if marks else url


def is_chosen(key: bytes, parameters: Mapping[str, str], session_id: str) -> bool:
    """Whether the reader has said that this session shall answer this request."""
    mark, choice = parameters.get(PARAMETER), parameters.get(CHOICE)
    if mark is None or choice is None:
        return False
    return hmac.compare_digest(_choice(key, mark, session_id).encode(), choice.encode())


def _choice(key: bytes, mark: str, session_id: str) -> str:
    return hmac.new(derive(key, "choice"), mark_hash(mark) + session_id.encode(), sha256).hexdigest()


def _written(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _binding(parameters: Mapping[str, str]) -> bytes:
    return sha256(msgspec.json.encode([parameters.get(name) for name in _BINDING])).digest()
