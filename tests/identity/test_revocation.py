"""Token revocation (RFC 7009), at the process that is asked."""

from datetime import timedelta
from functools import partial

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.steps import assert_refused, eventually, is_accepted, refresh, revoke, signed_in, waits_for_lock
from tests.identity.test_pkce import S256, VERIFIER
from tests.playground import APP, APP_CALLBACK, OTHER, OTHER_SECRET, Reader


async def test_a_revoked_access_token_is_refused_at_once_and_nothing_else_is(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    refreshed = (await refresh(server, tokens["refresh_token"])).json()
    answer = await revoke(server, tokens["access_token"])
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"", "no-store")
    assert not await is_accepted(server, tokens["access_token"])
    assert await is_accepted(server, refreshed["access_token"])
    assert (await refresh(server, refreshed["refresh_token"])).status_code == 200


async def test_revoking_a_refresh_token_ends_its_whole_family(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        for newest in (True, False):
            first, bystander = await browser.tokens(), await browser.tokens()
            second = (await refresh(server, first["refresh_token"])).json()
            clock.move(timedelta(minutes=1))
            token = second["refresh_token"] if newest else first["refresh_token"]
            assert (await revoke(server, token)).status_code == 200
            for tokens in (first, second):
                assert not await is_accepted(server, tokens["access_token"])
                assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")
            assert await is_accepted(server, bystander["access_token"])


async def test_a_repeat_within_the_grace_window_does_not_bring_a_revoked_family_back(
    server: Server, reader: Reader
) -> None:
    tokens = await server.user_tokens(reader.credential)
    refreshed = (await refresh(server, tokens["refresh_token"])).json()
    await revoke(server, refreshed["refresh_token"])
    assert_refused(await refresh(server, tokens["refresh_token"]), "invalid_grant")


async def test_a_client_token_can_be_revoked(server: Server) -> None:
    token, bystander = await server.client_token(), await server.client_token()
    assert (await revoke(server, token)).status_code == 200
    assert not await is_accepted(server, token)
    assert await is_accepted(server, bystander)


async def test_a_token_that_is_no_more_is_answered_like_one_that_was(
    server: Server, reader: Reader, clock: Clock
) -> None:
    tokens = await server.user_tokens(reader.credential)
    for token in (tokens["refresh_token"], tokens["refresh_token"], "no-such-token", "a.b.c", "æ"):
        assert (await revoke(server, token)).status_code == 200
    clock.move(timedelta(hours=13))
    assert (await revoke(server, tokens["access_token"])).status_code == 200


async def test_another_clients_token_is_refused_and_lives_on(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert_refused(await revoke(server, token, (OTHER, OTHER_SECRET)), "invalid_grant")
    assert await is_accepted(server, tokens["access_token"])
    assert (await refresh(server, tokens["refresh_token"])).status_code == 200


async def test_a_public_client_revokes_its_own_tokens_by_its_name(server: Server, reader: Reader) -> None:
    app = {"client_id": APP, "redirect_uri": APP_CALLBACK}
    async with signed_in(server, reader) as browser:
        tokens = (await browser.trade(await browser.code(**app, **S256), None, **app, code_verifier=VERIFIER)).json()
        others = await browser.tokens()
    form = {"client_id": APP, "token_type_hint": "access_token"}
    for token, status in ((others["access_token"], 400), (tokens["refresh_token"], 200)):
        answer = await server.http.post("/user/oauth/revoke", data={"token": token} | form)
        assert answer.status_code == status
    assert not await is_accepted(server, tokens["access_token"])
    assert await is_accepted(server, others["access_token"])


async def test_revocation_needs_a_client_and_a_token(server: Server) -> None:
    token = await server.client_token()
    answer = await server.http.post("/user/oauth/revoke", data={"token": token})
    assert_refused(answer, "invalid_client", 401)
    assert_refused(await revoke(server, token, ("no.example.web", "wrong")), "invalid_client", 401)
    assert_refused(await revoke(server, ""), "invalid_request")
    assert await is_accepted(server, token)


async def test_the_answering_process_knows_before_any_notification(
    server: Server, reader: Reader, connection: Connection
) -> None:
    async with signed_in(server, reader) as browser:
        revoked, replayed_code = await browser.tokens(), await browser.code()
        replayed = (await browser.trade(replayed_code)).json()
        async with connection.transaction():
            # The listener is kept busy with a catalogue that it cannot read.
            await connection.execute("lock table client in access exclusive mode")
            await _announce_elsewhere(server)
            await eventually(partial(waits_for_lock, connection, "client"))
            assert (await revoke(server, revoked["refresh_token"])).status_code == 200
            assert not await is_accepted(server, revoked["access_token"])
            assert_refused(await browser.trade(replayed_code), "invalid_grant")
            assert not await is_accepted(server, replayed["access_token"])


async def _announce_elsewhere(server: Server) -> None:
    async with server.parts.pool().acquire() as other:
        await other.execute("select pg_notify('kolofon_catalogue', '')")
