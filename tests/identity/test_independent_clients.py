"""The whole protocol, spoken by clients that others wrote: Authlib and requests-oauthlib."""

import asyncio
import os
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.browser_session import Server
from tests.identity.steps import SignedInBrowser, is_accepted, signed_in
from tests.playground import APP, APP_CALLBACK, CALLBACK, WEB, WEB_SECRET, Reader

with warnings.catch_warnings():
    # They announce changes of their own that are nothing to us; Authlib puts its own filter before the others.
    from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]

    warnings.simplefilter("ignore")
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.security import generate_token  # type: ignore[import-untyped]
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
    from authlib.integrations.requests_client import OAuth2Session as AuthlibSession  # type: ignore[import-untyped]
    from oauthlib.oauth2 import BackendApplicationClient  # type: ignore[import-untyped]
    from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]


@pytest.fixture(autouse=True)
def _http_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def browser(server: Server, reader: Reader) -> AsyncIterator[SignedInBrowser]:
    async with signed_in(server, reader) as browser:
        yield browser


async def visit(browser: SignedInBrowser, url: str) -> str:
    """Go where the client sends the reader; returns where the reader is sent back to."""
    answer = await browser.http.get(url, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def endpoint(server: Server, name: str) -> str:
    return f"{server.base_url}/user/oauth/{name}"


async def _is_refused(server: Server, tokens: dict[str, Any]) -> bool:
    return not await is_accepted(server, tokens["access_token"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("pkce", [True, False], ids=["pkce", "no-pkce"])
async def test_authlib_async(server: Server, browser: SignedInBrowser, method: str, pkce: bool) -> None:
    async with AsyncOAuth2Client(
        WEB,
        WEB_SECRET,
        redirect_uri=CALLBACK,
        scope="read",
        token_endpoint_auth_method=method,
        code_challenge_method="S256" if pkce else None,
    ) as client:
        verifier = generate_token(48) if pkce else None
        url, state = client.create_authorization_url(endpoint(server, "authorize"), code_verifier=verifier)
        back = await visit(browser, url)
        tokens = await client.fetch_token(
            endpoint(server, "token"), authorization_response=back, state=state, code_verifier=verifier
        )
        assert await is_accepted(server, tokens["access_token"])
        refreshed = await client.refresh_token(endpoint(server, "token"), refresh_token=tokens["refresh_token"])
        assert refreshed["refresh_token"] != tokens["refresh_token"]
        answer = await client.get(f"{server.base_url}/capi/v1/user/profile")
        assert answer.status_code == 200
        answer = await client.revoke_token(endpoint(server, "revoke"), token=refreshed["refresh_token"])
        assert answer.status_code == 200
    assert await _is_refused(server, refreshed)


async def test_authlib_async_as_a_public_client(server: Server, browser: SignedInBrowser) -> None:
    async with AsyncOAuth2Client(
        APP, redirect_uri=APP_CALLBACK, token_endpoint_auth_method="none", code_challenge_method="S256"
    ) as client:
        verifier = generate_token(48)
        url, state = client.create_authorization_url(endpoint(server, "authorize"), code_verifier=verifier)
        back = await visit(browser, url)
        assert back.startswith(APP_CALLBACK)
        tokens = await client.fetch_token(
            endpoint(server, "token"), authorization_response=back, state=state, code_verifier=verifier
        )
        assert await is_accepted(server, tokens["access_token"])
        refreshed = await client.refresh_token(endpoint(server, "token"), refresh_token=tokens["refresh_token"])
        assert await is_accepted(server, refreshed["access_token"])


async def test_authlib_async_client_credentials(server: Server) -> None:
    async with AsyncOAuth2Client(WEB, WEB_SECRET) as client:
        tokens = await client.fetch_token(endpoint(server, "token"), grant_type="client_credentials")
        assert "refresh_token" not in tokens
        assert await is_accepted(server, tokens["access_token"])
        answer = await client.introspect_token(endpoint(server, "introspect"), token=tokens["access_token"])
        assert answer.json()["active"] is True


@pytest.mark.parametrize("pkce", [True, False], ids=["pkce", "no-pkce"])
async def test_authlib_with_requests(server: Server, browser: SignedInBrowser, pkce: bool) -> None:
    verifier = generate_token(48) if pkce else None
    with AuthlibSession(
        WEB, WEB_SECRET, redirect_uri=CALLBACK, code_challenge_method="S256" if pkce else None
    ) as client:
        url, state = client.create_authorization_url(endpoint(server, "authorize"), code_verifier=verifier)
        back = await visit(browser, url)

        def trade_refresh_revoke() -> tuple[dict[str, Any], dict[str, Any]]:
            token_url = endpoint(server, "token")
            tokens = client.fetch_token(token_url, authorization_response=back, state=state, code_verifier=verifier)
            refreshed = client.refresh_token(token_url, refresh_token=tokens["refresh_token"])
            assert client.get(f"{server.base_url}/capi/v1/user/profile").status_code == 200
            assert client.revoke_token(endpoint(server, "revoke"), token=refreshed["access_token"]).status_code == 200
            return tokens, refreshed

        tokens, refreshed = await asyncio.to_thread(trade_refresh_revoke)
    assert await is_accepted(server, tokens["access_token"])
    assert await _is_refused(server, refreshed)


@pytest.mark.parametrize("pkce", ["S256", None], ids=["pkce", "no-pkce"])
async def test_requests_oauthlib(server: Server, browser: SignedInBrowser, pkce: str | None) -> None:
    with OAuth2Session(WEB, redirect_uri=CALLBACK, scope=["read"], pkce=pkce) as client:
        url, _ = client.authorization_url(endpoint(server, "authorize"), approval_prompt="auto")
        back = await visit(browser, url)

        def trade_and_refresh() -> tuple[dict[str, Any], dict[str, Any]]:
            token_url = endpoint(server, "token")
            tokens = client.fetch_token(token_url, authorization_response=back, client_secret=WEB_SECRET)
            refreshed = client.refresh_token(
                token_url, refresh_token=tokens["refresh_token"], client_id=WEB, client_secret=WEB_SECRET
            )
            assert client.get(f"{server.base_url}/capi/v1/user/profile").status_code == 200
            revoked = client.post(
                endpoint(server, "revoke"), data={"token": refreshed["refresh_token"]}, auth=(WEB, WEB_SECRET)
            )
            assert revoked.status_code == 200
            return tokens, refreshed

        tokens, refreshed = await asyncio.to_thread(trade_and_refresh)
    assert tokens["refresh_token"] != refreshed["refresh_token"]
    assert await _is_refused(server, tokens)
    assert await _is_refused(server, refreshed)


async def test_requests_oauthlib_client_credentials(server: Server) -> None:
    def fetch() -> dict[str, Any]:
        with OAuth2Session(client=BackendApplicationClient(WEB)) as client:
            tokens: dict[str, Any] = client.fetch_token(
                endpoint(server, "token"), client_id=WEB, client_secret=WEB_SECRET, include_client_id=True
            )
            return tokens

    tokens = await asyncio.to_thread(fetch)
    assert "refresh_token" not in tokens
    assert await is_accepted(server, tokens["access_token"])
