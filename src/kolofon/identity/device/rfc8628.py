"""RFC 8628: the code that a reader types, and the fate of a device's request."""

from datetime import datetime, timedelta
from enum import Enum

import msgspec

from kolofon.identity.oauth.queries import Grant
from kolofon.platform.ids import new_letters

LIFETIME = timedelta(minutes=10)
INTERVAL_SECONDS = 5
SLOWER_SECONDS = 5
# Section 6.1: no vowels, so that no words come about, and nothing that looks like something else. 34 bits.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8
# Timers and networks are not exact; who keeps to the interval is not told to slow down.
_LEEWAY = timedelta(seconds=1)


def new_user_code() -> str:
    """A code to type, without its dash."""
    return new_letters(ALPHABET, _LENGTH)


def shown_user_code(code: str) -> str:
    """The code as people see it: WDJB-MJHT."""
    return f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def read_user_code(text: str) -> str | None:
    """The code that somebody typed, in whatever case and with whatever between the letters; None: it is no code."""
    code = "".join(letter for letter in text.upper() if letter.isalnum())
    return code if len(code) == _LENGTH and set(code) <= set(ALPHABET) else None


class StoredDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device's request, and the grant that the reader gave it."""

    client_id: str
    expires_at: datetime
    interval_seconds: int
    polled_at: datetime | None
    is_decided: bool
    used_at: datetime | None
    grant: Grant | None
    is_revoked: bool  # the grant was taken back, or the reader's account closed


class DeviceFate(Enum):
    """What a device that asks is told (section 3.5)."""

    GOOD = "good"
    PENDING = "pending"
    TOO_SOON = "too soon"
    DENIED = "denied"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    UNKNOWN = "unknown"


def device_fate(device: StoredDevice, client_id: str, now: datetime) -> DeviceFate:
    """Decide on a device that asks for its tokens.

    Asking too soon counts only while there is nothing to tell: `slow_down` is a way to say `authorization_pending`.
    """
    if device.client_id != client_id:
        return DeviceFate.UNKNOWN
    if device.used_at is not None:
        return DeviceFate.REPLAYED
    if device.is_decided and (device.grant is None or device.is_revoked):
        return DeviceFate.DENIED
    if now >= device.expires_at:
        return DeviceFate.EXPIRED
    if device.grant is not None:
        return DeviceFate.GOOD
    interval = timedelta(seconds=device.interval_seconds)
    if device.polled_at is not None and now < device.polled_at + interval - _LEEWAY:
        return DeviceFate.TOO_SOON
    return DeviceFate.PENDING
