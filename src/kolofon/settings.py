"""The settings, read from the environment and checked as a whole before anything starts."""

from collections.abc import Callable, Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from kolofon.failures import Failure

Mode = Literal["development", "production"]

SHORTEST_SECRET = 32


class SettingsError(Failure):
    """A setting cannot be used; the message names it and says why."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can differ between two installations. See docs/configuration.md."""

    mode: Mode = "development"
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    data: Path = Path(".data")
    database_url: str | None = None
    database_connections: int = 10
    redis_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    secret_key: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    password_hashes_at_once: int = 2
    sign_in_providers: Path | None = None

    @property
    def issuer(self) -> str:
        """The OAuth issuer: the login server's base URL."""
        return f"{self.public_url}/user"

    @property
    def api_audience(self) -> str:
        """The audience of access tokens: the API server's base URL."""
        return f"{self.public_url}/capi"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the KOLOFON_ variables; an unknown or unusable one raises SettingsError."""
    values: dict[str, object] = {}
    for name, text in environment.items():
        if not name.startswith("KOLOFON_"):
            continue
        field = name.removeprefix("KOLOFON_").lower()
        parse = _PARSERS.get(field)
        if parse is None:
            raise SettingsError(f"{name} is not a setting; see docs/configuration.md")
        try:
            values[field] = parse(text.strip())
        except ValueError as error:
            raise SettingsError(f"{name}: {error}") from None
    if "public_url" not in values and values.keys() & {"host", "port"}:
        host = values.get("host", "127.0.0.1")
        values["public_url"] = f"http://{_bracketed(str(host))}:{values.get('port', 8000)}"
    settings = msgspec.convert(values, Settings, strict=False)
    if settings.smtp_url is not None and settings.mail_from is None:
        raise SettingsError("KOLOFON_MAIL_FROM: needed when KOLOFON_SMTP_URL is set")
    _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    if settings.mode != "production":
        return
    if not settings.public_url.startswith("https://"):
        raise SettingsError("KOLOFON_PUBLIC_URL: production mode needs an https:// URL")
    if settings.secret_key is None:
        raise SettingsError("KOLOFON_SECRET_KEY: production mode needs one, at least 32 characters long")


def _bracketed(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # listening everywhere; a browser here reaches it so
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected one of {', '.join(words)}, got {text!r}")
        return text

    return parse


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError(f"expected a whole number, got {text!r}") from None
        if not lowest <= number <= highest:
            raise ValueError(f"expected {lowest} to {highest}, got {number}")
        return number

    return parse


def _url(*schemes: str, host: bool = True) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes:
            raise ValueError(f"expected a URL that starts with {' or '.join(s + '://' for s in schemes)}")
        if host and not parts.hostname:
            raise ValueError("the URL has no host")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("the URL's port is not a number from 0 to 65535") from None
        return text.rstrip("/")

    return parse


def _public_url(text: str) -> str:
    url = _url("http", "https")(text)
    parts = urlsplit(url)
    if parts.path or parts.query or parts.fragment:
        raise ValueError("expected a base URL of scheme, host and port alone")
    return url


def _redis_url(text: str) -> str:
    # Valkey speaks the protocol of Redis, and our client library knows only that one's scheme.
    return _url("redis", "rediss", "valkey")(text).replace("valkey://", "redis://", 1)


def _smtp_url(text: str) -> str:
    url = _url("smtp", "smtps")(text)
    parts = urlsplit(url)
    if bool(parts.username) != bool(parts.password):
        raise ValueError("expected a user and a password, or neither")
    if parts.path or parts.query or parts.fragment:
        raise ValueError(
            "expected scheme, user, password, host and port alone; in a password, write / ? # as %2F %3F %23"
        )
    return url


def _mail_from(text: str) -> str:
    try:
        [(name, address)] = getaddresses([text])
        parsed = Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        parsed = Address()
    if not (parsed.username and parsed.domain and parsed.addr_spec.isascii() and text.isprintable()):
        raise ValueError("expected an address as in no-reply@example.no or Example <no-reply@example.no>")
    return text


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(f"expected addresses or networks with commas between them, got {network!r}") from None
    return networks


def _secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"expected at least {SHORTEST_SECRET} characters, got {len(text)}")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


_PARSERS: dict[str, Callable[[str], object]] = {
    "mode": _one_of("development", "production"),
    "host": _filled,
    "port": _number(1, 65535),
    "public_url": _public_url,
    "trusted_proxies": _networks,
    "data": lambda text: Path(_filled(text)),
    # Host may stand in the query (?host=/run/postgresql) for a Unix socket.
    "database_url": _url("postgresql", "postgres", host=False),
    "database_connections": _number(2, 200),
    "redis_url": _redis_url,
    "smtp_url": _smtp_url,
    "mail_from": _mail_from,
    "secret_key": _secret,
    "log_level": _one_of("debug", "info", "warning", "error"),
    "log_format": _one_of("json", "console"),
    "password_hashes_at_once": _number(1, 32),
    "sign_in_providers": lambda text: Path(_filled(text)),
}
