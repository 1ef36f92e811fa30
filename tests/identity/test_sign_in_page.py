"""The sign-in page: plain HTML, no script, and safe against what other sites may try."""

import re
from html import unescape
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization, submit_sign_in
from tests.identity.steps import AUTHORIZE, disable
from tests.playground import APP, APP_CALLBACK, CALLBACK, PASSWORD, WEB, Playground, Reader

LOGIN = "/user/oauthLogin"
QUERY = urlencode(authorization())


class Page(HTMLParser):
    """What a browser without script sees: tags, and the fields of the form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def fields(self) -> dict[str, str]:
        return {field["name"]: field.get("value", "") for field in self.all("input")}


def directives(answer: httpx.Response) -> dict[str, str]:
    """The Content-Security-Policy, by directive."""
    return dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))


async def open_page(http: httpx.AsyncClient, path: str = AUTHORIZE, **members: str) -> httpx.Response:
    return await http.get(path, params=authorization(**members))


async def fill_in(http: httpx.AsyncClient, username: str, password: str) -> httpx.Response:
    page = await http.get(f"{LOGIN}?{QUERY}")
    return await submit_sign_in(http, str(page.url), page.text, username, password)


def cookies_set(answer: httpx.Response) -> SimpleCookie:
    return SimpleCookie("\r\n".join(answer.headers.get_list("set-cookie")))


async def test_the_page_works_without_script(server: Server, reader: Reader) -> None:
    async with server.browser() as http:
        answer = await open_page(http, state="æ&<\"'>")
        page = Page(answer.text)
        assert not page.all("script")
        assert not page.all("style")
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith(("on", "style"))]
        [form] = page.all("form")
        assert form["method"] == "post"
        assert set(page.fields) == {"form_token", "j_username", "j_password", "remember"}
        assert [button["id"] for button in page.all("button")] == ["loginButton", "codeButton"]
        for sheet in page.all("link"):
            if sheet["rel"] == "stylesheet":
                assert (await http.get(sheet["href"])).headers["content-type"].startswith("text/css")
        fields = page.fields | {"j_username": reader.credential, "j_password": PASSWORD}
        answer = await http.post(form["action"], data=fields, follow_redirects=False)
        assert answer.status_code == 303
        answer = await http.get(answer.headers["location"], follow_redirects=False)
        assert answer.headers["location"].startswith(f"{CALLBACK}?code=")
        assert answer.headers["location"].endswith(urlencode({"state": "æ&<\"'>", "iss": server.parts.settings.issuer}))


async def test_a_credential_may_be_typed_as_people_do(server: Server, reader: Reader, playground: Playground) -> None:
    await playground.add_credential(reader.unique_id, "+4790000000")
    async with server.browser() as http:
        for username in ("  KARI@Example.NO ", "900 00 000", "+47 900 00 000"):
            assert (await fill_in(http, username, PASSWORD)).status_code == 303


async def test_a_form_from_elsewhere_signs_no_one_in(server: Server, reader: Reader) -> None:
    async with server.browser() as attacker, server.browser() as victim:
        page = await open_page(attacker)
        stolen = Page(page.text).fields["form_token"]
        form = {"j_username": reader.credential, "j_password": PASSWORD}
        url = f"{LOGIN}?{QUERY}"
        answers = [await victim.post(url, data=form | {"form_token": stolen})]
        await open_page(victim)
        answers += [await victim.post(url, data=form | {"form_token": token}) for token in ("", stolen, "æ", "0" * 64)]
        answers.append(await victim.post(url, data=form))
        answers.append(await victim.post(url, json=form))
    for answer in answers:
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")
        assert "kolofon_session" not in cookies_set(answer)


async def test_the_page_tells_nothing_of_which_accounts_there_are(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock
) -> None:
    disabled = await playground.add_reader("off@example.no")
    await disable(connection, clock, disabled)
    without = await playground.add_reader("none@example.no")
    await connection.execute("update user_account set password_hash = null where unique_id = $1", without.unique_id)
    attempts = [
        (reader.credential, "wrong"),
        (reader.credential, PASSWORD + " "),
        (reader.credential, PASSWORD + "x" * 2000),
        (reader.credential, ""),
        ("nobody@example.no", PASSWORD),
        (disabled.credential, PASSWORD),
        (without.credential, ""),
        ("AID:12", PASSWORD),
        ("not a credential", PASSWORD),
    ]
    seen = set()
    async with server.browser() as http:
        for username, password in attempts:
            answer = await fill_in(http, username, password)
            assert "kolofon_session" not in cookies_set(answer)
            echoed = Page(answer.text).fields["j_username"]
            assert echoed == username
            seen.add((answer.status_code, unescape(answer.text).replace(f'value="{echoed}"', "")))
        without_name = await fill_in(http, "", PASSWORD)
    [(status, text)] = seen
    assert status == 400
    assert "kari@example.no" not in text
    # Who typed no name is led to that field; else it is the same.
    assert without_name.status_code == 400
    assert unescape(without_name.text).replace(" autofocus", "").replace('value=""', "") == text.replace(
        " autofocus", ""
    )


@pytest.mark.parametrize("username", ["kari@example.no", "nobody@example.no"])
async def test_guessing_a_password_is_throttled(server: Server, reader: Reader, username: str) -> None:
    async with server.browser() as http:
        for _ in range(40):
            answer = await fill_in(http, username, "wrong")
            if answer.status_code != 400:
                break
        assert answer.status_code == 429
        assert Page(answer.text).all("form")
        # From here on even the right password has to wait: otherwise guessing would go on.
        answer = await fill_in(http, username, PASSWORD)
        assert answer.status_code == 429
        assert "kolofon_session" not in cookies_set(answer)


async def test_the_page_speaks_the_browsers_language(server: Server) -> None:
    buttons = {"nb": "Logg inn", "nn": "Logg inn", "sv": "Logga in", "en": "Sign in"}
    wanted = {
        "nb": "nb",
        "no": "nb",
        "nn-NO, en;q=0.8": "nn",
        "sv-SE,sv;q=0.9,en;q=0.8": "sv",
        "en-GB": "en",
        "de, en;q=0.5, sv;q=0.9": "sv",
        "fr": "nb",
        "": "nb",
        ";;q=x,*;q=,": "nb",
    }
    async with server.browser() as http:
        for accept, language in wanted.items():
            page = await http.get(f"{LOGIN}?{QUERY}", headers={"Accept-Language": accept})
            refused = await http.get(LOGIN, headers={"Accept-Language": accept})
            for answer in (page, refused):
                assert answer.headers["content-language"] == language, accept
                assert f'<html lang="{language}">' in answer.text
            assert f">{buttons[language]}</button>" in page.text


async def test_every_page_is_sent_with_the_headers_that_keep_it_safe(server: Server) -> None:
    async with server.browser() as http:
        refused = await open_page(http, client_id="no.such.client")
        retry = await fill_in(http, "nobody@example.no", "wrong")
        for answer in (await open_page(http), retry, refused, await http.get(f"{LOGIN}?{QUERY}")):
            policy = directives(answer)
            assert policy["default-src"] == "'none'"
            assert policy["frame-ancestors"] == "'none'"
            assert policy["base-uri"] == "'none'"
            assert policy["style-src"] == "'self'"
            assert "script-src" not in policy
            assert not [values for values in policy.values() if "unsafe" in values]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_form_may_lead_to_the_client_and_nowhere_else(server: Server) -> None:
    targets = {WEB: (CALLBACK, "https://web.example.no"), APP: (APP_CALLBACK, "no.example.app:")}
    async with server.browser() as http:
        for client_id, (callback, origin) in targets.items():
            answer = await http.get(f"{LOGIN}?{urlencode(authorization(client_id=client_id, redirect_uri=callback))}")
            assert directives(answer)["form-action"] == f"'self' {origin}"


async def test_what_comes_from_outside_is_shown_as_text(server: Server, playground: Playground) -> None:
    evil = "\"><script>alert(1)</script><b x='"
    async with server.browser() as http:
        for answer in (
            await open_page(http, state=evil),
            await http.get(f"{LOGIN}?{QUERY}&x={evil}"),
            await fill_in(http, evil, "x"),
            await open_page(http, client_id=evil),
            await open_page(http, redirect_uri=evil),
        ):
            page = Page(answer.text)
            assert not page.all("script")
            assert not page.all("b")
            assert evil not in answer.text


async def test_the_page_redirects_to_no_place_that_is_not_the_clients(server: Server, reader: Reader) -> None:
    evil = "https://evil.example/"
    for query in (
        urlencode(authorization(redirect_uri=evil)),
        urlencode(authorization(client_id="no.such.client", redirect_uri=evil)),
        "",
    ):
        async with server.browser() as http:
            answer = await http.get(f"{LOGIN}?{query}", follow_redirects=False)
            assert (answer.status_code, "location" in answer.headers) == (400, False)
    extra = urlencode({"returnUrl": evil, "next": evil, "url": evil})
    async with server.browser() as http:
        page = await http.get(f"{LOGIN}?{QUERY}&{extra}")
        answer = await submit_sign_in(http, str(page.url), page.text, reader.credential, PASSWORD)
        assert answer.headers["location"].startswith(f"{server.base_url}{AUTHORIZE}?")
        answer = await http.get(answer.headers["location"], follow_redirects=False)
        assert answer.headers["location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize("prefix", ["/user", "/login"])
async def test_a_browser_stays_at_the_address_it_came_to(server: Server, reader: Reader, prefix: str) -> None:
    async with server.browser() as http:
        page = await open_page(http, f"{prefix}/oauth/authorize")
        assert page.url.path == f"{prefix}/oauthLogin"
        [form] = Page(page.text).all("form")
        assert form["action"].startswith(f"{prefix}/oauthLogin?")
        assert f'href="{prefix}/static/pages.css"' in page.text
        refused = await http.get(f"{prefix}/oauth/authorize")
        assert f'href="{prefix}/static/pages.css"' in refused.text
        answer = await submit_sign_in(http, form["action"], page.text, reader.credential, PASSWORD)
        assert answer.headers["location"].startswith(f"{server.base_url}{prefix}/oauth/authorize?")
        answer = await http.get(answer.headers["location"], follow_redirects=False)
    location = answer.headers["location"]
    assert location.endswith(urlencode({"iss": server.parts.settings.issuer}))
    code = re.search(r"code=([^&]+)", location)
    assert code is not None
    form_data = {"grant_type": "authorization_code", "code": code.group(1), "redirect_uri": CALLBACK}
    answer = await server.http.post(
        f"{prefix}/oauth/token", data=form_data, auth=(WEB, "web-secret-that-is-long-enough-for-tests")
    )
    assert answer.status_code == 200, answer.text
