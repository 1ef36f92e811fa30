"""Recovery codes: for the day that the phone is lost. Each works once."""

import hmac
from base64 import b32encode
from hashlib import sha256
from uuid import UUID

from kolofon.platform.ids import new_key

NUMBER = 10
_BYTES = 10  # 80 bits, so that no throttle is needed to keep a code from being found
_LETTERS = 16
# What is misread: base32 has neither of these digits.
_MISREAD = str.maketrans("018", "OLB")


def new_codes() -> list[str]:
    """Ten codes as they are shown, in groups of four letters."""
    return [_grouped(b32encode(new_key(_BYTES)).decode()) for _ in range(NUMBER)]


def hash_of(key: bytes, unique_id: UUID, text: str) -> bytes:
    """What is stored of a code, however it was typed. Good for this account only."""
    letters = "".join(letter for letter in text.upper()[:100] if letter.isalnum()).translate(_MISREAD)
    return hmac.new(key, unique_id.bytes + letters.encode(), sha256).digest()


def _grouped(letters: str) -> str:
    return "-".join(letters[index : index + 4] for index in range(0, _LETTERS, 4)).lower()
