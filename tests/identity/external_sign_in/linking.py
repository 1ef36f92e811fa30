"""A signed-in reader who adds a provider on the account page."""

import re
from html import unescape
from typing import Any

import httpx

from tests.identity.account.steps import follow, press
from tests.identity.external_sign_in.travelling import CODE, Travelling

PAGE = "account/providers"


def leave_url(page: httpx.Response, code: str = CODE) -> str:
    """The link on the page that begins adding a provider."""
    urls = [unescape(url) for url in re.findall(r'href="([^"]*/providers/leave\?[^"]*)"', page.text)]
    return next(url for url in urls if f"provider={code}&" in url)


async def go_to_provider(browser: Travelling, code: str = CODE, **members: str) -> str:
    """Begin adding a provider and be signed in there; returns where it sends the browser back to."""
    page = await browser.open(PAGE, **members)
    assert page.status_code == 200, page.text
    left = await browser.come_back(leave_url(page, code))
    assert left.status_code == 302, left.text
    back = await browser.come_back(left.headers["location"])
    return str(back.headers["location"])


async def asked(browser: Travelling, code: str = CODE, **members: str) -> httpx.Response:
    """The page that asks whether to add what the provider told."""
    return await follow(browser, await browser.come_back(await go_to_provider(browser, code, **members)))


async def add(browser: Travelling, code: str = CODE) -> httpx.Response:
    """Add a provider."""
    return await press(browser, await asked(browser, code, lang="en"), "link")


async def remove(browser: Travelling, **fields: str) -> httpx.Response:
    """Remove the first one."""
    return await press(browser, await browser.open(PAGE, lang="en"), "remove", **fields)


async def end_of(browser: Travelling, answer: httpx.Response) -> httpx.Response:
    """The page that redirects lead to, at most three."""
    for _ in range(3):
        if answer.status_code in {302, 303}:
            answer = await follow(browser, answer)
    return answer


async def post(browser: Travelling, path: str, **fields: Any) -> httpx.Response:
    """A form of ours that the page does not show."""
    page = await browser.open("account/name")
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    return await browser.http.post(f"/user/{path}", data={"form_token": token} | fields, follow_redirects=False)
