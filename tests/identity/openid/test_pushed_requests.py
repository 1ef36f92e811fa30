"""Pushed authorization requests (RFC 9126)."""

from datetime import timedelta

import httpx
import pytest

from kolofon.identity.oauth.housekeeping_queries import sweep
from kolofon.platform.clock import Clock
from kolofon.platform.ids import hash_secret
from tests.browser_session import Server, authorization
from tests.identity.openid.steps import Person, is_sign_in, push, sign_in_query, trade, verified
from tests.identity.steps import AUTHORIZE, assert_refused, redirect_query
from tests.playground import APP, APP_CALLBACK, CALLBACK, OTHER, OTHER_SECRET, WEB, WEB_SECRET, Playground

PREFIX = "urn:ietf:params:oauth:request_uri:"


async def pushed(person: Person, **members: str) -> str:
    answer = await push(person.server, (WEB, WEB_SECRET), **members)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


async def go(person: Person, request_uri: str, client_id: str = WEB, **more: str) -> httpx.Response:
    query = {"client_id": client_id, "request_uri": request_uri} | more
    return await person.http.get(AUTHORIZE, params=query, follow_redirects=False)


async def test_a_pushed_request_leads_to_a_code_through_the_sign_in_page(person: Person) -> None:
    answer = await push(person.server, nonce="n-7", state="s-7")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 60
    assert answer.json()["request_uri"].startswith(PREFIX)
    back = redirect_query(await person.sign_in(await go(person, answer.json()["request_uri"])))
    assert back["state"] == "s-7"
    tokens = (await trade(person.server, back["code"])).json()
    assert (await verified(person.server, tokens["id_token"]))["nonce"] == "n-7"


async def test_who_is_signed_in_goes_straight_on(person: Person) -> None:
    await person.tokens()
    assert "code" in redirect_query(await go(person, await pushed(person)))


async def test_a_pushed_request_is_good_once(person: Person) -> None:
    await person.tokens()
    request_uri = await pushed(person)
    assert "code" in redirect_query(await go(person, request_uri))
    answer = await go(person, request_uri)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_through_the_sign_in_page_it_is_good_once_too(person: Person) -> None:
    asked = await go(person, await pushed(person))
    query = sign_in_query(asked)
    assert "code" in redirect_query(await person.sign_in(asked))
    again = await person.http.get(AUTHORIZE, params=query, follow_redirects=False)
    assert redirect_query(again)["error"] == "invalid_request_uri"


async def test_a_pushed_request_is_good_for_60_seconds(person: Person, clock: Clock) -> None:
    await person.tokens()
    in_time, late = await pushed(person), await pushed(person)
    clock.move(timedelta(seconds=59))
    assert "code" in redirect_query(await go(person, in_time))
    clock.move(timedelta(seconds=1))
    assert (await go(person, late)).status_code == 400


async def test_a_pushed_request_is_its_clients_own(person: Person) -> None:
    request_uri = await pushed(person)
    assert (await go(person, request_uri, OTHER)).status_code == 400
    assert is_sign_in(await go(person, request_uri))


async def test_what_stands_beside_it_or_is_changed_on_the_way_counts_for_nothing(person: Person) -> None:
    asked = await go(person, await pushed(person, prompt="login", nonce="real"), nonce="other", prompt="none")
    query = sign_in_query(asked)
    assert not {"nonce", "scope", "state"} & query.keys()
    code = redirect_query(await person.sign_in(asked))["code"]
    tokens = (await trade(person.server, code)).json()
    assert (await verified(person.server, tokens["id_token"]))["nonce"] == "real"
    query = sign_in_query(await go(person, await pushed(person, prompt="login", scope="openid")))
    tampered = query | {"prompt": "none", "scope": "read", "max_age": "100000"}
    assert is_sign_in(await person.http.get(AUTHORIZE, params=tampered, follow_redirects=False))


async def test_the_page_of_a_pushed_request_sees_client_and_hint(person: Person) -> None:
    query = sign_in_query(await go(person, await pushed(person, login_hint="kari@example.no", ui_locales="sv")))
    assert {name: query[name] for name in ("client_id", "redirect_uri", "login_hint", "ui_locales")} == {
        "client_id": WEB,
        "redirect_uri": CALLBACK,
        "login_hint": "kari@example.no",
        "ui_locales": "sv",
    }


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"client_id": OTHER}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"request_uri": PREFIX + "x"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
async def test_a_request_that_would_be_refused_is_refused_when_pushed(
    server: Server, members: dict[str, str], error: str
) -> None:
    answer = await push(server, (WEB, WEB_SECRET), **members)
    assert_refused(answer, error)


async def test_who_pushes_shows_who_it_is(server: Server, playground: Playground) -> None:
    assert_refused(await push(server, (WEB, "wrong")), "invalid_client", 401)
    assert_refused(await push(server, (OTHER, OTHER_SECRET)), "invalid_request")
    assert_refused(await push(server, None), "invalid_client", 401)
    challenge = {"code_challenge": "a" * 43, "code_challenge_method": "S256"}
    answer = await push(server, None, client_id=APP, redirect_uri=APP_CALLBACK, **challenge)
    assert answer.status_code == 201
    assert_refused(await push(server, None, client_id=APP, redirect_uri=APP_CALLBACK), "invalid_request")
    [stored] = await playground.connection.fetch("select * from pushed_request")
    reference = answer.json()["request_uri"].removeprefix(PREFIX)
    assert stored["request_hash"] == hash_secret(reference)


async def test_a_clients_secret_is_not_kept_with_its_request(server: Server, playground: Playground) -> None:
    form = authorization(client_secret=WEB_SECRET)
    assert (await server.http.post("/user/oauth/par", data=form)).status_code == 201
    [stored] = await playground.connection.fetch("select * from pushed_request")
    assert stored["parameters"] == authorization()


async def test_what_nobody_came_for_is_swept(server: Server, person: Person, clock: Clock) -> None:
    await pushed(person)
    await person.tokens(prompt="login")
    clock.move(timedelta(hours=2))
    async with server.parts.pool().acquire() as connection:
        assert await sweep(connection, clock.now()) >= 2
        assert await connection.fetchval("select count(*) from pushed_request") == 0
        assert await connection.fetchval("select count(*) from used_once") == 0
