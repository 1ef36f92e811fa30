"""Where ids and secrets come from, and how secrets are looked up without being kept."""

import secrets
from hashlib import sha256
from uuid import UUID, uuid4, uuid5

__all__ = [
    "hash_secret",
    "new_code",
    "new_key",
    "new_letters",
    "new_order_id",
    "new_secret",
    "new_uuid",
    "unique_id_text",
    "uuid_for",
]

_NAMESPACE = UUID("6f1dbf5e-0f0e-4f53-9f5c-6b1f5a0c7e11")


def new_uuid() -> UUID:
    """A new random id."""
    return uuid4()


def uuid_for(name: str) -> UUID:
    """The same id for the same name, e.g. for a demo user that is loaded twice."""
    return uuid5(_NAMESPACE, name)


def unique_id_text(unique_id: UUID) -> str:
    """A user's id as the API writes it: 32 hex digits without dashes."""
    return unique_id.hex


def new_secret() -> str:
    """A secret of 256 random bits, safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def new_key(length: int) -> bytes:
    """So many random bytes."""
    return secrets.token_bytes(length)


def new_order_id() -> int:
    """An order's id: 52 random bits, so that nobody finds another's, and every language's numbers can hold it."""
    return secrets.randbelow(2**52) + 1


def new_code() -> str:
    """A one-time code: six digits, for a person to type. It can be guessed, so tries have to be counted."""
    return f"{secrets.randbelow(1_000_000):06}"


def new_letters(alphabet: str, number: int) -> str:
    """So many letters by chance, for a person to type."""
    return "".join(alphabet[secrets.randbelow(len(alphabet))] for _ in range(number))


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret. Only for secrets too long to be guessed, never for passwords."""
    return sha256(secret.encode()).digest()
