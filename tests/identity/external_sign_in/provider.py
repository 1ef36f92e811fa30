"""A small OpenID provider that signs its user in without asking, and lies when it is told to."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import uvicorn
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from kolofon.platform.clock import Clock
from tests.identity.jose_by_hand import Json, encode, new_ec_key, put_together, sign_es256

CLIENT_ID = "kolofon-at-the-provider"
SECRET = "a secret: with+signs%and spaces"
ISSUER_PATH = "/op"
Answer = tuple[int, dict[str, str], bytes]


class Provider:
    """What it tells of its user is `claims` (in the id_token) and `userinfo`; the other members make it lie."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.base = ""
        self.key = new_ec_key() | {"kid": "k-1"}
        self.claims: Json = {"sub": "someone"}
        self.userinfo: Json | None = None
        self.metadata: Json = {}
        self.token_members: Json = {}
        self.answer: dict[str, str] = {}  # more members of the authorization response
        self.sign: Callable[[Json, Json], str] = lambda header, claims: sign_es256(header, claims, self.key)
        self.authenticate: Callable[[dict[str, str], dict[str, str]], tuple[str, str]] = client_of
        self.ignores_pkce = False
        self.shows_form = False
        self.published: list[Json] | None = None
        self.instead: dict[str, Callable[[], Awaitable[Answer]]] = {}
        self.seen: dict[str, list[Json]] = {}
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        return f"{self.base}{ISSUER_PATH}"

    def instead_of(self, path: str, status: int, body: Any = b"", **headers: str) -> None:
        """Give another answer at a path from now on."""

        async def answer() -> Answer:
            return status, headers, body if isinstance(body, bytes) else json.dumps(body).encode()

        self.instead[path] = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        path = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.seen.setdefault(path, []).append({"query": query, "form": form, "headers": headers})
        if path in self.instead:
            status, extra, content = await self.instead[path]()
        else:
            status, extra, content = self._answer(path, query, form, headers)
        raw = [(name.encode(), value.encode()) for name, value in extra.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, path: str, query: dict[str, str], form: dict[str, str], headers: dict[str, str]) -> Answer:
        if path == f"{ISSUER_PATH}/.well-known/openid-configuration":
            return _json(self._metadata())
        if path == "/authorize":
            return self._authorize(query)
        if path == "/jwks":
            public = [{name: value for name, value in self.key.items() if name != "d"}]
            return _json({"keys": self.published if self.published is not None else public})
        if path == "/token":
            return self._token(form, headers)
        if path == "/userinfo" and self.userinfo is not None:
            assert headers["authorization"] == "Bearer an-access-token"
            return _json(self.userinfo)
        return 404, {}, b""

    def _metadata(self) -> Json:
        return (
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.base}/authorize?from=metadata",
                "token_endpoint": f"{self.base}/token",
                "jwks_uri": f"{self.base}/jwks",
            }
            | ({"userinfo_endpoint": f"{self.base}/userinfo"} if self.userinfo is not None else {})
            | self.metadata
        )

    def _authorize(self, query: dict[str, str]) -> Answer:
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["from"] == "metadata"
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        answer = {"code": code, "state": query["state"]} | self.answer
        present = {name: value for name, value in answer.items() if value}
        if query.get("response_mode") == "form_post" and self.shows_form:
            fields = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in present.items())
            form = f'<form method="post" action="{escape(query["redirect_uri"])}">{fields}<button>Go on</button></form>'
            return 200, {"content-type": "text/html"}, f"<!doctype html><title>Provider</title>{form}".encode()
        return 302, {"location": f"{query['redirect_uri']}?{urlencode(present)}"}, b""

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> Answer:
        request = self._codes.pop(form["code"], None)
        if request is None or self.authenticate(form, headers) != (CLIENT_ID, SECRET):
            return _json({"error": "invalid_grant" if request is None else "invalid_client"}, 400)
        assert form["redirect_uri"] == request["redirect_uri"]
        challenge = encode(sha256(form["code_verifier"].encode()).digest())
        assert request["code_challenge_method"] == "S256"
        if request["code_challenge"] != challenge and not self.ignores_pkce:
            return _json({"error": "invalid_grant"}, 400)
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": request["nonce"],
        } | self.claims
        token = self.sign({"alg": "ES256", "kid": self.key["kid"]}, claims)
        return _json(
            {"access_token": "an-access-token", "token_type": "Bearer", "id_token": token} | self.token_members
        )


def client_of(form: dict[str, str], headers: dict[str, str]) -> tuple[str, str]:
    """The client and the secret of a token request."""
    if "authorization" not in headers:
        return form.get("client_id", ""), form.get("client_secret", "")
    client_id, _, secret = b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def rsa_signer(bits: int = 2048) -> tuple[Json, Callable[[Json, Json], str]]:
    """A public RSA key, and what signs RS256 with it."""
    key = rsa.generate_private_key(65537, bits)
    numbers = key.public_key().public_numbers()
    n, e = (encode(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))

    def sign(header: Json, claims: Json) -> str:
        unsigned = put_together(header | {"alg": "RS256", "kid": "rsa"}, claims).rpartition(".")[0]
        return f"{unsigned}.{encode(key.sign(unsigned.encode(), padding.PKCS1v15(), SHA256()))}"

    return {"kty": "RSA", "kid": "rsa", "use": "sig", "n": n, "e": e}, sign


def _json(content: Any, status: int = 200) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(content).encode()


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running_provider(clock: Clock) -> AsyncIterator[Provider]:
    """Serve a provider on a free port."""
    provider = Provider(clock)
    config = uvicorn.Config(provider, port=0, log_config=None, access_log=False, lifespan="off", server_header=False)
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    provider.base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        await task
