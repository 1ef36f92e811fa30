"""A device that wants to sign in, and a reader with a browser beside it."""

from typing import Any
from urllib.parse import urlencode

import httpx

from kolofon.identity.oauth.rfc6749 import DEVICE_CODE
from tests.browser_session import Server
from tests.identity.pages.reading import Form
from tests.playground import PASSWORD, WEB, WEB_SECRET, Playground

TV = "no.example.tv"
DEVICE = "/user/device"
AUTHORIZATION = "/user/oauth/device_authorization"


async def add_tv(playground: Playground, **columns: Any) -> None:
    """A public client on a television."""
    grants = {"grant_types": ["device_code", "refresh_token"], "name": "Example TV"}
    await playground.add_client(TV, 1, None, [], **(grants | columns))


class Device:
    """What a client on a device does."""

    def __init__(self, server: Server, codes: dict[str, Any], client: tuple[str, str] | None = None) -> None:
        self.server = server
        self.codes = codes
        self.client = client

    @property
    def user_code(self) -> str:
        return str(self.codes["user_code"])

    async def poll(self, server: Server | None = None, **form: str) -> httpx.Response:
        members = {"grant_type": DEVICE_CODE, "device_code": self.codes["device_code"]}
        if self.client is None:
            members["client_id"] = TV
        found = {name: value for name, value in (members | form).items() if value}
        return await (server or self.server).token(found, self.client)

    async def error(self) -> str:
        answer = await self.poll()
        assert answer.status_code == 400, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return str(answer.json()["error"])


async def ask(server: Server, **form: str) -> httpx.Response:
    """The television asks for its codes; an empty value leaves a member out."""
    members = {"client_id": TV, "scope": "openid read"} | form
    return await server.http.post(AUTHORIZATION, data={name: value for name, value in members.items() if value})


async def device(server: Server, **form: str) -> Device:
    answer = await ask(server, **form)
    assert answer.status_code == 200, answer.text
    return Device(server, answer.json())


async def web_device(server: Server) -> Device:
    """A device of the web client, which has a secret."""
    client = (WEB, WEB_SECRET)
    answer = await server.http.post(AUTHORIZATION, auth=client)
    assert answer.status_code == 200, answer.text
    return Device(server, answer.json(), client)


class Viewer:
    """A reader's browser at the page for devices. Redirects are followed one by one, on this server."""

    def __init__(self, server: Server, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def open(self, **query: str) -> httpx.Response:
        return await self.http.get(f"{DEVICE}?{urlencode(query)}")

    async def press(self, page: httpx.Response, button: str, **fields: str) -> httpx.Response:
        """Send the page's form; redirects are not followed."""
        form = Form(page.text)
        assert button in form.buttons, page.text
        data = form.fields | {"action": button} | fields
        return await self.http.post(form.action, data=data, follow_redirects=False)

    async def type_code(self, code: str) -> httpx.Response:
        """What comes after the code: the sign-in page, or the question, or the form again."""
        answer = await self.press(await self.open(), "enter", user_code=code)
        return await self.follow(answer)

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code not in {302, 303}:
            return answer
        return await self.http.get(answer.headers["location"])

    async def sign_in(self, page: httpx.Response, credential: str) -> httpx.Response:
        """Sign in at the page that a code led to; returns what comes after it."""
        sent = await self.press(page, "password", j_username=credential, j_password=PASSWORD)
        return await self.follow(sent)

    async def question(self, code: str, credential: str) -> httpx.Response:
        """The question, by way of the sign-in page."""
        answer = await self.sign_in(await self.type_code(code), credential)
        assert is_question(answer), answer.text
        return answer

    async def permit(self, code: str, credential: str) -> httpx.Response:
        answer = await self.press(await self.question(code, credential), "yes")
        assert answer.status_code == 200, answer.text
        return answer


def is_question(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and {"yes", "no"} <= set(Form(answer.text).buttons)


def is_form(answer: httpx.Response) -> bool:
    return "enter" in Form(answer.text).buttons


def is_sign_in(answer: httpx.Response) -> bool:
    return answer.url.path == "/user/login" and "password" in Form(answer.text).buttons


async def grants(playground: Playground) -> int:
    return int(await playground.connection.fetchval("select count(*) from oauth_grant"))
