"""Steps that the tests of OpenID Connect share."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from kolofon.platform.clock import Clock
from tests.browser_session import Server, authorization, bearer, submit_sign_in
from tests.identity.jose_by_hand import is_signed_by, take_apart
from tests.identity.steps import AUTHORIZE, redirect_query
from tests.playground import CALLBACK, PASSWORD, WEB, WEB_SECRET, Playground, Reader

USERINFO = "/user/oauth/userinfo"
LOGOUT = "/user/oauth/logout"
SIGN_IN = "/user/oauthLogin"
ALL = "openid profile email phone"
AFTER_LOGOUT = "https://web.example.no/goodbye?from=kolofon"


class Person:
    """A browser with a reader in front of it. Between seeing the page and sending it a second goes by."""

    def __init__(self, server: Server, clock: Clock, reader: Reader, http: httpx.AsyncClient) -> None:
        self.server = server
        self.clock = clock
        self.reader = reader
        self.http = http

    async def ask(self, **members: str) -> httpx.Response:
        """The first answer of the authorization endpoint."""
        query = authorization(**({"scope": ALL, "nonce": "n-1"} | members))
        return await self.http.get(AUTHORIZE, params=query, follow_redirects=False)

    async def sign_in(self, answer: httpx.Response, reader: Reader | None = None) -> httpx.Response:
        """Sign in at the page that an answer leads to; returns what the authorization endpoint says then."""
        assert is_sign_in(answer), answer.headers
        page = await self.http.get(answer.headers["location"])
        self.clock.move(timedelta(seconds=1))
        credential = (reader or self.reader).credential
        sent = await submit_sign_in(self.http, str(page.url), page.text, credential, PASSWORD)
        assert sent.status_code == 303, sent.text
        return await self.http.get(sent.headers["location"], follow_redirects=False)

    async def authorize(self, **members: str) -> httpx.Response:
        """The endpoint's last word, by way of the sign-in page if it asks for that."""
        answer = await self.ask(**members)
        return await self.sign_in(answer) if is_sign_in(answer) else answer

    async def tokens(self, **members: str) -> dict[str, Any]:
        answer = await trade(self.server, redirect_query(await self.authorize(**members))["code"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def id_token(self, **members: str) -> dict[str, Any]:
        return await verified(self.server, (await self.tokens(**members))["id_token"])

    async def is_signed_in(self) -> bool:
        return "code" in redirect_query(await self.ask(prompt="none"))


def is_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 302 and urlsplit(answer.headers["location"]).path == SIGN_IN


def sign_in_query(answer: httpx.Response) -> dict[str, str]:
    """The query that the sign-in page is shown with."""
    assert is_sign_in(answer), answer.headers
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def trade(server: Server, code: str, **form: str) -> httpx.Response:
    return await server.token({"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | form)


async def verified(server: Server, id_token: str) -> dict[str, Any]:
    """The claims of an id_token whose signature fits a published key."""
    header, claims, _ = take_apart(id_token)
    keys = {key["kid"]: key for key in (await server.http.get("/user/oauth/jwks")).json()["keys"]}
    assert header["alg"] == keys[header["kid"]]["alg"]
    assert is_signed_by(id_token, keys[header["kid"]])
    return claims


async def userinfo(server: Server, access_token: str) -> dict[str, Any]:
    answer = await server.http.get(USERINFO, headers=bearer(access_token))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def push(server: Server, client: tuple[str, str] | None = (WEB, WEB_SECRET), **members: str) -> httpx.Response:
    auth = httpx.BasicAuth(*client) if client is not None else httpx.USE_CLIENT_DEFAULT
    form = authorization(**({"scope": ALL, "nonce": "n-1"} | members))
    return await server.http.post("/user/oauth/par", data=form, auth=auth)


async def register_logout(playground: Playground, *uris: str, client_id: str = WEB) -> None:
    await playground.connection.execute(
        "update client set post_logout_redirect_uris = $2 where client_id = $1", client_id, list(uris)
    )
