"""Redirects and headers: no page leads, or can be framed, where it should not, whatever a request says of itself."""

import re

import httpx
import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization
from tests.identity.account.steps import press
from tests.identity.pages.reading import reading, site
from tests.playground import WEB, Reader

EVIL = "evil.example"
PAGES = [
    "login", "createUser", "register", "forgottenPassword", "loginCheck", "logout", "oauthLogin", "device",
    "oauth/authorize", "oauth/logout", "external/vipps", "externalConfirm", "account", "account/name",
    "account/credentials", "account/password", "account/security", "account/security/app", "account/security/passkey",
    "account/sessions", "account/sites", "account/sign-ins", "account/providers",
]  # fmt: skip
SPELLINGS = [
    f"https://{EVIL}/",
    f"//{EVIL}/",
    f"https://web.example.no@{EVIL}/",
    f"https://web.example.no\\.{EVIL}/",
    f"https://web.example.no.{EVIL}/",
    f"http://127.0.0.1:8000/user/account/../../{EVIL}",
    f"http://127.0.0.1:8000@{EVIL}/user/account",
    f"http://127.0.0.1:8000/user/account\r\nLocation: https://{EVIL}/",
    "javascript:alert(1)",
]


def leads_to(answer: httpx.Response) -> list[str]:
    """Where an answer sends a browser to, or offers to."""
    hrefs = re.findall(r'(?:href|action|src)="([^"]+)"', answer.text)
    return [answer.headers.get("location", ""), answer.headers.get("refresh", ""), *hrefs]


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("page_name", PAGES)
async def test_no_page_leads_elsewhere(
    server: Server, connection: Connection, reader: Reader, page_name: str, signed_in: bool
) -> None:
    async with reading(server, connection) as browser:
        if signed_in:
            await browser.sign_in(reader.credential)
        for url in SPELLINGS:
            names = ("returnUrl", "errorUrl", "redirect_uri", "post_logout_redirect_uri", "ask", "handover")
            for query in (
                site(**dict.fromkeys(names, url)),
                authorization(client_id=WEB, **dict.fromkeys(names[2:], url)),
                site(returnUrl=url),
                site(errorUrl=url),
            ):
                answer = await browser.http.get(f"/user/{page_name}", params=query, follow_redirects=False)
                assert answer.status_code in {200, 302, 303, 400, 401, 404, 429}, (url, answer.status_code)
                for target in leads_to(answer):
                    # As a value in the query of our own page it is checked there once more.
                    assert EVIL not in target.partition("?")[0], (url, target)
                    assert not target.startswith("javascript:")


@pytest.mark.parametrize("page_name", PAGES)
async def test_a_request_does_not_say_who_we_are(
    server: Server, connection: Connection, reader: Reader, page_name: str
) -> None:
    """Links and redirects are made of the public address, never of a header."""
    headers = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "Forwarded": f"host={EVIL}"}
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        for query in (site(), authorization()):
            answer = await browser.http.get(f"/user/{page_name}", params=query, headers=headers, follow_redirects=False)
            assert EVIL not in answer.text
            assert EVIL not in str(answer.headers)


@pytest.mark.parametrize("signed_in", [False, True])
async def test_every_page_has_the_headers_that_keep_it_safe(
    server: Server, connection: Connection, reader: Reader, signed_in: bool
) -> None:
    pages = 0
    async with reading(server, connection) as browser:
        if signed_in:
            await browser.sign_in(reader.credential)
        for page_name in PAGES:
            for query in (site(), authorization(), {}, {"lang": "sv"}):
                answer = await browser.http.get(f"/user/{page_name}", params=query, follow_redirects=False)
                if not answer.headers.get("content-type", "").startswith("text/html"):
                    assert answer.headers.get("cache-control") == "no-store", page_name
                    continue
                pages += 1
                policy = answer.headers["content-security-policy"]
                assert policy.startswith("default-src 'none'; "), page_name
                assert "frame-ancestors 'none'" in policy
                assert "base-uri 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["cache-control"] == "no-store", page_name
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["x-frame-options"] == "DENY"
                assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|style=\"", answer.text), page_name
                for cookie in answer.headers.get_list("set-cookie"):
                    assert "httponly" in cookie.lower()
                    assert "samesite=lax" in cookie.lower()
    assert pages > 20


@pytest.mark.parametrize("way", ["password", "code", "authorize", "logout", "account"])
async def test_a_form_is_never_sent_on(server: Server, connection: Connection, reader: Reader, way: str) -> None:
    """A 307 would have the browser send the password to the client (RFC 9700, section 4.12)."""
    async with reading(server, connection) as browser:
        if way == "password":
            answer = await browser.sign_in(reader.credential)
        elif way == "code":
            page = await browser.ask_for_code(reader.credential)
            answer = await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        elif way == "account":
            await browser.sign_in(reader.credential)
            page = await browser.http.get(f"/user/account/name?clientId={WEB}")
            answer = await press(browser, page, "save", first_name="Kari", last_name="N")
        else:
            path = "/user/oauth/authorize" if way == "authorize" else "/user/oauth/logout"
            answer = await browser.http.post(path, data=authorization(), follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
