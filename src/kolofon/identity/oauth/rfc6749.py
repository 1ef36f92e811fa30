"""RFC 6749: the framework. Parameters, client credentials, errors, and the fate of codes and refresh tokens."""

import binascii
from base64 import b64decode
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal
from urllib.parse import parse_qsl, unquote_plus, urlsplit
from uuid import UUID

import msgspec

CODE_SECONDS = 60
GRACE = timedelta(seconds=30)
SCOPE = "read"
# What each more gives is in OpenID Connect Core, section 5.4; without openid they give nothing.
OPENID = "openid"
SCOPES = (SCOPE, OPENID, "profile", "email", "phone")

EXTID_CODE = "https://connectid.no/oauth2/grant_type/extid_code"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
    "access_denied",
    "server_error",
    "temporarily_unavailable",
    # RFC 8628, section 3.5
    "authorization_pending",
    "slow_down",
    "expired_token",
    # OpenID Connect Core, section 3.1.2.6
    "login_required",
    "consent_required",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "invalid_request_uri",
    # OpenID Connect Core Error Code unmet_authentication_requirements
    "unmet_authentication_requirements",
]


class OAuthError(Exception):
    """A refusal in the words of section 5.2 (token endpoint) or 4.1.2.1 (authorization endpoint)."""

    def __init__(self, code: ErrorCode, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    @property
    def status(self) -> int:
        """401 for a client that is not who it says, else 400."""
        return 401 if self.code == "invalid_client" else 400


class ClientCredentials(msgspec.Struct, frozen=True):
    """Who a client says it is. A public client has no secret."""

    client_id: str
    secret: str | None


def read_parameters(query: str, form: str) -> dict[str, str]:
    """The parameters of a request, from its query and its form body together.

    Existing clients send the same parameters in both places. Equal values are one; different ones are refused,
    since no one can tell which was meant. Empty values count as absent (section 3.1).
    """
    found: dict[str, str] = {}
    pairs = (
        pair
        for text in (query, form)
        for pair in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=200)
    )
    try:
        for name, value in pairs:
            if found.setdefault(name, value) != value:
                raise OAuthError("invalid_request", f"{name}: sent twice with different values")
            if "\0" in value:
                raise OAuthError("invalid_request", f"{name}: holds a NUL character")
    except ValueError:
        raise OAuthError("invalid_request", "the parameters are not form-urlencoded UTF-8") from None
    return {name: value for name, value in found.items() if value}


def read_client_credentials(authorization: str | None, parameters: dict[str, str]) -> list[ClientCredentials]:
    """The ways the client's credentials can be read; more than one when the Basic header is ambiguous.

    Section 2.3.1 has id and secret form-urlencoded inside the Basic header; many clients leave that out, which
    makes a difference only for a secret with `%` or `+`: then both readings are tried.
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    in_parameters = ClientCredentials(client_id, secret) if client_id is not None else None
    if authorization is None or authorization.partition(" ")[0].lower() != "basic":
        if in_parameters is None:
            raise OAuthError("invalid_client", "client_id: missing, in the Basic header and in the parameters")
        return [in_parameters]
    readings = _read_basic(authorization)
    # The same credentials in several places are a habit of existing clients; different ones are an attack or a bug.
    agreeing = [r for r in readings if client_id in {None, r.client_id} and secret in {None, r.secret}]
    if not agreeing:
        raise OAuthError("invalid_request", "the Basic header and the parameters name different client credentials")
    return agreeing


def _read_basic(authorization: str) -> list[ClientCredentials]:
    try:
        text = b64decode(authorization.partition(" ")[2].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "the Basic header is not base64-encoded UTF-8") from None
    client_id, colon, secret = text.partition(":")
    if not colon or "\0" in text:
        raise OAuthError("invalid_client", "the Basic header is not of the form client_id:client_secret")
    decoded = ClientCredentials(unquote_plus(client_id), unquote_plus(secret) or None)
    literal = ClientCredentials(client_id, secret or None)
    return [decoded] if decoded == literal else [decoded, literal]


def read_scope(scope: str | None) -> str:
    """The granted scope: `read` means all access, and leaving it out means the same. Raises OAuthError."""
    if scope is None or scope == SCOPE:
        return SCOPE
    wanted = set(scope.split())
    if wanted - set(SCOPES):
        raise OAuthError("invalid_scope", f"scope: expected some of {', '.join(SCOPES)}, or nothing")
    if wanted - {SCOPE, OPENID} and OPENID not in wanted:
        raise OAuthError("invalid_scope", f"scope: profile, email and phone need {OPENID}")
    return " ".join(name for name in SCOPES if name in wanted) or SCOPE


def narrowed_scope(granted: str, scope: str | None) -> str:
    """What a refresh asks for of what was granted (section 6). Raises OAuthError for more than that."""
    if scope is None or scope == granted:
        return granted
    wanted = read_scope(scope)
    if set(wanted.split()) - set(granted.split()):
        raise OAuthError("invalid_scope", "scope: more than was granted")
    return wanted


def holds_scope(scope: str, name: str) -> bool:
    """Whether a granted scope has a part."""
    return scope == name or name in scope.split()


def is_safe_redirect_uri(uri: str) -> bool:
    """Whether a URI can be redirected to at all: absolute, without fragment (section 3.1.2), fit for a header."""
    if not uri.isascii() or not uri.isprintable() or " " in uri or "#" in uri:
        return False
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:  # e.g. a bracket that is no IPv6 address
        return False
    return bool(scheme) and scheme not in {"javascript", "data", "vbscript"}


class SignIn(msgspec.Struct, frozen=True):
    """How the reader of a grant signed in: what its id_tokens tell."""

    authenticated_at: datetime
    session_id: str | None
    methods: list[str]


class StoredCode(msgspec.Struct, frozen=True):
    """An authorization code and the grant it stands for."""

    grant_id: UUID
    client_id: str
    unique_id: UUID
    redirect_uri: str
    code_challenge: str | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    user_disabled: bool
    nonce: str | None
    scope: str
    sign_in: SignIn | None


class CodeFate(Enum):
    """What becomes of a presented code."""

    GOOD = "good"
    REFUSED = "refused"
    REPLAYED = "replayed"


def code_fate(code: StoredCode, client_id: str, redirect_uri: str | None, now: datetime) -> CodeFate:
    """Decide on a code (section 4.1.3). A second use by the same client revokes what the first gave (4.1.2)."""
    if code.client_id != client_id:
        return CodeFate.REFUSED
    if code.used_at is not None:
        return CodeFate.REPLAYED
    good = (
        now < code.expires_at
        and code.revoked_at is None
        and not code.user_disabled
        and code.redirect_uri == redirect_uri
    )
    return CodeFate.GOOD if good else CodeFate.REFUSED


class StoredRefreshToken(msgspec.Struct, frozen=True):
    """A refresh token and the grant (family) it belongs to."""

    grant_id: UUID
    client_id: str
    unique_id: UUID
    expires_at: datetime
    rotated_at: datetime | None
    sealed_answer: bytes | None
    revoked_at: datetime | None
    user_disabled: bool
    scope: str
    granted_at: datetime
    sign_in: SignIn | None


class RefreshFate(Enum):
    """What becomes of a presented refresh token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REFUSED = "refused"
    REUSED = "reused"


def refresh_fate(token: StoredRefreshToken, client_id: str, longest_grant: timedelta, now: datetime) -> RefreshFate:
    """Decide on a refresh token. Its family ends some day, however often it is refreshed.

    Within the grace window a repeat gets the same answer: the first answer may have been lost on its way, and
    browsers refresh from several tabs at once. After it, one of two holders is a thief (RFC 9700, section 4.14.2).
    """
    if token.client_id != client_id or token.revoked_at is not None or token.user_disabled:
        return RefreshFate.REFUSED
    if token.rotated_at is None:
        ends_at = min(token.expires_at, token.granted_at + longest_grant)
        return RefreshFate.ROTATE if now < ends_at else RefreshFate.REFUSED
    if now - token.rotated_at <= GRACE and token.sealed_answer is not None:
        return RefreshFate.REPEAT
    return RefreshFate.REUSED
