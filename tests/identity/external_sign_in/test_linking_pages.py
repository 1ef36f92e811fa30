"""What the account page shows of providers, and where its links lead."""

import pytest

from kolofon.platform.database import Connection
from tests.identity.account.steps import follow, press
from tests.identity.external_sign_in.linking import PAGE, add, asked, end_of, leave_url
from tests.identity.external_sign_in.travelling import Travelling
from tests.playground import OTHER, Reader


async def test_the_newspapers_providers_are_offered_and_all_linked_ones_are_shown(
    reader: Reader, reader_there: Travelling
) -> None:
    await reader_there.sign_in(reader.credential)
    page = await reader_there.open(PAGE, lang="en")
    assert "Add Vipps" in page.text
    assert "Add The Other" in page.text
    await add(reader_there, "other")
    elsewhere = await reader_there.http.get(f"/user/{PAGE}", params={"clientId": OTHER, "lang": "en"})
    assert "Add Vipps" in elsewhere.text
    assert "Add The Other" not in elsewhere.text
    assert ">The Other</strong>" in elsewhere.text
    overview = await reader_there.open("account", lang="en")
    assert "Other ways to sign in" in overview.text
    assert '<span class="detail">The Other</span>' in overview.text


async def test_the_question_can_be_had_in_another_language(reader: Reader, reader_there: Travelling) -> None:
    await reader_there.sign_in(reader.credential)
    page = await asked(reader_there, lang="nb")
    assert "Vil du legge til Vipps i kontoen din?" in page.text
    url = str(page.url)
    for language, words in (("nn", "Vil du legge til Vipps"), ("sv", "Vill du lägga till Vipps"), ("en", "Add Vipps")):
        page = await reader_there.http.get(f"{url}&lang={language}")
        assert words in page.text
    assert "done=linked" in (await press(reader_there, page, "link")).headers["location"]


@pytest.mark.parametrize("prefix", ["user", "login"])
async def test_the_address_and_the_newspaper_are_kept_all_the_way(
    reader: Reader, reader_there: Travelling, prefix: str
) -> None:
    await reader_there.sign_in(reader.credential)
    query = "clientId=no.example.web&returnUrl=https%3A%2F%2Fweb.example.no%2Fwelcome%3Fa%3D1"
    page = await reader_there.http.get(f"/{prefix}/{PAGE}?{query}")
    left = await reader_there.come_back(leave_url(page))
    question = await end_of(reader_there, await reader_there.come_back(left.headers["location"]))
    assert question.url.path == f"/{prefix}/account/providers/link"
    done = await press(reader_there, question, "link")
    assert done.headers["location"] == f"/{prefix}/account/providers?{query}&done=linked"


async def test_without_a_newspaper_nothing_is_offered_but_what_is_linked_is_shown(
    reader: Reader, reader_there: Travelling, connection: Connection
) -> None:
    await reader_there.sign_in(reader.credential)
    await add(reader_there)
    await connection.execute("update user_session set client_id = null")
    page = await reader_there.http.get(f"/user/{PAGE}?lang=en")
    assert "Add Vipps" not in page.text
    assert ">Vipps</strong>" in page.text
    # The last one is gone with a word.
    assert "It is removed." in (await follow(reader_there, await press(reader_there, page, "remove"))).text
