"""The providers that readers may sign in through: the operator's file, read and checked before anything starts.

Users are shared by all partners, so whose word is taken for an e-mail address is no partner's decision.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from kolofon.catalogue.publisher_file.checks import must_be_once
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.shape import read_document, shaped
from kolofon.identity.external_sign_in.provider_shapes import ProviderEntry, ProviderFile, Source

_LARGEST_SECRET = 64 * 1024


class AppleKey(msgspec.Struct, frozen=True):
    """What Apple takes instead of a secret: a key that signs a new one for every request."""

    team_id: str
    key_id: str
    private_key: ECKey


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that is set up. Without `secret` there is an Apple key."""

    code: str
    name: str
    issuer: str
    client_id: str
    secret: str | None
    apple_key: AppleKey | None
    client_authentication: str | None
    scopes: tuple[str, ...]
    acr_values: str | None
    response_mode: str
    source: Source | None
    trusts_email: bool
    trusted_email_domains: frozenset[str] | None
    trusts_phone: bool
    phones_are_verified: bool
    partners: frozenset[str] | None

    def is_for(self, partner_code: str) -> bool:
        """Whether it is offered at a partner's clients."""
        return self.partners is None or partner_code in self.partners


class Providers:
    """All providers, in the order of the file."""

    def __init__(self, providers: tuple[Provider, ...] = ()) -> None:
        self._by_code = {provider.code: provider for provider in providers}

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_code.values())

    def offered(self, partner_code: str) -> list[Provider]:
        """Those that a partner's clients offer."""
        return [provider for provider in self if provider.is_for(partner_code)]

    def get(self, code: str) -> Provider | None:
        """The provider with a code, wherever it is offered."""
        return self._by_code.get(code)

    def find(self, code: str, partner_code: str) -> Provider | None:
        """The provider with a code, if a partner's clients offer it."""
        provider = self._by_code.get(code)
        return provider if provider is not None and provider.is_for(partner_code) else None


def read_providers(path: Path | None) -> Providers:
    """Read and check the file; raises PublisherFileError. Without a file there are none."""
    if path is None:
        return Providers()
    document = read_document(path)
    problems = Problems(str(path), document.lines)
    entries = shaped(document, problems, ProviderFile).providers
    must_be_once(problems, [(("providers", index, "code"), entry.code) for index, entry in enumerate(entries)])
    found = []
    for index, entry in enumerate(entries):
        at: FieldPath = ("providers", index)
        _check(entry, at, problems)
        found.append(_provider(entry, at, path.parent, problems))
    problems.raise_any()
    return Providers(tuple(found))


def is_safe_url(url: str) -> bool:
    """Whether secrets may be sent to a URL: https, or http on this machine for trying things out."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or "#" in url or "@" in parts.netloc:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname)))


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _check(entry: ProviderEntry, at: FieldPath, problems: Problems) -> None:
    if not is_safe_url(entry.issuer) or "?" in entry.issuer:
        problems.add((*at, "issuer"), f"expected a URL that starts with https://, got {entry.issuer!r}")
    if "openid" not in entry.scopes:
        problems.add((*at, "scopes"), "expected openid among the scopes")
    if entry.trusted_email_domains is not None and not entry.trusts_email:
        problems.add((*at, "trustedEmailDomains"), "expected trustsEmail: true beside it")
    if entry.phones_are_verified and not entry.trusts_phone:
        problems.add((*at, "phonesAreVerified"), "expected trustsPhone: true beside it")
    apple = {"appleTeamId": entry.apple_team_id, "appleKeyId": entry.apple_key_id, "appleKeyFile": entry.apple_key_file}
    secrets = {"clientSecret": entry.client_secret, "clientSecretFile": entry.client_secret_file}
    given = [name for name, value in secrets.items() if value is not None]
    missing = [name for name, value in apple.items() if value is None]
    if len(missing) not in {0, len(apple)}:
        problems.add((*at, missing[0]), f"expected, since {', '.join(apple.keys() - set(missing))} is there")
    if len(given) + (not missing) != 1:
        kinds = "clientSecret, clientSecretFile, or appleTeamId with appleKeyId and appleKeyFile"
        problems.add((*at, "clientSecret"), f"expected one of {kinds}")


def _provider(entry: ProviderEntry, at: FieldPath, folder: Path, problems: Problems) -> Provider:
    secret = entry.client_secret
    if entry.client_secret_file is not None:
        text = _secret_text(folder, entry.client_secret_file, (*at, "clientSecretFile"), problems)
        secret = text.strip() if text is not None else None
    domains = entry.trusted_email_domains
    return Provider(
        code=entry.code,
        name=entry.name,
        issuer=entry.issuer,
        client_id=entry.client_id,
        secret=secret,
        apple_key=_apple_key(entry, at, folder, problems),
        client_authentication=entry.client_authentication,
        scopes=entry.scopes,
        acr_values=entry.acr_values,
        response_mode=entry.response_mode,
        source=entry.source,
        trusts_email=entry.trusts_email,
        trusted_email_domains=frozenset(domain.lower() for domain in domains) if domains is not None else None,
        trusts_phone=entry.trusts_phone,
        phones_are_verified=entry.phones_are_verified,
        partners=frozenset(entry.partners) if entry.partners is not None else None,
    )


def _apple_key(entry: ProviderEntry, at: FieldPath, folder: Path, problems: Problems) -> AppleKey | None:
    if entry.apple_team_id is None or entry.apple_key_id is None or entry.apple_key_file is None:
        return None
    path: FieldPath = (*at, "appleKeyFile")
    text = _secret_text(folder, entry.apple_key_file, path, problems)
    if text is None:
        return None
    try:
        key = ECKey.import_key(text)
        is_right = key.is_private and key.curve_name == "P-256"
    except (JoseError, ValueError, TypeError):
        is_right = False
    if not is_right:
        problems.add(path, "expected the private key (P-256, .p8) that Apple gave")
        return None
    return AppleKey(entry.apple_team_id, entry.apple_key_id, key)


def _secret_text(folder: Path, name: str, path: FieldPath, problems: Problems) -> str | None:
    """What a file holds; a relative name is one beside the file of the providers."""
    try:
        with (folder / name).open(encoding="ascii") as file:
            text = file.read(_LARGEST_SECRET)
    except OSError as error:
        problems.add(path, f"cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        problems.add(path, "expected a file with a secret in ASCII, and nothing else")
        return None
    return text
