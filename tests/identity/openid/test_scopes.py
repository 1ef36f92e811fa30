"""What a scope gives, through refreshes and at several clients."""

import httpx

from tests.browser_session import Server
from tests.identity.openid.steps import ALL, Person, userinfo, verified
from tests.identity.steps import assert_refused, redirect_query, refresh
from tests.playground import CALLBACK, WEB, WEB_SECRET, Playground, Reader


async def test_a_refresh_may_ask_for_less_and_not_for_more(server: Server, person: Person) -> None:
    tokens = await person.tokens()
    for more in ("read", "openid read"):
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "scope": more}
        assert_refused(await server.token(form), "invalid_scope")
    less = (await server.token(form | {"scope": "openid"})).json()
    assert less["scope"] == "openid"
    assert await userinfo(server, less["access_token"]) == {"sub": person.reader.unique_id.hex}
    again = (await refresh(server, less["refresh_token"])).json()
    assert again["scope"] == ALL


async def test_introspection_tells_the_scope(server: Server, person: Person) -> None:
    tokens = await person.tokens()
    for name in ("access_token", "refresh_token"):
        form = {"token": tokens[name]}
        answer: httpx.Response = await server.http.post("/user/oauth/introspect", data=form, auth=(WEB, WEB_SECRET))
        assert answer.json()["scope"] == ALL


async def test_a_reader_of_two_clients_has_one_sub_and_one_sid(
    person: Person, playground: Playground, reader: Reader
) -> None:
    await playground.add_client("no.example.second", 1, WEB_SECRET, [CALLBACK])
    first = await person.id_token()
    code = redirect_query(await person.ask(client_id="no.example.second"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = await person.server.token(form, ("no.example.second", WEB_SECRET))
    second = await verified(person.server, answer.json()["id_token"])
    assert (second["sub"], second["sid"]) == (first["sub"], first["sid"])
    assert second["aud"] == "no.example.second"
