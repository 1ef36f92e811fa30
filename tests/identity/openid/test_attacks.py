"""What an attacker tries with the browser, with tokens and with marks; each fails."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import RSAKey

from kolofon.platform.clock import Clock
from kolofon.platform.sealing import seal
from tests.browser_session import Server
from tests.identity.jose_by_hand import (
    new_ec_key,
    put_together,
    sign_es256,
    sign_hs256,
    sign_rs256,
    take_apart,
)
from tests.identity.openid.steps import ALL, Person, is_sign_in, sign_in_query
from tests.identity.steps import AUTHORIZE, is_refused, redirect_query
from tests.playground import APP, APP_CALLBACK, CALLBACK, WEB, WEB_SECRET, Playground


async def come_back(person: Person, query: dict[str, str]) -> httpx.Response:
    """The authorization request as the sign-in page would send it back, without a sign-in."""
    return await person.http.get(AUTHORIZE, params=query, follow_redirects=False)


@pytest.mark.parametrize("wanted", [{"prompt": "login"}, {"max_age": "0"}], ids=["prompt", "max_age"])
async def test_coming_back_from_the_page_without_a_sign_in_asks_again(
    person: Person, clock: Clock, wanted: dict[str, str]
) -> None:
    await person.tokens()
    clock.move(timedelta(seconds=10))
    query = sign_in_query(await person.ask(**wanted))
    assert is_sign_in(await come_back(person, query))
    # As the page does it that has answered the prompt.
    query.pop("prompt")
    assert is_sign_in(await come_back(person, query))


async def test_a_forged_mark_does_not_pass_for_a_sign_in(person: Person, clock: Clock) -> None:
    await person.tokens()
    query = sign_in_query(await person.ask(prompt="login"))
    content = b'{"at":"2020-01-01T00:00:00Z","anew":true,"binding":"","pushed":null}'
    forged = [
        query["asked"][:-2] + ("AA" if query["asked"][-2:] != "AA" else "BB"),
        urlsafe_b64encode(seal(b"\0" * 32, content)).decode(),
        urlsafe_b64encode(content).decode(),
        "x",
        "æ",
    ]
    clock.move(timedelta(seconds=10))
    for mark in forged:
        assert is_sign_in(await come_back(person, query | {"asked": mark}))


async def test_a_mark_is_good_for_one_code(person: Person) -> None:
    query = sign_in_query(await person.ask(prompt="login"))
    assert "code" in redirect_query(await person.sign_in(await come_back(person, query)))
    first = sign_in_query(await person.ask(prompt="login"))
    # The session is newer than this mark, and it has not led to a code yet.
    person.clock.move(timedelta(seconds=1))
    await person.sign_in(await person.ask(prompt="login", state="s-2"))
    assert "code" in redirect_query(await come_back(person, first))
    mark = first["asked"]
    # Other spellings of the same mark are no other marks.
    for spelling in (mark, f"{mark}=", f"{mark}!", f"{mark[:9]}.{mark[9:]}", f"{mark}=="):
        assert is_sign_in(await come_back(person, first | {"asked": spelling}))


@pytest.mark.parametrize(
    "other", [{"nonce": "n-2"}, {"state": "s-2"}, {"redirect_uri": CALLBACK + "?a"}, {"scope": "openid"}]
)
async def test_a_mark_is_good_for_its_own_request_only(
    person: Person, playground: Playground, other: dict[str, str]
) -> None:
    await playground.connection.execute(
        "update client set redirect_uris = array_append(redirect_uris, $1) where client_id = $2", CALLBACK + "?a", WEB
    )
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")
    query = sign_in_query(await person.ask(prompt="login"))
    person.clock.move(timedelta(seconds=1))
    await person.sign_in(await person.ask(prompt="login", state="s-9"))
    answer = await come_back(person, query | other)
    assert answer.status_code == 400 or is_sign_in(answer)


async def test_a_mark_is_good_for_an_hour(person: Person, clock: Clock) -> None:
    query = sign_in_query(await person.ask(prompt="login"))
    clock.move(timedelta(minutes=59))
    await person.sign_in(await person.ask(state="s-2"))
    clock.move(timedelta(minutes=2))
    assert is_sign_in(await come_back(person, query))


async def test_prompt_none_shows_nothing_whatever_is_sent_along(person: Person) -> None:
    query = sign_in_query(await person.ask(prompt="login"))
    await person.tokens()
    query["prompt"] = "none"
    assert "code" in redirect_query(await come_back(person, query))
    assert redirect_query(await come_back(person, query))["error"] == "login_required"


async def forged_hints(person: Person) -> list[str]:
    tokens = await person.tokens()
    header, claims, _ = take_apart(tokens["id_token"])
    key = new_ec_key()
    published = (await person.server.http.get("/user/oauth/jwks")).json()["keys"]
    [elliptic, rsa_key] = sorted(published, key=lambda one: str(one["alg"]))
    rsa_pem = RSAKey.import_key(rsa_key).public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return [
        put_together(header | {"alg": "none"}, claims),
        sign_rs256(header, claims, rsa.generate_private_key(65537, 2048)),
        sign_hs256(header | {"alg": "HS256"}, claims, rsa_pem),
        sign_es256(header | {"alg": "ES256"}, claims, key),
        sign_es256(header | {"alg": "ES256", "kid": elliptic["kid"]}, claims, key),
        sign_es256(header | {"jwk": {n: v for n, v in key.items() if n != "d"}}, claims, key),
        sign_hs256(header | {"alg": "HS256"}, claims, WEB_SECRET.encode()),
        tokens["id_token"][:-4] + ("AAAA" if tokens["id_token"][-4:] != "AAAA" else "BBBB"),
        tokens["access_token"],
        "nonsense",
        "[" * 5000 + ".e30.",
    ]


async def test_a_forged_hint_is_refused(person: Person) -> None:
    for hint in await forged_hints(person):
        assert redirect_query(await person.ask(id_token_hint=hint, prompt="none"))["error"] == "invalid_request"


async def test_another_clients_id_token_is_no_hint(person: Person, playground: Playground) -> None:
    await playground.add_client("no.example.second", 1, WEB_SECRET, [CALLBACK])
    hint = (await person.tokens())["id_token"]
    answer = redirect_query(await person.ask(client_id="no.example.second", id_token_hint=hint))
    assert answer["error"] == "invalid_request"


async def test_an_id_token_opens_neither_the_api_nor_userinfo(server: Server, person: Person) -> None:
    id_token = (await person.tokens(scope="openid read"))["id_token"]
    assert await is_refused(server, id_token)
    answer = await server.http.get("/user/oauth/userinfo", headers={"Authorization": f"Bearer {id_token}"})
    assert answer.status_code == 401


async def test_mix_up_every_answer_names_the_issuer_and_a_code_works_for_its_client_only(
    server: Server, person: Person
) -> None:
    good = redirect_query(await person.authorize())
    bad = redirect_query(await person.ask(prompt="none login"))
    assert good["iss"] == bad["iss"] == server.parts.settings.issuer
    form = {"grant_type": "authorization_code", "code": good["code"], "redirect_uri": CALLBACK, "client_id": APP}
    assert (await server.token(form, None)).json()["error"] == "invalid_grant"
    assert (await server.token(form | {"redirect_uri": APP_CALLBACK}, None)).json()["error"] == "invalid_grant"


async def test_the_nonce_is_that_of_the_request_which_the_code_answers(person: Person) -> None:
    nonces: list[Any] = [(await person.id_token(nonce=nonce))["nonce"] for nonce in ("n-1", "n-2", "æ 'n\"")]
    assert nonces == ["n-1", "n-2", "æ 'n\""]


async def test_a_sign_in_at_another_request_does_not_answer_this_one(person: Person) -> None:
    await person.tokens()
    waiting = sign_in_query(await person.ask(prompt="login", nonce="victim"))
    stripped = {name: value for name, value in waiting.items() if name != "asked"}
    assert is_sign_in(await come_back(person, stripped | {"scope": ALL}))
