"""RFC 8628 as a device sees it."""

import asyncio
from datetime import timedelta

import pytest

from kolofon.identity.device.queries import sweep_devices
from kolofon.identity.device.rfc8628 import ALPHABET, new_user_code, read_user_code, shown_user_code
from kolofon.identity.device.service import KEPT
from kolofon.identity.oauth.rfc6749 import DEVICE_CODE
from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.changed_clients import change_client
from tests.identity.device.steps import AUTHORIZATION, TV, Viewer, ask, device, web_device
from tests.identity.openid.steps import userinfo, verified
from tests.identity.steps import assert_refused, disable, is_accepted, is_refused, refresh
from tests.playground import APP, OTHER, OTHER_SECRET, WEB, WEB_SECRET, Playground, Reader


async def test_a_device_gets_a_code_to_keep_and_one_to_show(server: Server) -> None:
    answer = await ask(server)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    codes = answer.json()
    letters = codes["user_code"].replace("-", "")
    assert (len(codes["user_code"]), codes["user_code"][4], set(letters) <= set(ALPHABET)) == (9, "-", True)
    assert len(codes["device_code"]) >= 43
    assert codes["verification_uri"] == "http://127.0.0.1:8000/user/device"
    assert codes["verification_uri_complete"] == f"{codes['verification_uri']}?user_code={codes['user_code']}"
    assert (codes["expires_in"], codes["interval"]) == (600, 5)


async def test_neither_code_can_be_read_in_the_database(server: Server, playground: Playground) -> None:
    codes = (await device(server)).codes
    row = await playground.connection.fetchrow("select d::text as text from device_authorization d")
    assert row is not None
    kept = row["text"]
    for secret in (codes["device_code"], codes["user_code"], codes["user_code"].replace("-", "")):
        assert secret not in kept
        assert secret.encode().hex() not in kept


async def test_a_yes_gives_tokens_with_the_sign_in_of_the_browser_and_no_session(
    server: Server, viewer: Viewer, reader: Reader, clock: Clock
) -> None:
    tv = await device(server)
    assert await tv.error() == "authorization_pending"
    await viewer.permit(tv.user_code, reader.credential)
    signed_in_at = clock.now()
    clock.move(timedelta(seconds=5))
    tokens = (await tv.poll()).json()
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "read openid")
    assert await is_accepted(server, tokens["access_token"])
    assert (await userinfo(server, tokens["access_token"]))["sub"] == reader.unique_id.hex
    claims = await verified(server, tokens["id_token"])
    assert (claims["sub"], claims["aud"], claims["amr"]) == (reader.unique_id.hex, TV, ["pwd"])
    assert claims["auth_time"] == int(signed_in_at.timestamp())
    assert "sid" not in claims
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": TV}
    assert (await server.token(form, None)).status_code == 200


async def test_a_client_with_a_secret_shows_it_at_both_endpoints(
    server: Server, viewer: Viewer, reader: Reader
) -> None:
    assert (await server.http.post(AUTHORIZATION, data={"client_id": WEB})).status_code == 401
    box = await web_device(server)
    await viewer.permit(box.user_code, reader.credential)
    answer = await server.token({"grant_type": DEVICE_CODE, "device_code": box.codes["device_code"]}, (WEB, "wrong"))
    assert answer.status_code == 401
    tokens = (await box.poll()).json()
    # The default scope is the API's, and then there is no id_token.
    assert (tokens["scope"], "id_token" in tokens) == ("read", False)
    assert (await refresh(server, tokens["refresh_token"])).status_code == 200


async def test_signing_out_in_the_browser_leaves_the_device_signed_in(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    # So whoever ends a session with all that came of it does not find this.
    assert await playground.connection.fetchval("select session_id from oauth_grant") is None
    tokens = (await tv.poll()).json()
    query = {"clientId": WEB, "returnUrl": "https://web.example.no/", "errorUrl": "https://web.example.no/"}
    await viewer.http.get("/user/logout", params=query, follow_redirects=False)
    assert await is_accepted(server, tokens["access_token"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": TV}
    assert (await server.token(form, None)).status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"client_id": ""}, "invalid_client", 401),
        ({"client_id": "no.such.client"}, "invalid_client", 401),
        ({"client_id": APP}, "unauthorized_client", 400),
        ({"scope": "everything"}, "invalid_scope", 400),
        ({"scope": "profile"}, "invalid_scope", 400),
    ],
)
async def test_who_may_not_or_asks_for_nonsense_gets_no_codes(
    server: Server, playground: Playground, form: dict[str, str], error: str, status: int
) -> None:
    assert_refused(await ask(server, **form), error, status)
    assert await playground.connection.fetchval("select count(*) from device_authorization") == 0


async def test_codes_are_given_to_a_post_only(server: Server) -> None:
    assert (await server.http.get(AUTHORIZATION, params={"client_id": TV})).status_code == 405


async def test_a_client_that_may_not_use_the_grant_any_more_gets_no_tokens(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    await change_client(server, playground, TV, "grant_types = '{refresh_token}'")
    assert await tv.error() == "unauthorized_client"


@pytest.mark.parametrize(
    ("device_code", "error"), [("", "invalid_request"), ("x", "invalid_grant"), ("\0", "invalid_request")]
)
async def test_a_poll_without_a_code_or_with_an_unknown_one_is_refused(
    server: Server, device_code: str, error: str
) -> None:
    assert_refused(await (await device(server)).poll(device_code=device_code), error)


async def test_another_clients_device_code_gives_nothing_and_does_no_harm(
    server: Server, viewer: Viewer, reader: Reader
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    form = {"grant_type": DEVICE_CODE, "device_code": tv.codes["device_code"]}
    for client in ((OTHER, OTHER_SECRET), (WEB, WEB_SECRET)):
        assert_refused(await server.token(form, client), "invalid_grant")
    assert (await tv.poll()).status_code == 200


async def test_asking_too_soon_makes_the_interval_longer_each_time(server: Server, clock: Clock) -> None:
    tv = await device(server)
    other = await device(server)
    assert await tv.error() == "authorization_pending"
    clock.move(timedelta(seconds=3))
    assert await tv.error() == "slow_down"  # 10 seconds from now on
    clock.move(timedelta(seconds=8))
    assert await tv.error() == "slow_down"  # 15
    clock.move(timedelta(seconds=13))
    assert await tv.error() == "slow_down"  # 20
    clock.move(timedelta(seconds=20))
    assert await tv.error() == "authorization_pending"
    clock.move(timedelta(seconds=18))
    assert await tv.error() == "slow_down"  # it stays that long
    assert await other.error() == "authorization_pending"


async def test_who_keeps_to_the_interval_is_never_told_to_slow_down(server: Server, clock: Clock) -> None:
    tv = await device(server)
    for seconds in (5, 5, 4.2, 5.8):  # timers are not exact
        assert await tv.error() == "authorization_pending"
        clock.move(timedelta(seconds=seconds))


async def test_however_often_a_device_asks_too_soon_it_gets_an_answer(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground
) -> None:
    tv = await device(server)
    await playground.connection.execute("update device_authorization set interval_seconds = 598")
    await tv.poll()
    assert [await tv.error() for _ in range(3)] == ["slow_down"] * 3
    assert await playground.connection.fetchval("select interval_seconds from device_authorization") == 600
    # Slowing down is for who waits: what the reader has said is told at once.
    await viewer.permit(tv.user_code, reader.credential)
    assert (await tv.poll()).status_code == 200


async def test_after_ten_minutes_the_code_has_expired(
    server: Server, viewer: Viewer, reader: Reader, clock: Clock
) -> None:
    late, pending = await device(server), await device(server)
    await viewer.permit(late.user_code, reader.credential)
    clock.move(timedelta(minutes=10) - timedelta(seconds=1))
    assert await pending.error() == "authorization_pending"
    clock.move(timedelta(seconds=1))
    assert await late.error() == "expired_token"
    assert await pending.error() == "expired_token"


async def test_a_no_is_told_to_the_device(server: Server, viewer: Viewer, reader: Reader) -> None:
    tv = await device(server)
    await viewer.press(await viewer.question(tv.user_code, reader.credential), "no")
    assert await tv.error() == "access_denied"
    assert await tv.error() == "access_denied"


async def test_a_second_use_ends_what_the_first_gave(server: Server, viewer: Viewer, reader: Reader) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    tokens = (await tv.poll()).json()
    assert await tv.error() == "invalid_grant"
    assert await is_refused(server, tokens["access_token"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": TV}
    assert_refused(await server.token(form, None), "invalid_grant")


async def test_of_many_polls_at_once_at_two_servers_one_gets_tokens(
    server: Server, viewer: Viewer, reader: Reader, database_url: str, clock: Clock, playground: Playground
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    async with running_server(database_url, clock) as second:
        answers = await asyncio.gather(*(tv.poll(one) for one in [server, second] * 5))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    assert await playground.connection.fetchval("select count(*) from refresh_token") == 1


async def test_a_reader_whose_account_is_closed_before_the_poll_gives_no_tokens(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground, clock: Clock
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    await disable(playground.connection, clock, reader)
    assert await tv.error() == "access_denied"


async def test_access_that_is_taken_back_before_the_poll_gives_no_tokens(
    server: Server, viewer: Viewer, reader: Reader, playground: Playground, clock: Clock
) -> None:
    tv = await device(server)
    await viewer.permit(tv.user_code, reader.credential)
    await playground.connection.execute("update oauth_grant set revoked_at = $1", clock.now())
    assert await tv.error() == "access_denied"


async def test_discovery_tells_of_the_endpoint_and_the_grant(server: Server) -> None:
    metadata = (await server.http.get("/user/.well-known/openid-configuration")).json()
    assert metadata["device_authorization_endpoint"] == "http://127.0.0.1:8000/user/oauth/device_authorization"
    assert DEVICE_CODE in metadata["grant_types_supported"]


def test_a_user_code_is_read_however_it_is_typed() -> None:
    assert shown_user_code("WDJBMJHT") == "WDJB-MJHT"
    for typed in ("WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "W.D.J.B/m j h t"):
        assert read_user_code(typed) == "WDJBMJHT"
    for typed in ("", "WDJB-MJH", "WDJB-MJHTX", "WDJB-MJHA", "WDJB-MJH0", "WDJB-MJHÆ", "١٢٣٤٥٦٧٨"):
        assert read_user_code(typed) is None
    assert all(read_user_code(code) == code for code in (new_user_code() for _ in range(200)))


async def test_what_has_ended_is_forgotten_after_a_day(server: Server, clock: Clock, playground: Playground) -> None:
    tv = await device(server)
    clock.move(timedelta(minutes=10) + KEPT)
    assert await sweep_devices(playground.connection, clock.now() - KEPT) == 0
    assert await tv.error() == "expired_token"
    clock.move(timedelta(seconds=1))
    assert await sweep_devices(playground.connection, clock.now() - KEPT) == 1
    assert await tv.error() == "invalid_grant"
