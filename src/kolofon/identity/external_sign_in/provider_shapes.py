"""The shape of the file that names the providers readers may sign in through."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.catalogue.publisher_file.types import Code, File, words

Text = Annotated[str, Meta(min_length=1, max_length=2048), words(r"^\S+$", "text without spaces")]
Source = Literal["Facebook", "Google", "Vipps", "Apple"]
ProviderCode = Annotated[
    str, words(r"^[a-z0-9][a-z0-9-]{0,29}$", "at most 30 small letters, digits and dashes, as in google")
]
ButtonName = Annotated[str, Meta(min_length=1, max_length=40), words(r"^\S(.*\S)?$", "text without spaces around it")]


class ProviderEntry(File, kw_only=True):
    """One provider."""

    code: ProviderCode
    name: ButtonName
    issuer: Text
    client_id: Text
    client_secret: Text | None = None
    client_secret_file: str | None = None
    client_authentication: Literal["client_secret_basic", "client_secret_post"] | None = None
    apple_team_id: Text | None = None
    apple_key_id: Text | None = None
    apple_key_file: str | None = None
    scopes: Annotated[tuple[Text, ...], Meta(min_length=1)] = ("openid", "profile", "email")
    acr_values: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    response_mode: Literal["query", "form_post"] = "query"
    source: Source | None = None
    trusts_email: bool = False
    trusted_email_domains: tuple[str, ...] | None = None
    trusts_phone: bool = False
    phones_are_verified: bool = False
    partners: Annotated[tuple[Code, ...], Meta(min_length=1)] | None = None


class ProviderFile(File):
    """The whole file."""

    providers: tuple[ProviderEntry, ...]
