"""Refresh tokens: rotation, the grace window, and the end of a family (RFC 6749, section 6; RFC 9700, 4.14.2)."""

from datetime import timedelta

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.steps import assert_refused, disable, is_accepted, refresh, signed_in
from tests.playground import OTHER, OTHER_SECRET, WEB, WEB_SECRET, Reader

LIFETIME = timedelta(days=30)


async def test_each_refresh_gives_a_new_pair_and_the_old_access_token_lives_on(server: Server, reader: Reader) -> None:
    first = await server.user_tokens(reader.credential)
    second = (await refresh(server, first["refresh_token"])).json()
    third = (await refresh(server, second["refresh_token"])).json()
    pairs = (first, second, third)
    assert len({tokens["refresh_token"] for tokens in pairs}) == 3
    assert len({tokens["access_token"] for tokens in pairs}) == 3
    assert [tokens["expires_in"] for tokens in pairs] == [43200] * 3
    assert all([await is_accepted(server, tokens["access_token"]) for tokens in pairs])


async def test_a_repeat_within_30_seconds_gets_the_same_answer_to_the_byte(
    server: Server, reader: Reader, clock: Clock
) -> None:
    tokens = await server.user_tokens(reader.credential)
    first = await refresh(server, tokens["refresh_token"])
    clock.move(timedelta(seconds=30))
    repeat = await refresh(server, tokens["refresh_token"])
    assert repeat.status_code == 200
    assert repeat.content == first.content
    assert (await refresh(server, first.json()["refresh_token"])).status_code == 200


async def test_a_repeat_is_the_same_even_when_its_successor_was_used(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    first = await refresh(server, tokens["refresh_token"])
    await refresh(server, first.json()["refresh_token"])
    assert (await refresh(server, tokens["refresh_token"])).content == first.content


async def test_reuse_after_the_grace_window_ends_the_whole_family(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        first, bystander = await browser.tokens(), await browser.tokens()
    second = (await refresh(server, first["refresh_token"])).json()
    clock.move(timedelta(seconds=10))
    third = (await refresh(server, second["refresh_token"])).json()
    clock.move(timedelta(seconds=20, microseconds=1))
    assert_refused(await refresh(server, first["refresh_token"]), "invalid_grant")
    for tokens in (first, second, third):
        assert not await is_accepted(server, tokens["access_token"])
        assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
    assert await is_accepted(server, bystander["access_token"])
    assert (await refresh(server, bystander["refresh_token"])).status_code == 200


async def test_another_client_can_neither_use_a_refresh_token_nor_end_its_family(
    server: Server, reader: Reader, clock: Clock
) -> None:
    tokens = await server.user_tokens(reader.credential)
    assert_refused(await refresh(server, tokens["refresh_token"], (OTHER, OTHER_SECRET)), "invalid_grant")
    second = (await refresh(server, tokens["refresh_token"])).json()
    for wait in (timedelta(), timedelta(minutes=1)):
        clock.move(wait)
        assert_refused(await refresh(server, tokens["refresh_token"], (OTHER, OTHER_SECRET)), "invalid_grant")
    assert await is_accepted(server, second["access_token"])
    assert (await refresh(server, second["refresh_token"])).status_code == 200


async def test_a_refresh_token_expires_after_its_lifetime(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        in_time, too_late = await browser.tokens(), await browser.tokens()
    clock.move(LIFETIME - timedelta(seconds=1))
    assert (await refresh(server, in_time["refresh_token"])).status_code == 200
    clock.move(timedelta(seconds=1))
    assert_refused(await refresh(server, too_late["refresh_token"]), "invalid_grant")


async def test_each_refresh_starts_the_lifetime_anew(server: Server, reader: Reader, clock: Clock) -> None:
    token = (await server.user_tokens(reader.credential))["refresh_token"]
    for _ in range(4):
        clock.move(LIFETIME - timedelta(days=1))
        answer = await refresh(server, token)
        assert answer.status_code == 200, answer.text
        token = answer.json()["refresh_token"]


async def test_a_grant_ends_some_day_however_often_it_is_refreshed(
    server: Server, reader: Reader, clock: Clock
) -> None:
    token, began = (await server.user_tokens(reader.credential))["refresh_token"], clock.now()
    year = timedelta(days=365)
    while clock.now() + LIFETIME <= began + year:
        clock.move(LIFETIME - timedelta(days=1))
        answer = await refresh(server, token)
        assert answer.status_code == 200, answer.text
        token = answer.json()["refresh_token"]
    clock.move(began + year - clock.now() - timedelta(seconds=1))
    last = await refresh(server, token)
    assert last.status_code == 200
    clock.move(timedelta(seconds=1))
    assert_refused(await refresh(server, last.json()["refresh_token"]), "invalid_grant")


async def test_a_disabled_account_is_not_refreshed_not_even_by_a_repeat(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    first = await server.user_tokens(reader.credential)
    second = (await refresh(server, first["refresh_token"])).json()
    await disable(connection, clock, reader)
    assert_refused(await refresh(server, first["refresh_token"]), "invalid_grant")
    assert_refused(await refresh(server, second["refresh_token"]), "invalid_grant")


async def test_an_unknown_missing_or_widened_refresh_is_refused(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    assert_refused(await refresh(server, "no-such-token"), "invalid_grant")
    assert_refused(await refresh(server, tokens["access_token"]), "invalid_grant")
    assert_refused(await server.token({"grant_type": "refresh_token"}), "invalid_request")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "scope": "read write"}
    assert_refused(await server.token(form, (WEB, WEB_SECRET)), "invalid_scope")
    assert (await refresh(server, tokens["refresh_token"])).status_code == 200


async def test_no_code_or_token_can_be_read_from_the_database(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code()
        tokens = (await browser.trade(code)).json()
        refreshed = (await refresh(server, tokens["refresh_token"])).json()
        session = next(cookie.value for cookie in browser.http.cookies.jar if cookie.name == "kolofon_session")
    kept = b""
    for table in ("authorization_code", "refresh_token", "oauth_grant", "user_session", "client_secret"):
        for row in await connection.fetch(f"select * from {table}"):
            kept += b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
    assert reader.credential.encode() in kept
    for secret in (code, session, WEB_SECRET, *_secrets(tokens), *_secrets(refreshed)):
        assert str(secret).encode() not in kept


def _secrets(tokens: dict[str, str]) -> tuple[str, str]:
    return tokens["access_token"], tokens["refresh_token"]
