"""The stored form of passwords: argon2id. Those that other systems have made are verified as well."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError

from kolofon.platform.foreign_hashes import read_hash

# OWASP's second recommendation: 19 MiB, two passes; about 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Texts in the column are ours; the longest that is written by one of the known systems has about 250 characters.
_LONGEST = 500


def hash_password(password: str) -> str:
    """The stored form of a password, with its parameters and salt."""
    return _HASHER.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed, by us or by another system; False for a form unknown here.

    Takes about a second at the very most: what would take longer is no form that is known here.
    """
    known = read_hash(password_hash)
    return known is not None and known(password.encode())


def needs_new_hash(password_hash: str) -> bool:
    """Whether a hash is not of our own form and cost, so that it is to be made anew while the password is at hand."""
    try:
        return _HASHER.check_needs_rehash(password_hash)
    except InvalidHashError:
        return True


def checked_hash(text: str) -> str | None:
    """A hash of another system as it is stored; None when it cannot be verified here, or would take too long.

    docs/importing.md lists the forms and how costly each may be.
    """
    text = text.strip()
    return text if len(text) <= _LONGEST and read_hash(text) is not None else None
