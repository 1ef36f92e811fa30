"""What a client may be made to do: PKCE although it has a secret, and requests that are pushed beforehand."""

from collections.abc import Callable

import pytest

from tests.browser_session import Server, authorization
from tests.identity.openid.steps import Person, is_sign_in, push
from tests.identity.steps import AUTHORIZE, assert_refused, redirect_query
from tests.playground import CALLBACK, WEB_SECRET, Playground

STRICT = "no.example.strict"
PUSHING = "no.example.pushing"
CHALLENGE = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    await playground.add_client(STRICT, 1, WEB_SECRET, [CALLBACK], require_pkce=True)
    await playground.add_client(PUSHING, 1, WEB_SECRET, [CALLBACK], require_pushed_requests=True)
    return playground


async def test_a_client_may_be_made_to_use_pkce(server: Server, person: Person) -> None:
    refused = redirect_query(await person.ask(client_id=STRICT))
    assert (refused["error"], "code_challenge" in refused["error_description"]) == ("invalid_request", True)
    assert_refused(await push(server, (STRICT, WEB_SECRET), client_id=STRICT), "invalid_request")
    code = redirect_query(await person.authorize(client_id=STRICT, **CHALLENGE))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = await server.token(form | {"code_verifier": VERIFIER}, (STRICT, WEB_SECRET))
    assert answer.status_code == 200, answer.text


async def test_oidcc_ensure_request_with_valid_pkce_succeeds(server: Server, person: Person) -> None:
    code = redirect_query(await person.authorize(**CHALLENGE))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    assert (await server.token(form)).status_code == 200


async def test_a_client_may_be_made_to_push_its_requests(server: Server, person: Person) -> None:
    refused = redirect_query(await person.ask(client_id=PUSHING))
    assert (refused["error"], refused["state"]) == ("invalid_request", "s-1")
    answer = await push(server, (PUSHING, WEB_SECRET), client_id=PUSHING)
    query = {"client_id": PUSHING, "request_uri": answer.json()["request_uri"]}
    asked = await person.http.get(AUTHORIZE, params=query, follow_redirects=False)
    assert "code" in redirect_query(await person.sign_in(asked))


@pytest.mark.parametrize("change", [lambda query: query, lambda query: query | {"scope": "openid read"}])
async def test_what_was_pushed_cannot_be_replaced_on_its_way_through_the_page(
    server: Server, person: Person, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    answer = await push(server, (PUSHING, WEB_SECRET), client_id=PUSHING)
    query = {"client_id": PUSHING, "request_uri": answer.json()["request_uri"]}
    asked = await person.http.get(AUTHORIZE, params=query, follow_redirects=False)
    assert is_sign_in(asked)
    unmarked = change(authorization(client_id=PUSHING, scope="openid"))
    back = await person.http.get(AUTHORIZE, params=unmarked, follow_redirects=False)
    assert redirect_query(back)["error"] == "invalid_request"


async def test_a_mark_of_another_request_is_nothing_to_a_pushed_one(server: Server, person: Person) -> None:
    await person.tokens()
    asked = await person.ask(prompt="login")
    request_uri = (await push(server, scope="openid")).json()["request_uri"]
    marked = asked.headers["location"].replace("/oauthLogin?", "/oauth/authorize?")
    answer = await person.http.get(f"{marked}&request_uri={request_uri}", follow_redirects=False)
    assert answer.status_code == 302, answer.text
    assert "code" in redirect_query(answer)
