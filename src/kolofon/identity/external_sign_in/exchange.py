"""One sign-in at a provider: the request that the browser takes there, and what comes of the answer."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import httpx
import msgspec
from joserfc import jwt

from kolofon.identity.external_sign_in.discovery import Discovery, Metadata
from kolofon.identity.external_sign_in.id_token import Expected, key_id, read_id_token
from kolofon.identity.external_sign_in.outgoing import Outgoing, ProviderRefused
from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.external_sign_in.told import Told, lacks_claims, merged, read_told
from kolofon.identity.oauth.rfc9207 import with_members
from kolofon.platform.clock import Clock

_ASSERTION_LIVES = timedelta(minutes=5)


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str | None = None


class Exchange:
    """Signs readers in at one provider. `key` is what nonce and code verifier are derived with from the state."""

    def __init__(self, provider: Provider, outgoing: Outgoing, clock: Clock, key: bytes, callback: str) -> None:
        self.provider = provider
        self.discovery = Discovery(provider, outgoing, clock)
        self._outgoing = outgoing
        self._clock = clock
        self._key = key
        self._callback = callback

    async def request_url(self, state: str) -> str:
        """Where the browser is sent; raises ProviderDown."""
        metadata = await self.discovery.metadata()
        digest = sha256(self._verifier(state).encode()).digest()
        return with_members(
            metadata.authorization_endpoint,
            {
                "response_type": "code",
                "client_id": self.provider.client_id,
                "redirect_uri": self._callback,
                "scope": " ".join(self.provider.scopes),
                "state": state,
                "nonce": self._nonce(state),
                "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
                "acr_values": self.provider.acr_values,
                "response_mode": self.provider.response_mode if self.provider.response_mode != "query" else None,
            },
        )

    async def check_origin(self, answer: Mapping[str, str]) -> None:
        """Raises ProviderRefused for an answer of another provider (RFC 9207), ProviderDown."""
        metadata = await self.discovery.metadata()
        if "iss" not in answer and not metadata.authorization_response_iss_parameter_supported:
            return
        if answer.get("iss") != self.provider.issuer:
            raise ProviderRefused("the answer is of another issuer")

    async def told(self, state: str, code: str, user: Mapping[str, Any]) -> Told:
        """Trade the code for what the provider tells; raises ProviderRefused, ProviderDown."""
        metadata = await self.discovery.metadata()
        tokens = await self._trade(metadata, state, code)
        expected = Expected(
            provider=self.provider,
            nonce=self._nonce(state),
            access_token=tokens.access_token,
            now=self._clock.now(),
        )
        keys = await self.discovery.keys(key_id(tokens.id_token))
        claims = read_id_token(tokens.id_token, keys, expected)
        if metadata.userinfo_endpoint is not None and tokens.access_token and lacks_claims(self.provider, claims):
            userinfo = await self._outgoing.fetch(metadata.userinfo_endpoint, tokens.access_token)
            if userinfo.get("sub") != claims["sub"]:
                # OpenID Connect Core, section 5.3.2: the access token was another user's.
                raise ProviderRefused("userinfo is of another user than the id_token")
            claims = merged(claims, userinfo)
        return read_told(self.provider, claims, user)

    async def _trade(self, metadata: Metadata, state: str, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": self._verifier(state),
        }
        auth = None
        if self._authenticates_by_header(metadata):
            # RFC 6749, section 2.3.1, has both encoded before they are put together.
            auth = httpx.BasicAuth(quote_plus(self.provider.client_id), quote_plus(self._secret()))
        else:
            form |= {"client_id": self.provider.client_id, "client_secret": self._secret()}
        try:
            return msgspec.convert(await self._outgoing.post(metadata.token_endpoint, form, auth), _Tokens)
        except msgspec.ValidationError:
            raise ProviderRefused("the token endpoint's answer has no id_token") from None

    def _authenticates_by_header(self, metadata: Metadata) -> bool:
        if self.provider.client_authentication is not None:
            return self.provider.client_authentication == "client_secret_basic"
        return "client_secret_basic" in metadata.token_endpoint_auth_methods_supported

    def _secret(self) -> str:
        key = self.provider.apple_key
        if key is None:
            return self.provider.secret or ""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": key.team_id,
            "iat": now,
            "exp": now + int(_ASSERTION_LIVES.total_seconds()),
            "aud": self.provider.issuer,
            "sub": self.provider.client_id,
        }
        return jwt.encode({"alg": "ES256", "kid": key.key_id}, claims, key.private_key, algorithms=["ES256"])

    def _nonce(self, state: str) -> str:
        return self._derived("nonce", state)

    def _verifier(self, state: str) -> str:
        return self._derived("code verifier", state)

    def _derived(self, what: str, state: str) -> str:
        """A secret that is known again when the state comes back, so that it has to be kept nowhere."""
        bound = msgspec.json.encode((what, self.provider.code, state))
        return urlsafe_b64encode(hmac.digest(self._key, bound, "sha256")).rstrip(b"=").decode()
