"""The reader's name."""

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.account.steps import audited, press
from tests.identity.pages.reading import reading
from tests.playground import Playground, Reader

PAGE = "account/name"


async def test_it_is_changed_and_written_down(
    server: Server, reader: Reader, playground: Playground, connection: Connection
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE)
        assert 'value="Kari"' in page.text
        for _ in range(2):
            answer = await press(browser, page, "save", first_name="Åse <b>", last_name=" Nilsen ")
            assert "done=name" in answer.headers["location"]
        assert "Åse &lt;b&gt; Nilsen" in (await browser.open("account")).text
    names = "select first_name, last_name from user_account where unique_id = $1"
    assert tuple(await connection.fetchrow(names, reader.unique_id) or ()) == ("Åse <b>", "Nilsen")
    assert tuple(await connection.fetchrow(names, ola.unique_id) or ()) == ("Kari", "Nordmann")
    before = {"first_name": "Kari", "last_name": "Nordmann"}
    after = {"first_name": "Åse <b>", "last_name": "Nilsen"}
    assert await audited(connection, "changeName") == [(before, after)]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\u0007b", "a\nb"])
async def test_what_is_no_name_is_refused_at_its_field(
    server: Server, reader: Reader, connection: Connection, name: str
) -> None:
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        answer = await press(browser, await browser.open(PAGE), "save", first_name=name, last_name="Nilsen")
    assert answer.status_code == 400
    assert 'id="first_name-error"' in answer.text
    assert await audited(connection, "changeName") == []
