"""Time-based one-time passwords (RFC 6238), as the apps make them: SHA-1, six digits, thirty seconds.

Other values are in the RFC, but several apps take no notice of them and show codes that never fit.
"""

import hmac
from base64 import b32encode
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import segno

from kolofon.platform.ids import new_key
from kolofon.platform.sealing import SealBroken, derive, seal, unseal

_DRIFT = 1  # steps that a phone's clock may be early or late (section 5.2)
_FREE_FAILURES = 5
_LONGEST_PAUSE = timedelta(hours=1)


def new_secret() -> str:
    """A secret of 160 bits as apps read it, base32 (RFC 4226, section 4)."""
    return b32encode(new_key(20)).decode()


def step_of(secret: str, code: str, now: datetime, after: int = -1) -> int | None:
    """The time step that a code is of, if it is one of now; None for a wrong one and for one of a step used up."""
    totp = pyotp.TOTP(secret)
    current = totp.timecode(now)
    fitting = None
    # All are compared, so that the time it takes does not tell which one was close.
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > after:
            fitting = step
    return fitting


def pause_after(failures: int) -> timedelta | None:
    """How long no code is looked at after so many wrong ones in a row: not at all, then ever longer up to an hour.

    Who knows the password gets about 24 tries a day at a million codes, three of which are good at a time.
    """
    if failures < _FREE_FAILURES:
        return None
    return min(timedelta(minutes=2 ** min(failures - _FREE_FAILURES, 10)), _LONGEST_PAUSE)


def app_link(secret: str, account: str, issuer: str) -> str:
    """What an app reads from the picture."""
    # A colon divides the issuer from the account.
    return pyotp.TOTP(secret).provisioning_uri(name=account.replace(":", " "), issuer_name=issuer.replace(":", " "))


def picture(link: str) -> str:
    """The link as a QR code, to stand in an img element. Dark on light in every colour scheme, as readers want it."""
    return segno.make_qr(link, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")


def typed(secret: str) -> str:
    """The secret for who types it, in groups of four."""
    return " ".join(secret[index : index + 4] for index in range(0, len(secret), 4))


def seal_secret(key: bytes, unique_id: UUID, secret: str) -> bytes:
    """The stored form of a secret. The key is the account's own, so another account's row is of no use."""
    return seal(_key_of(key, unique_id), secret.encode())


def unseal_secret(key: bytes, unique_id: UUID, sealed: bytes) -> str | None:
    """The secret of an account; None when it was sealed for another one or by another installation."""
    try:
        return unseal(_key_of(key, unique_id), sealed).decode()
    except SealBroken:
        return None


def _key_of(key: bytes, unique_id: UUID) -> bytes:
    return derive(key, f"totp {unique_id.hex}")
