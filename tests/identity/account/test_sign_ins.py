"""Recent sign-ins: what is noted of them, for how long, and that notes tell nobody which accounts there are."""

import re
from datetime import timedelta

import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.worker import Worker
from tests.browser_session import Server
from tests.identity.pages.reading import reading
from tests.playground import Playground, Reader

PAGE = "account/sign-ins"


def entries(text: str) -> list[str]:
    return re.findall(r"<li>\n<strong>.*?</li>", text, re.DOTALL)


async def test_each_is_noted_with_how_where_and_in_what(
    server: Server, reader: Reader, playground: Playground, connection: Connection, clock: Clock
) -> None:
    ola = await playground.add_reader("ola@example.no")
    async with reading(server, connection) as browser, reading(server, connection) as other:
        await other.sign_in(ola.credential)
        browser.http.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
        browser.http.headers["X-Forwarded-For"] = "192.0.2.77"
        await browser.sign_in(reader.credential)
        clock.move(timedelta(days=1))
        browser.http.headers["X-Forwarded-For"] = "2001:db8:1:2::3"
        browser.http.cookies.delete("kolofon_session")
        assert await browser.is_signed_in()
        clock.move(timedelta(hours=1))
        await browser.open("logout")
        page = await browser.ask_for_code(reader.credential)
        await browser.press(page, "enter_code", code=await browser.newest_code(reader.credential))
        page = await browser.open(PAGE, lang="en")
    by_code, remembered, by_password = entries(page.text)
    assert "One-time code" in by_code
    assert "Remembered by the browser" in remembered
    assert "2001:db8:1::/48" in remembered
    assert "<dd>Password</dd>" in by_password
    assert "Firefox on Windows" in by_password
    assert "192.0.2.0/24" in by_password
    assert "192.0.2.77" not in page.text
    assert ola.credential not in page.text


async def test_wrong_passwords_are_counted_by_the_day(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with reading(server, connection) as browser, reading(server, connection) as guesser:
        for _ in range(2):
            await guesser.sign_in(reader.credential, "wrong")
        clock.move(timedelta(days=1))
        await guesser.sign_in(reader.credential.upper(), "wrong")
        await guesser.sign_in("ola@example.no", "wrong")
        await browser.sign_in(reader.credential)
        page = await browser.open(PAGE, lang="en")
    found = re.findall(r"Wrong passwords on this day: (\d+)", page.text)
    assert found == ["1", "2"]


async def test_the_same_is_written_for_credentials_that_nobody_has(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with reading(server, connection) as browser:
        for credential in (reader.credential, "nobody@example.no"):
            await browser.sign_in(credential, "wrong")
    rows = await connection.fetch("select credential_hash, tries from wrong_password")
    assert [row["tries"] for row in rows] == [1, 1]
    assert all(len(row["credential_hash"]) == 32 for row in rows)


async def test_a_flood_of_wrong_passwords_is_left_out(
    server: Server, reader: Reader, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = server.parts.limiter.take

    async def full(key: str, limits: object) -> object:
        allowance = await take(key, limits)  # type: ignore[arg-type]
        if key == "notes of wrong passwords":
            return type(allowance)(allowed=False, remaining=0, reset=1, retry_after=1)
        return allowance

    monkeypatch.setattr(server.parts.limiter, "take", full)
    async with reading(server, connection) as browser:
        answer = await browser.sign_in(reader.credential, "wrong")
    assert answer.status_code == 400
    assert await connection.fetchval("select count(*) from wrong_password") == 0


async def test_notes_go_after_their_time(server: Server, reader: Reader, connection: Connection, clock: Clock) -> None:
    parts = server.parts
    worker = Worker(parts.pool, clock, parts.key_store, parts.delivery, parts.telling)
    async with reading(server, connection) as browser:
        await browser.sign_in(reader.credential, "wrong")
        await browser.sign_in(reader.credential)
    counts = "select (select count(*) from sign_in), (select count(*) from wrong_password)"
    for days, left in ((30, (1, 1)), (1, (1, 0)), (59, (1, 0)), (1, (0, 0))):
        clock.move(timedelta(days=days))
        await worker.keep_house()
        assert tuple(await connection.fetchrow(counts) or ()) == left, days
