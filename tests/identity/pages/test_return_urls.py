"""Where a browser may be sent: only to what the client has registered, however a URL is spelled."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import SORRY, Reading, is_back, reading
from tests.identity.steps import eventually
from tests.playground import Playground, Reader

PAGES = ["login", "createUser", "register", "loginCheck", "logout", "forgottenPassword"]
EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https://evil.example\\@web.example.no/",
    "https://web.example.no\\.evil.example/",
    "https://web.example.no@evil.example/",
    "https://evil.example@web.example.no/",
    "https://user:pass@web.example.no/",
    "https://web.example.no:8443/",
    "https://web.example.no:443@evil.example/",
    "https://web.example.no.evil.example/",
    "https://sub.web.example.no/",
    "https://example.no/",
    "https://web.example.no./",
    "https://web.example.n\u043e/",
    "https://web。example.no/",
    "https://web%2eexample.no/",
    "http://web.example.no/",
    "http://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://web.example.no/",
    "no.example.app:/callback",
    "/welcome",
    "welcome",
    " https://web.example.no/",
    "https://web.example.no/\r\nSet-Cookie: a=b",
    "ht\ttps://evil.example/",
    "https://evil.example/#@web.example.no/",
    "https://evil.example?https://web.example.no/",
    "https://[web.example.no]/",
    "https://web.example.no:x/",
    "https://web.example.no/" + "x" * 5000,
]


async def is_known(browser: Reading, client_id: str) -> bool:
    return (await browser.open("loginCheck", clientId=client_id)).status_code == 302


@pytest.mark.parametrize("url", EVIL)
async def test_no_page_leads_to_a_place_that_is_not_the_clients(
    server: Server, reader: Reader, connection: Connection, url: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        for page in PAGES:
            for members in ({"returnUrl": url}, {"errorUrl": url}):
                answer = await browser.open(page, **members)
                assert (page, answer.status_code, "location" in answer.headers) == (page, 400, False)
                assert "evil.example" not in answer.headers.get("content-security-policy", "")


async def test_a_refused_page_tells_what_is_wrong_and_still_has_its_languages(
    server: Server, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.open("login", returnUrl="https://evil.example/", lang="nn")
    assert "Denne lenkja verkar ikkje" in answer.text
    assert "returnUrl: the host is not registered" in answer.text
    assert 'href="https://evil.example' not in answer.text
    assert 'hreflang="sv"' in answer.text


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://web.example.no", "https://web.example.no"),
        ("https://WEB.example.NO/a", "https://WEB.example.NO/a"),
        ("HTTPS://web.example.no:443/a?b=%C3%A6#c", "HTTPS://web.example.no:443/a?b=%C3%A6#c"),
        ("https://web.example.no/å?å", "https://web.example.no/%C3%A5?%C3%A5"),
        ("https://www.shop.example/x?u=https://evil.example/", "https://www.shop.example/x?u=https://evil.example/"),
        ("https://shop.example:8443/x", "https://shop.example:8443/x"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
    ],
)
async def test_registered_hosts_and_those_of_the_redirect_uris_are_good(
    server: Server, reader: Reader, playground: Playground, connection: Connection, url: str, location: str
) -> None:
    await playground.add_client(
        "no.example.shop",
        1,
        "a secret of the shop that is long enough",
        ["https://web.example.no/callback"],
        return_hosts=["www.shop.example", "shop.example:8443", "127.0.0.1:8080"],
    )
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        await eventually(lambda: is_known(browser, "no.example.shop"))
        answer = await browser.open("login", clientId="no.example.shop", returnUrl=url)
        assert answer.headers["location"] == location
        for insecure in ("http://www.shop.example/x", "http://shop.example:8443/x"):
            answer = await browser.open("login", clientId="no.example.shop", returnUrl=insecure)
            assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_a_form_is_held_to_the_same_rule(server: Server, reader: Reader, connection: Connection) -> None:
    async with reading(server, connection) as browser:
        page = await browser.open("login")
        changed = page.text.replace("https%3A%2F%2Fweb.example.no", "https%3A%2F%2Fevil.example")
        assert changed != page.text
        page.__dict__["_text"] = changed
        answer = await browser.press(page, "password", j_username=reader.credential, j_password="x")
        assert (answer.status_code, "location" in answer.headers) == (400, False)
        assert not await browser.is_signed_in()


async def test_a_disabled_client_has_no_pages(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    await playground.add_client("no.example.gone", 1, "a" * 40, ["https://web.example.no/callback"], disabled=True)
    async with reading(server, connection) as browser:
        assert is_back(await browser.sign_in(reader.credential))
        for page in PAGES:
            answer = await browser.open(page, clientId="no.example.gone", errorUrl=SORRY)
            assert (answer.status_code, "location" in answer.headers) == (400, False)


OWN = "http://127.0.0.1:8000/user"


@pytest.mark.parametrize(
    "url",
    [
        f"{OWN}/account",
        f"{OWN}/account?clientId=x&returnUrl=https%3A%2F%2Fevil.example%2F",
        f"{OWN}/account/sign-ins",
        f"{OWN}/account/security/recovery-codes?a=b",
        f"{OWN}/device?user_code=WDJB-MJHT",
        "http://127.0.0.1:8000/login/account",
    ],
)
async def test_pages_here_that_readers_sign_in_for_are_good(
    server: Server, reader: Reader, connection: Connection, url: str
) -> None:
    assert server.parts.settings.public_url == "http://127.0.0.1:8000"
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await browser.open("login", returnUrl=url, errorUrl=url)
        assert answer.headers["location"].partition("?")[0].endswith(url.partition("?")[0].rpartition(":8000")[2])


@pytest.mark.parametrize(
    "url",
    [
        f"{OWN}/accountx",
        f"{OWN}/account/",
        f"{OWN}/account/../logout",
        f"{OWN}/account/%2e%2e/logout",
        f"{OWN}/account/..",
        f"{OWN}/account//evil.example",
        f"{OWN}/account/a/b/c/d",
        f"{OWN}/account#x",
        f"{OWN}/account;x",
        f"{OWN}/account\\x",
        f"{OWN}/device/x",
        f"{OWN}/logout?returnUrl=x",
        f"{OWN}/oauth/authorize?client_id=x",
        f"{OWN}/Account",
        f"{OWN}",
        f"{OWN}/",
        "http://127.0.0.1:8000/capi/account",
        "http://127.0.0.1:8000/account",
        "http://127.0.0.1:8001/user/account",
        "https://127.0.0.1:8000/user/account",
        "HTTP://127.0.0.1:8000/user/account",
        "http://127.0.0.1:8000@evil.example/user/account",
        "http://127.0.0.1:8000.evil.example/user/account",
        "http://localhost:8000/user/account",
        "/user/account",
    ],
)
async def test_nothing_else_here_is(server: Server, reader: Reader, connection: Connection, url: str) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        for page in PAGES:
            answer = await browser.open(page, returnUrl=url)
            assert (page, answer.status_code, "location" in answer.headers) == (page, 400, False)
