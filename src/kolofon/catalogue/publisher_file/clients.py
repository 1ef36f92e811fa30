"""The shape of clients in a publisher file: sites and apps, with their keys and their words."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.types import File, Name, words


class ClientKey(File, omit_defaults=True):
    """A public key, as a JWK (RFC 7517). A private one has a member that is not known here, and is refused."""

    kty: Literal["EC", "RSA", "OKP"]
    kid: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    use: Literal["sig"] | None = None
    alg: Literal["ES256", "RS256", "EdDSA"] | None = None
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None


class ClientKeys(File):
    """A JWK Set."""

    keys: Annotated[tuple[ClientKey, ...], Meta(min_length=1, max_length=20)]


class Template(File, kw_only=True):
    """The client's own words of a message to a reader. `text`: its paragraphs."""

    template: Literal["assignNewUser", "assignExistingUser"]
    kind: Literal["mail", "sms"]
    language: Literal["nb", "nn", "sv", "en"]
    subject: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    text: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=2000)], ...], Meta(min_length=1, max_length=40)]


GrantType = Literal["authorization_code", "refresh_token", "client_credentials", "extid_code", "device_code"]


class Client(File):
    """A site or app. Public: it cannot keep a secret and uses PKCE instead."""

    client_id: Annotated[
        str,
        Meta(max_length=100),
        words(
            r"^[A-Za-z]{2,63}(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)+$",
            "a domain written in reverse, such as no.example.shop",
        ),
    ]
    name: Name
    secret: Annotated[str, Meta(min_length=24, max_length=200)] | None = None
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    redirect_query_free: bool = False
    post_logout_redirect_uris: tuple[str, ...] = ()
    return_hosts: tuple[str, ...] = ()
    grant_types: tuple[GrantType, ...] = ("authorization_code", "refresh_token")
    access_token_seconds: Annotated[int, Meta(ge=60, le=86400)] = 43200
    refresh_token_seconds: Annotated[int, Meta(ge=3600, le=31536000)] = 2592000
    grant_seconds: Annotated[int, Meta(ge=3600, le=157680000)] = 31536000
    calls_per_second: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    calls_per_minute: Annotated[int, Meta(ge=1, le=60_000_000)] = 2000
    answer_format: Literal["json", "xml"] = "json"
    logo_url: str | None = None
    jwks: ClientKeys | None = None
    third_party: bool = False
    require_pkce: bool = False
    require_pushed_requests: bool = False
    id_token_algorithm: Literal["RS256", "ES256"] = "RS256"
    background_url: str | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    templates: tuple[Template, ...] = ()
