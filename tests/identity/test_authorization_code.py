"""From the authorization request to tokens (RFC 6749, section 4.1)."""

from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server, authorization, bearer
from tests.identity.steps import (
    AUTHORIZE,
    assert_refused,
    disable,
    is_accepted,
    redirect_query,
    refresh,
    signed_in,
)
from tests.playground import CALLBACK, OTHER, OTHER_SECRET, WEB, Playground, Reader

FREE = "no.example.free"
FREE_SECRET = "free-secret-that-is-long-enough-for-tests"
FREE_CALLBACK = "https://free.example.no/callback"
ODD_CALLBACKS = [
    "https://web.example.no/callback?order&src_url=https%3A%2F%2Fweb.example.no%2F%3Fa%3D1%26b",
    "https://web.example.no/callback?",
    "https://web.example.no/callback?a=%2b+%20&",
    "https://WEB.example.no:443/call/../back;v=1",
    "no.Example.App:///callback",
]

WRONG_CALLBACKS = [
    "https://web.example.no/callback/",
    "https://web.example.no/callback?x=1",
    "https://web.example.no/callback#x",
    "https://web.example.no/callback ",
    "https://web.example.no/Callback",
    "https://Web.example.no/callback",
    "https://web.example.no:443/callback",
    "https://web.example.no.evil.example/callback",
    "https://web.example.no@evil.example/callback",
    "https://evil.example\\@web.example.no/callback",
    "http://web.example.no/callback",
    "//web.example.no/callback",
    "/callback",
    "javascript:alert(1)",
    "https://[web.example.no/callback",
    "https://web.example.no/callback\r\nX-Evil: 1",
    "https://evil.example/",
]
DOUBTFUL_QUERIES = [
    urlencode({"response_type": "code", "redirect_uri": CALLBACK}),
    urlencode({"response_type": "code", "client_id": WEB}),
    urlencode(authorization(client_id="no.such.client")),
    urlencode(authorization(client_id="no.example.disabled")),
    urlencode(authorization(client_id=OTHER)),
    f"{urlencode(authorization())}&client_id={OTHER}",
    f"{urlencode(authorization())}&state=s-2",
    f"{urlencode(authorization(state=''))}&state=%ff",
]
ERRORS: list[tuple[dict[str, str], str]] = [
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"scope": "write"}, "invalid_scope"),
    ({"scope": "read write"}, "invalid_scope"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge": "x" * 42, "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
    ({"client_id": "no.example.machine"}, "unauthorized_client"),
]
WRONG_FREE_CALLBACKS = [
    "https://free.example.no/other?order",
    "http://free.example.no/callback?order",
    "https://free.example.no:8443/callback?order",
    "https://evil.example/?https://free.example.no/callback",
    f"{FREE_CALLBACK}?code=stolen",
    f"{FREE_CALLBACK}?a=1&%73tate=x",
    f"{FREE_CALLBACK}?iss=https://evil.example",
    f"{FREE_CALLBACK}?error=access_denied",
    f"{FREE_CALLBACK}?order#fragment",
]


def assert_page(answer: httpx.Response) -> None:
    """A refusal that is shown to the person and leads nowhere."""
    assert answer.status_code == 400, answer.request.url
    assert answer.headers["content-type"].startswith("text/html")
    assert "location" not in answer.headers


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.connection.execute(
        "update client set redirect_uris = redirect_uris || $2::text[] where client_id = $1",
        WEB,
        ["https://web.example.no/second", *ODD_CALLBACKS],
    )
    await playground.add_client(FREE, 1, FREE_SECRET, [FREE_CALLBACK], redirect_query_free=True)
    await playground.add_client("no.example.disabled", 1, "x" * 30, [CALLBACK], disabled=True)
    await playground.add_client("no.example.machine", 1, "x" * 30, [CALLBACK], grant_types=["client_credentials"])
    return playground


async def test_a_reader_signs_in_and_the_client_gets_tokens_that_work(server: Server, reader: Reader) -> None:
    tokens = await server.user_tokens(reader.credential)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 43200
    assert tokens["scope"] == "read"
    assert tokens["refresh_token"]
    answer = await server.http.get("/capi/v1/user/profile", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["uniqueId"] == reader.unique_id.hex
    answer = await server.http.post(
        "/capi/v1/customer/access?explain=true", json={"product": "DIGI"}, headers=bearer(tokens["access_token"])
    )
    assert answer.json()["access"] is True, answer.text


async def test_the_answer_carries_code_issuer_and_the_state_unchanged(server: Server, reader: Reader) -> None:
    state = 'a b+c/d?&=æ%41#"<'
    signed = await server.sign_in(reader.credential, state=state)
    assert signed.location.startswith(f"{CALLBACK}?code=")
    assert signed.query["state"] == state
    assert signed.query["iss"] == server.parts.settings.issuer
    assert set(signed.query) == {"code", "state", "iss"}


async def test_a_signed_in_browser_gets_a_code_without_a_page(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        answer = await browser.authorize(state="")
        assert set(redirect_query(answer)) == {"code", "iss"}
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_code_lives_for_60_seconds(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        in_time, too_late = await browser.code(), await browser.code()
        clock.move(timedelta(seconds=59, milliseconds=999))
        assert (await browser.trade(in_time)).status_code == 200
        clock.move(timedelta(milliseconds=1))
        assert_refused(await browser.trade(too_late), "invalid_grant")


async def test_a_second_use_of_a_code_revokes_what_the_first_gave(server: Server, reader: Reader, clock: Clock) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code()
        first = (await browser.trade(code)).json()
        refreshed = (await refresh(server, first["refresh_token"])).json()
        assert await is_accepted(server, first["access_token"])
        assert await is_accepted(server, refreshed["access_token"])
        clock.move(timedelta(minutes=10))
        assert_refused(await browser.trade(code), "invalid_grant")
    assert not await is_accepted(server, first["access_token"])
    assert not await is_accepted(server, refreshed["access_token"])
    # The newest one first: the older one is reused here, which would end the family by itself.
    assert_refused(await refresh(server, refreshed["refresh_token"]), "invalid_grant")
    assert_refused(await refresh(server, first["refresh_token"]), "invalid_grant")


async def test_another_client_can_neither_use_a_code_nor_spoil_it(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code()
        assert_refused(await browser.trade(code, (OTHER, OTHER_SECRET)), "invalid_grant")
        tokens = (await browser.trade(code)).json()
        assert_refused(await browser.trade(code, (OTHER, OTHER_SECRET)), "invalid_grant")
    assert await is_accepted(server, tokens["access_token"])


async def test_a_code_needs_the_redirect_uri_of_its_request(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code()
        answer = await browser.trade(code, redirect_uri="https://web.example.no/second")
        assert_refused(answer, "invalid_grant")
        assert_refused(await browser.trade(code, redirect_uri=""), "invalid_request")
        assert_refused(await browser.trade("", redirect_uri=CALLBACK), "invalid_request")
        assert_refused(await browser.trade("no-such-code"), "invalid_grant")


async def test_a_redirect_uri_that_is_not_registered_to_the_letter_gets_a_page(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        for redirect_uri in WRONG_CALLBACKS:
            assert_page(await browser.authorize(redirect_uri=redirect_uri))


async def test_a_request_whose_client_is_in_doubt_is_never_redirected(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        for query in DOUBTFUL_QUERIES:
            assert_page(await browser.http.get(f"{AUTHORIZE}?{query}", follow_redirects=False))


@pytest.mark.parametrize("known", [True, False], ids=["signed-in", "anonymous"])
async def test_other_errors_go_to_the_client_by_redirect(server: Server, reader: Reader, known: bool) -> None:
    async with signed_in(server, reader) as browser:
        http = browser.http if known else server.http
        for members, error in ERRORS:
            answer = await http.get(AUTHORIZE, params=authorization(**members), follow_redirects=False)
            assert answer.headers["location"].startswith(f"{CALLBACK}?")
            query = redirect_query(answer)
            assert query.pop("error_description")
            assert query == {"error": error, "state": "s-1", "iss": server.parts.settings.issuer}, members


async def test_scope_may_be_read_empty_or_absent_and_unknown_members_are_ignored(
    server: Server, reader: Reader
) -> None:
    async with signed_in(server, reader) as browser:
        for extra in ("", "&scope=", "&scope=read", "&approval_prompt=auto&access_type=offline&prompt="):
            url = f"{AUTHORIZE}?{urlencode(authorization())}{extra}"
            code = redirect_query(await browser.http.get(url, follow_redirects=False))["code"]
            answer = await browser.trade(code)
            assert answer.json()["scope"] == "read", extra


async def test_a_redirect_uri_is_kept_to_the_letter(server: Server, reader: Reader) -> None:
    async with signed_in(server, reader) as browser:
        for redirect_uri in ODD_CALLBACKS:
            answer = await browser.authorize(redirect_uri=redirect_uri)
            location = answer.headers["location"]
            assert location.startswith(redirect_uri)
            assert location.removeprefix(redirect_uri).lstrip("?&").startswith("code=")
            assert location.count("?") == 1
            assert "&&" not in location
            code = redirect_query(answer)["code"]
            assert (await browser.trade(code, redirect_uri=redirect_uri)).status_code == 200


async def test_a_client_may_have_its_query_free(server: Server, reader: Reader) -> None:
    redirect_uri = f"{FREE_CALLBACK}?order&src_url=https%3A%2F%2Ffree.example.no%2F%C3%B8"
    async with signed_in(server, reader) as browser:
        answer = await browser.authorize(client_id=FREE, redirect_uri=redirect_uri)
        assert answer.headers["location"].startswith(f"{redirect_uri}&code=")
        code = redirect_query(answer)["code"]
        assert_refused(await browser.trade(code, (FREE, FREE_SECRET), redirect_uri=FREE_CALLBACK), "invalid_grant")
        answer = await browser.trade(code, (FREE, FREE_SECRET), redirect_uri=redirect_uri)
        assert answer.status_code == 200, answer.text


async def test_only_the_query_is_free_and_no_member_of_the_answer_can_be_slipped_in(
    server: Server, reader: Reader
) -> None:
    async with signed_in(server, reader) as browser:
        for redirect_uri in WRONG_FREE_CALLBACKS:
            assert_page(await browser.authorize(client_id=FREE, redirect_uri=redirect_uri))


async def test_a_disabled_account_gets_no_code_and_its_code_no_tokens(
    server: Server, reader: Reader, connection: Connection, clock: Clock
) -> None:
    async with signed_in(server, reader) as browser:
        code = await browser.code()
        await disable(connection, clock, reader)
        assert_refused(await browser.trade(code), "invalid_grant")
        answer = await browser.authorize()
    assert answer.status_code == 302
    assert "/user/oauthLogin?" in answer.headers["location"]
