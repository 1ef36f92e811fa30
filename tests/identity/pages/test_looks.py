"""What a page looks like is the client's, as far as that is safe."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import reading
from tests.playground import WEB, Playground

PICTURE = "https://pictures.example.no/fjord.jpg?a=1&b=2"
ON_PAGE = '<img class="background" src="https://pictures.example.no/fjord.jpg?a=1&amp;b=2" alt="" loading="lazy">'


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.connection.execute("update client set background_url = $2 where client_id = $1", WEB, PICTURE)
    return playground


@pytest.mark.parametrize("page", ["login", "createUser", "forgottenPassword"])
async def test_a_picture_stands_behind_the_pages_without_a_style_of_its_own(
    server: Server, connection: Connection, page: str
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.open(page)
    assert ON_PAGE in answer.text
    assert "style=" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "style-src 'self';" in policy
    assert "img-src 'self' https: data:;" in policy
    # The picture's host learns neither the page nor the request.
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_client_without_a_picture_has_a_plain_page(
    server: Server, connection: Connection, playground: Playground
) -> None:
    async with reading(server, connection) as browser:
        answer = await browser.http.get(
            "/user/oauthLogin",
            params={"client_id": "no.example.app", "redirect_uri": "no.example.app:/callback"},
        )
    assert answer.status_code == 200
    assert 'class="background"' not in answer.text
