"""Keys derived from the one secret of an installation, and sealing of what must be stored but not read."""

import binascii
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kolofon.settings import SHORTEST_SECRET, Settings, SettingsError

T = TypeVar("T")
_NONCE_LENGTH = 12


class SealBroken(Exception):
    """The sealed value was made with another key, or changed."""


class Secrets:
    """Derives an independent key for each purpose, so that one leaking tells nothing of another."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key.encode()

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same in every process of the installation."""
        return derive(self._secret_key, purpose)


def derive(secret: bytes, purpose: str) -> bytes:
    """32 bytes from a secret (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"kolofon {purpose}".encode()).derive(secret)


def seal(key: bytes, value: bytes) -> bytes:
    """Encrypt and authenticate a value (AES-256-GCM with a random nonce)."""
    nonce = os.urandom(_NONCE_LENGTH)
    return nonce + AESGCM(key).encrypt(nonce, value, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """The value behind a seal; raises SealBroken."""
    if len(sealed) < _NONCE_LENGTH:
        raise SealBroken
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], None)
    except InvalidTag:
        raise SealBroken from None


def seal_value(key: bytes, value: object) -> str:
    """A value as a text that the browser carries, in a form or a URL, and can neither read nor alter."""
    return urlsafe_b64encode(seal(key, msgspec.json.encode(value))).decode()


def unseal_value(key: bytes, text: str, shape: type[T]) -> T | None:
    """The value behind such a text; None when it was not made with this key, or is of another shape."""
    try:
        return msgspec.json.decode(unseal(key, urlsafe_b64decode(text.encode())), type=shape)
    except (SealBroken, binascii.Error, ValueError):
        return None


def read_secrets(settings: Settings) -> Secrets:
    """The installation's secret: the setting, or a file in the data folder that is made at first use."""
    if settings.secret_key is not None:
        return Secrets(settings.secret_key)
    path = settings.data / "secret.key"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path)
        secret = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"KOLOFON_DATA: cannot use {path}: {error.strerror}") from None
    if len(secret) < SHORTEST_SECRET:
        # Anybody could compute keys from an empty secret.
        raise SettingsError(f"KOLOFON_DATA: {path} is shorter than {SHORTEST_SECRET} characters, so it is damaged")
    return Secrets(secret)


def _write_once(path: Path) -> None:
    """Two processes may come here at once: the file appears whole, and the first one's stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
