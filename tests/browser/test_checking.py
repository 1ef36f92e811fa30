"""What sites ask without a page, and the pages that say no, in a real browser."""

from urllib.parse import urlencode

import pytest

from kolofon.platform.database import Connection
from tests.browser.surfing import NARROW, PLAIN, Looks, Window, seen_in
from tests.playground import Playground, Reader

FETCH = """async url => {
    const answer = await fetch(url, {credentials: "include"});
    return (await answer.text()).match(/'(.*)'/)[1];
}"""
TAG = """url => new Promise((done, failed) => {
    const tag = document.createElement("script");
    tag.src = url;
    tag.onload = () => done(globalThis.answer);
    tag.onerror = failed;
    document.head.append(tag);
})"""


def check_url(window: Window, site: str) -> str:
    """loginCheck of the client whose scripts lie at a site."""
    members = {"returnUrl": f"{site}/in.js", "errorUrl": f"{site}/out.js"}
    return f"{window.server.parts.settings.public_url}/user/loginCheck?{urlencode(window.site | members)}"


@pytest.mark.parametrize("script", [FETCH, TAG], ids=["fetch", "tag"])
async def test_a_script_of_the_same_site_learns_who_is_signed_in(
    window: Window, reader: Reader, site: str, script: str
) -> None:
    # Ports do not count in what a browser takes for one site, and the server's name here is localhost.
    same = site.replace("127.0.0.1", "localhost")
    for expected in ("/out.js", "/in.js"):
        await window.page.goto(f"{same}/front")
        assert await window.page.evaluate(script, check_url(window, same)) == expected
        await window.open("/user/login", **window.site)
        if expected == "/out.js":
            await window.sign_in(reader)


@pytest.mark.parametrize("script", [FETCH, TAG], ids=["fetch", "tag"])
async def test_a_script_of_another_site_learns_nothing(window: Window, reader: Reader, site: str, script: str) -> None:
    await window.open("/user/login", **window.site)
    await window.sign_in(reader)
    await window.page.goto(f"{site}/front")
    assert await window.page.evaluate(script, check_url(window, site)) == "/out.js"


@seen_in(Looks("nb"), PLAIN)
async def test_signed_in_until_signed_out(window: Window, reader: Reader, connection: Connection) -> None:
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.sorry
    await window.open("/user/login", **window.site)
    await window.sign_in(reader)
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.back
    await window.open("/user/logout", **window.site)
    assert window.page.url == window.back
    await window.open("/user/loginCheck", **window.site)
    assert window.page.url == window.sorry
    assert await connection.fetchval("select count(*) from user_session") == 0


@seen_in(NARROW, PLAIN)
async def test_an_unregistered_address_gets_a_page_and_no_redirect(window: Window) -> None:
    await window.open("/user/login", **window.site | {"returnUrl": "https://evil.example/"})
    assert await window.heading() == window.text("This link does not work")
    assert "/user/login?" in window.page.url
    await window.look("error")


@seen_in(NARROW, PLAIN)
async def test_the_mailbox_shows_what_was_sent(window: Window, reader: Reader, playground: Playground) -> None:
    await playground.add_credential(reader.unique_id, "+4790000001")
    await window.open("/dev/mailbox")
    await window.press("Stop refreshing")
    await window.look("mailbox-empty")
    for credential in (reader.credential, "+4790000001"):
        await window.open("/user/login", assumeNewUser="true", credential=credential, **window.site)
        await window.press("Send me a code")
    await window.open("/dev/mailbox", refresh="false")
    await window.page.get_by_text("HTML part").click()
    await window.look("mailbox")
    assert await window.newest_code(reader.credential) in await window.page.locator("main").inner_text()
