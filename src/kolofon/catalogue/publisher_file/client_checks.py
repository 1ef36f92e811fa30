"""What types cannot say of clients: secrets, grants, and URLs that browsers are sent to."""

import re
from urllib.parse import SplitResult, urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from kolofon.catalogue.publisher_file.checks import must_be_once
from kolofon.catalogue.publisher_file.clients import Client, ClientKey
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.publisher import PublisherFile

_HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?$")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SHORTEST_RSA_KEY = 2048
# Schemes that a browser runs or reads by itself instead of handing the code to an app.
_UNSAFE_SCHEMES = {"javascript", "data", "vbscript", "file", "blob", "about"}


def check(publisher: PublisherFile, problems: Problems) -> None:
    """Add what is wrong to the problems."""
    must_be_once(problems, [(("clients", i, "clientId"), c.client_id) for i, c in enumerate(publisher.clients)])
    for index, client in enumerate(publisher.clients):
        at: FieldPath = ("clients", index)
        _check_secret(client, at, problems)
        _check_keys(client, at, problems)
        _check_grants(client, at, problems)
        _check_urls(client, at, problems)
        _check_pictures(client, at, problems)
        _check_back_channel(client, at, problems)
        _check_templates(client, at, problems)


def _check_secret(client: Client, at: FieldPath, problems: Problems) -> None:
    if client.public and client.secret is not None:
        problems.add((*at, "secret"), "expected no secret: the client is public")
    if not client.public and client.secret is None and client.jwks is None:
        problems.add((*at, "secret"), "expected a secret of at least 24 characters, jwks, or public: true")


def _check_keys(client: Client, at: FieldPath, problems: Problems) -> None:
    if client.jwks is None:
        return
    if client.public:
        problems.add((*at, "jwks"), "expected no keys: the client is public")
    for index, key in enumerate(client.jwks.keys):
        problem = _key_problem(key)
        if problem is not None:
            problems.add((*at, "jwks", "keys", index), problem)


def _key_problem(key: ClientKey) -> str | None:
    try:
        jwk = import_key(msgspec.to_builtins(key))
    except (JoseError, ValueError, TypeError, KeyError):
        return "expected a public key as a JWK, such as {kty: EC, crv: P-256, x: ..., y: ...}"
    if isinstance(jwk, RSAKey):
        algorithm = "RS256" if jwk.raw_value.key_size >= _SHORTEST_RSA_KEY else None
    elif isinstance(jwk, ECKey):
        algorithm = "ES256" if jwk.curve_name == "P-256" else None
    else:
        algorithm = "EdDSA" if isinstance(jwk, OKPKey) and jwk.curve_name == "Ed25519" else None
    if algorithm is None:
        return "expected an RSA key of at least 2048 bits, a P-256 key or an Ed25519 key"
    return f"expected alg {algorithm} for such a key, got {key.alg}" if key.alg not in {None, algorithm} else None


def _check_grants(client: Client, at: FieldPath, problems: Problems) -> None:
    grants = set(client.grant_types)
    path: FieldPath = (*at, "grantTypes")
    must_be_once(problems, [((*path, index), grant) for index, grant in enumerate(client.grant_types)])
    if not grants:
        problems.add(path, "expected at least one grant type")
    for grant in sorted(grants & {"client_credentials", "extid_code"}):
        if client.public:
            problems.add(path, f"expected no {grant}: a public client cannot prove who it is")
    if client.third_party and "extid_code" in grants:
        problems.add(path, "expected no extid_code: it signs readers in who have not been asked, as thirdParty wants")
    if "refresh_token" in grants and not grants & {"authorization_code", "extid_code", "device_code"}:
        problems.add(path, "expected authorization_code, extid_code or device_code beside refresh_token")
    if client.grant_seconds < client.refresh_token_seconds:
        problems.add(
            (*at, "grantSeconds"), f"expected at least refreshTokenSeconds, which is {client.refresh_token_seconds}"
        )
    if "authorization_code" in grants and not client.redirect_uris:
        problems.add((*at, "redirectUris"), "expected at least one, since authorization_code sends its answer there")


def _check_urls(client: Client, at: FieldPath, problems: Problems) -> None:
    uris = (("redirectUris", client.redirect_uris), ("postLogoutRedirectUris", client.post_logout_redirect_uris))
    for name, texts in (*uris, ("returnHosts", client.return_hosts)):
        must_be_once(problems, [((*at, name, index), text) for index, text in enumerate(texts)])
    for name, texts in uris:
        for index, uri in enumerate(texts):
            problem = _redirect_uri_problem(uri)
            if problem is not None:
                problems.add((*at, name, index), f"{problem}, got {uri!r}")
    for index, host in enumerate(client.return_hosts):
        if not _HOST.fullmatch(host):
            problems.add((*at, "returnHosts", index), f"expected a host such as www.example.no, got {host!r}")


def _check_pictures(client: Client, at: FieldPath, problems: Problems) -> None:
    if client.logo_url is not None and not _is_web_url(client.logo_url, {"http", "https"}):
        problems.add((*at, "logoUrl"), f"expected a URL that starts with https://, got {client.logo_url!r}")
    # The pages load pictures by https only, so another one would never be seen.
    if client.background_url is not None and not _is_web_url(client.background_url, {"https"}):
        problems.add((*at, "backgroundUrl"), f"expected a URL that starts with https://, got {client.background_url!r}")


def _check_back_channel(client: Client, at: FieldPath, problems: Problems) -> None:
    """OpenID Connect Back-Channel Logout, section 2.2: no fragment; http at most for who could also keep a secret."""
    uri = client.backchannel_logout_uri
    if uri is None:
        if client.backchannel_logout_session_required:
            problems.add((*at, "backchannelLogoutSessionRequired"), "expected only beside backchannelLogoutUri")
        return
    path: FieldPath = (*at, "backchannelLogoutUri")
    if "#" in uri:
        problems.add(path, f"expected a URL without a fragment (#), got {uri!r}")
    elif not _is_web_url(uri, {"https"} if client.public else {"http", "https"}):
        problems.add(path, f"expected a URL that starts with https://, got {uri!r}")


def _check_templates(client: Client, at: FieldPath, problems: Problems) -> None:
    keys: list[tuple[FieldPath, str]] = []
    for index, template in enumerate(client.templates):
        path: FieldPath = (*at, "templates", index)
        keys.append(((*path, "template"), f"{template.template} {template.kind} {template.language}"))
        if template.kind == "mail" and template.subject is None:
            problems.add((*path, "subject"), "expected, but it is missing: a mail has one")
        if template.kind == "sms" and template.subject is not None:
            problems.add((*path, "subject"), "expected none: a text message has no subject")
        _check_placeholders(template.subject or "", {"{site}"}, (*path, "subject"), problems)
        for i, paragraph in enumerate(template.text):
            _check_placeholders(paragraph, {"{link}", "{site}"}, (*path, "text", i), problems)
        if not any("{link}" in paragraph for paragraph in template.text):
            problems.add((*path, "text"), "expected {link} in it: that is what the message is for")
    must_be_once(problems, keys)


def _check_placeholders(text: str, known: set[str], path: FieldPath, problems: Problems) -> None:
    for found in re.findall(r"\{[^{}]*\}|[{}]", text):
        if found not in known:
            problems.add(path, f"expected no other braces than {' and '.join(sorted(known))}, got {found!r}")


def _is_web_url(url: str, schemes: set[str]) -> bool:
    parts = _split(url)
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        return False
    return parts.username is None and parts.password is None


def _redirect_uri_problem(uri: str) -> str | None:
    parts = _split(uri)
    if parts is None or not parts.scheme:
        return "expected an absolute URL such as https://www.example.no/callback"
    if "#" in uri:
        return "expected a URL without a fragment (#)"
    if parts.scheme in _UNSAFE_SCHEMES:
        return f"expected another scheme than {parts.scheme}:"
    if parts.scheme in {"http", "https"} and not parts.hostname:
        return "expected a URL with a host"
    # RFC 9700, section 2.1: who listens on the way would have the code.
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "expected a URL that starts with https://"
    if parts.username is not None or parts.password is not None:
        return "expected a URL without a user name"
    return None


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
