"""Where no provider is set up, the account page says nothing of them."""

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.pages.reading import reading
from tests.playground import Reader


async def test_without_providers_there_is_no_such_section(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    # A provider that was taken out of the file signs nobody in, so there is nothing to show of it.
    await connection.execute(
        "insert into external_sign_in_link values ('gone', 'https://gone.example', 's', $1, $2, $2)",
        reader.unique_id,
        clock.now(),
    )
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential)
        assert "Other ways to sign in" not in (await browser.open("account", lang="en")).text
        for page in ("providers", "providers/leave", "providers/link"):
            answer = await browser.open(f"account/{page}")
            while answer.headers["location"].startswith("/user/account/"):
                answer = await browser.http.get(answer.headers["location"], follow_redirects=False)
            assert answer.headers["location"].startswith("/user/account?")
