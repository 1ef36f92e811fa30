"""The server as a test sees it, and a small browser that signs readers in."""

import re
import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from kolofon.app import Parts
from tests.playground import CALLBACK, PASSWORD, WEB, WEB_SECRET

# Each client would read them anew, which takes longer than most of what it is used for.
_CERTIFICATES = ssl.create_default_context()


class Server:
    """A running server: `http` talks to it; the methods below do what a client or a browser would."""

    def __init__(self, base_url: str, parts: Parts) -> None:
        self.base_url = base_url
        self.parts = parts
        headers = {"Accept": "application/json"}
        self.http = httpx.AsyncClient(base_url=base_url, timeout=30, headers=headers, verify=_CERTIFICATES)

    async def close(self) -> None:
        """Hang up."""
        await self.http.aclose()

    async def client_token(self, client_id: str = WEB, secret: str = WEB_SECRET) -> str:
        """A client-mode access token."""
        answer = await self.token({"grant_type": "client_credentials"}, (client_id, secret))
        return str(answer.json()["access_token"])

    async def token(
        self, form: dict[str, str], client: tuple[str, str] | None = (WEB, WEB_SECRET), **options: Any
    ) -> httpx.Response:
        """Ask the token endpoint, with the client in the Basic header."""
        auth = httpx.BasicAuth(*client) if client is not None else httpx.USE_CLIENT_DEFAULT
        return await self.http.post("/user/oauth/token", data=form, auth=auth, **options)

    async def sign_in(self, credential: str, password: str = PASSWORD, **authorize: str) -> "SignedIn":
        """Go through authorize and the sign-in page like a browser, up to the redirect to the client."""
        async with self.browser() as browser:
            page = await browser.get("/user/oauth/authorize", params=authorization(**authorize))
            answer = await submit_sign_in(browser, str(page.url), page.text, credential, password)
            back = await browser.get(self._here(answer.headers["location"]), follow_redirects=False)
            return SignedIn(back.headers["location"], dict(browser.cookies))

    async def code(self, credential: str, **authorize: str) -> str:
        """An authorization code for a reader."""
        return (await self.sign_in(credential, **authorize)).query["code"]

    async def user_tokens(self, credential: str) -> dict[str, Any]:
        """The token answer for a reader who signs in at the web client."""
        form = {"grant_type": "authorization_code", "code": await self.code(credential), "redirect_uri": CALLBACK}
        answer = await self.token(form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def user_token(self, credential: str) -> str:
        """An access token for a reader."""
        return str((await self.user_tokens(credential))["access_token"])

    def browser(self) -> httpx.AsyncClient:
        """A browser with cookies of its own, which follows redirects on this server."""
        return httpx.AsyncClient(
            base_url=self.base_url,
            follow_redirects=True,
            timeout=30,
            verify=_CERTIFICATES,
            headers={"Accept": "text/html"},
            event_hooks={"response": [self._stay_here]},
        )

    async def _stay_here(self, response: httpx.Response) -> None:
        # The public URL has the default port; this server has a free one.
        if "location" in response.headers:
            response.headers["location"] = self._here(response.headers["location"])

    def _here(self, url: str) -> str:
        return url.replace(self.parts.settings.public_url, self.base_url)


class SignedIn:
    """Where the browser was sent, and the cookies it has."""

    def __init__(self, location: str, cookies: dict[str, str]) -> None:
        self.location = location
        self.cookies = cookies

    @property
    def query(self) -> dict[str, str]:
        """The query of the redirect."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.location).query).items()}


def authorization(**members: str) -> dict[str, str]:
    """The query of an authorization request of the web client; an empty value leaves a member out."""
    query = {"response_type": "code", "client_id": WEB, "redirect_uri": CALLBACK, "state": "s-1"} | members
    return {name: value for name, value in query.items() if value}


async def submit_sign_in(
    browser: httpx.AsyncClient, url: str, html: str, credential: str, password: str
) -> httpx.Response:
    """Fill in the sign-in form of a page and send it."""
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', html)
    assert token is not None, html
    form = {"j_username": credential, "j_password": password, "form_token": token.group(1)}
    return await browser.post(url, data=form, follow_redirects=False)


def bearer(token: str) -> dict[str, str]:
    """The header of an API call."""
    return {"Authorization": f"Bearer {token}"}
