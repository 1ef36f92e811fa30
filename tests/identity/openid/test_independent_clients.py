"""OpenID Connect as clients see it that others wrote: Authlib and requests-oauthlib, configured by discovery."""

import asyncio
import warnings
from typing import Any

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.openid.steps import ALL, Person, is_sign_in
from tests.identity.steps import is_accepted
from tests.playground import CALLBACK, WEB, WEB_SECRET, Playground

with warnings.catch_warnings():
    # They announce changes of their own that are nothing to us; Authlib puts its own filter before the others.
    from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]

    warnings.simplefilter("ignore")
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin  # type: ignore[import-untyped]
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
    from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey
    from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]


@pytest.fixture(autouse=True)
def _http_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


class Validator(AsyncOpenIDMixin):  # type: ignore[misc]
    """Authlib's validation of an id_token; all it knows of the server comes from discovery."""

    def __init__(self, server: Server, client_id: str = WEB) -> None:
        self.client_id = client_id
        self._server = server

    def here(self, url: str) -> str:
        return url.replace(self._server.parts.settings.public_url, self._server.base_url)

    async def load_server_metadata(self) -> dict[str, Any]:
        answer = await self._server.http.get("/user/.well-known/openid-configuration")
        return dict(answer.json())

    async def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        metadata = await self.load_server_metadata()
        return dict((await self._server.http.get(self.here(metadata["jwks_uri"]))).json())

    async def endpoint(self, name: str) -> str:
        return self.here((await self.load_server_metadata())[f"{name}_endpoint"])


async def visit(person: Person, url: str) -> str:
    """Go where the client sends the reader, signing in on the way; returns where the reader is sent back to."""
    answer = await person.http.get(url, follow_redirects=False)
    answer = await person.sign_in(answer) if is_sign_in(answer) else answer
    return str(answer.headers["location"])


async def authlib_tokens(person: Person, validator: Validator, nonce: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tokens of a code and those of a refresh."""
    async with AsyncOAuth2Client(
        WEB, WEB_SECRET, redirect_uri=CALLBACK, scope=ALL, code_challenge_method="S256"
    ) as client:
        verifier = "v" * 64
        url, state = client.create_authorization_url(
            await validator.endpoint("authorization"), nonce=nonce, code_verifier=verifier
        )
        back = await visit(person, url)
        token_url = await validator.endpoint("token")
        tokens = await client.fetch_token(token_url, authorization_response=back, state=state, code_verifier=verifier)
        answer = await client.get(await validator.endpoint("userinfo"))
        assert answer.json()["sub"] == person.reader.unique_id.hex
        refreshed = await client.refresh_token(token_url, refresh_token=tokens["refresh_token"])
    return tokens, refreshed


async def test_authlib_validates_the_id_tokens_of_a_code_and_of_a_refresh(server: Server, person: Person) -> None:
    validator = Validator(server)
    tokens, refreshed = await authlib_tokens(person, validator, "n-42")
    user = await validator.parse_id_token(tokens, nonce="n-42")
    again = await validator.parse_id_token(refreshed, nonce=None)
    assert user["sub"] == again["sub"] == person.reader.unique_id.hex
    assert user["auth_time"] == again["auth_time"]


async def test_authlib_refuses_a_wrong_nonce_another_audience_and_another_access_token(
    server: Server, person: Person
) -> None:
    validator = Validator(server)
    tokens, refreshed = await authlib_tokens(person, validator, "n-42")
    with pytest.raises(JoseError):
        await validator.parse_id_token(tokens, nonce="n-43")
    with pytest.raises(JoseError):
        await validator.parse_id_token(tokens | {"access_token": refreshed["access_token"]}, nonce="n-42")
    with pytest.raises(JoseError):
        await Validator(server, "no.example.other").parse_id_token(
            tokens, nonce="n-42", claims_options={"aud": {"essential": True, "value": "no.example.other"}}
        )


async def test_requests_oauthlib_with_openid(server: Server, person: Person) -> None:
    validator = Validator(server)
    token_url, userinfo_url = await validator.endpoint("token"), await validator.endpoint("userinfo")
    with OAuth2Session(WEB, redirect_uri=CALLBACK, scope=ALL.split(), pkce="S256") as client:
        url, _ = client.authorization_url(await validator.endpoint("authorization"), nonce="n-9", max_age=60)
        back = await visit(person, url)

        def trade() -> tuple[dict[str, Any], dict[str, Any]]:
            tokens = client.fetch_token(token_url, authorization_response=back, client_secret=WEB_SECRET)
            return tokens, client.get(userinfo_url).json()

        tokens, user = await asyncio.to_thread(trade)
    claims = await validator.parse_id_token(tokens, nonce="n-9")
    assert claims["sub"] == user["sub"] == person.reader.unique_id.hex
    assert user["email"] == person.reader.credential


async def test_authlib_signs_its_assertions(server: Server, playground: Playground, clock: Clock) -> None:
    key = RSAKey.generate_key(2048, {"kid": "k-1"})
    jwks = {"keys": [key.as_dict(private=False)]}
    await playground.add_client("no.example.keyed", 1, None, [CALLBACK], public=False, jwks=jwks)
    validator = Validator(server)
    audience = (await validator.load_server_metadata())["token_endpoint"]
    # Authlib's own idea of how long an assertion lives is an hour.
    method = PrivateKeyJWT(audience, claims={"exp": int(clock.seconds()) + 300})
    async with AsyncOAuth2Client(
        "no.example.keyed", key.as_dict(private=True), token_endpoint_auth_method=method
    ) as client:
        tokens = await client.fetch_token(await validator.endpoint("token"), grant_type="client_credentials")
    assert await is_accepted(server, tokens["access_token"])
