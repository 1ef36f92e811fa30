"""The OpenID Foundation's Basic profile: tests named after its modules."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from kolofon.platform.clock import Clock
from tests.browser_session import Server, authorization, bearer
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import (
    ALL,
    USERINFO,
    Person,
    is_sign_in,
    trade,
    userinfo,
    verified,
)
from tests.identity.steps import AUTHORIZE, assert_refused, is_accepted, is_refused, redirect_query, refresh
from tests.playground import CALLBACK, WEB, WEB_SECRET, Playground


async def test_oidcc_server(server: Server, person: Person, clock: Clock) -> None:
    tokens = await person.tokens()
    assert tokens["scope"] == ALL
    assert take_apart(tokens["id_token"])[0]["typ"] == "JWT"
    claims = await verified(server, tokens["id_token"])
    now = int(clock.seconds())
    digest = sha256(tokens["access_token"].encode()).digest()[:16]
    assert len(claims.pop("sid")) == 43
    assert claims == {
        "iss": server.parts.settings.issuer,
        "sub": person.reader.unique_id.hex,
        "aud": WEB,
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "nonce": "n-1",
        "acr": "urn:kolofon:acr:1",
        "amr": ["pwd"],
        "at_hash": urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }


async def test_without_openid_there_is_no_id_token_and_scope_read_means_what_it_meant(person: Person) -> None:
    for scope in ("read", ""):
        tokens = await person.tokens(scope=scope)
        assert "id_token" not in tokens
        assert tokens["scope"] == "read"
        assert await is_accepted(person.server, tokens["access_token"])


async def test_only_read_opens_the_api(server: Server, person: Person) -> None:
    both = await person.tokens(scope="openid read")
    assert both["scope"] == "read openid"
    assert await is_accepted(server, both["access_token"])
    tokens = await person.tokens(scope="openid")
    answer = await server.http.get("/capi/v1/user/profile", headers=bearer(tokens["access_token"]))
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("scope", ["openid address", "everything", "profile", "read email"])
async def test_an_unknown_scope_is_refused_and_so_are_claims_without_openid(person: Person, scope: str) -> None:
    assert redirect_query(await person.ask(scope=scope))["error"] == "invalid_scope"


async def test_a_client_that_acts_for_itself_has_no_openid(server: Server) -> None:
    assert_refused(await server.token({"grant_type": "client_credentials", "scope": "openid"}), "invalid_scope")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openid", {}),
        ("openid profile", {"name": "Kari Nordmann", "given_name": "Kari", "family_name": "Nordmann"}),
        ("openid email", {"email": "kari@example.no", "email_verified": True}),
        ("openid phone", {"phone_number": "+4790000001", "phone_number_verified": False}),
    ],
    ids=["none", "oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-phone"],
)
async def test_oidcc_scope(person: Person, playground: Playground, scope: str, expected: dict[str, Any]) -> None:
    await playground.add_credential(person.reader.unique_id, "+4790000001", "notVerified")
    tokens = await person.tokens(scope=scope)
    assert await userinfo(person.server, tokens["access_token"]) == {"sub": person.reader.unique_id.hex} | expected


async def test_oidcc_scope_all_and_other_scope_order_succeeds(person: Person) -> None:
    tokens = await person.tokens(scope="email phone profile openid")
    assert tokens["scope"] == ALL
    assert {"sub", "name", "email"} <= (await userinfo(person.server, tokens["access_token"])).keys()


async def test_of_several_addresses_the_one_of_the_sign_in_is_told(person: Person, playground: Playground) -> None:
    await playground.add_credential(person.reader.unique_id, "a@example.no", "verificationCode")
    tokens = await person.tokens(scope="openid email")
    assert (await userinfo(person.server, tokens["access_token"]))["email"] == person.reader.credential


async def test_oidcc_userinfo_get_post_header_post_body(server: Server, person: Person) -> None:
    token = (await person.tokens())["access_token"]
    answers = [
        await server.http.get(USERINFO, headers=bearer(token)),
        await server.http.post(USERINFO, headers=bearer(token)),
        await server.http.post(USERINFO, data={"access_token": token}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    twice = await server.http.post(USERINFO, data={"access_token": token}, headers=bearer(token))
    assert twice.status_code == 400


async def test_userinfo_wants_a_good_token_with_openid(server: Server, person: Person, playground: Playground) -> None:
    for headers in ({}, bearer("nonsense"), {"Authorization": "Basic eDp5"}):
        answer = await server.http.get(USERINFO, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    plain = (await person.tokens(scope="read"))["access_token"]
    for token in (plain, await server.client_token()):
        answer = await server.http.get(USERINFO, headers=bearer(token))
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    token = (await person.tokens())["access_token"]
    await playground.connection.execute("update user_account set disabled_at = created_at")
    assert (await server.http.get(USERINFO, headers=bearer(token))).status_code == 401


async def test_oidcc_response_type_missing(person: Person) -> None:
    assert redirect_query(await person.ask(response_type=""))["error"] == "invalid_request"


async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(person: Person) -> None:
    assert "nonce" not in await person.id_token(nonce="")


async def test_oidcc_prompt_none_not_logged_in(person: Person) -> None:
    answer = redirect_query(await person.ask(prompt="none"))
    assert (answer["error"], answer["state"]) == ("login_required", "s-1")


async def test_oidcc_prompt_none_logged_in(person: Person, clock: Clock) -> None:
    first = await person.id_token()
    clock.move(timedelta(seconds=100))
    second = await person.id_token(prompt="none")
    assert [second[name] for name in ("sub", "auth_time", "sid")] == [first[n] for n in ("sub", "auth_time", "sid")]


async def test_oidcc_prompt_login(person: Person, clock: Clock) -> None:
    first = await person.id_token()
    clock.move(timedelta(seconds=100))
    asked = await person.ask(prompt="login")
    assert is_sign_in(asked)
    answer = await trade(person.server, redirect_query(await person.sign_in(asked))["code"])
    second = await verified(person.server, answer.json()["id_token"])
    assert second["auth_time"] == first["auth_time"] + 101
    # The same reader's session goes on, under a new secret (decision 0014).
    assert second["sid"] == first["sid"]


async def test_prompt_login_without_a_session_asks_once(person: Person) -> None:
    assert "code" in redirect_query(await person.sign_in(await person.ask(prompt="login")))


@pytest.mark.parametrize("prompt", ["none login", "none select_account", "none consent", "create"])
async def test_prompts_that_contradict_or_are_unknown_are_refused(person: Person, prompt: str) -> None:
    assert redirect_query(await person.ask(prompt=prompt))["error"] == "invalid_request"


async def test_oidcc_max_age_1(person: Person, clock: Clock) -> None:
    first = await person.id_token()
    clock.move(timedelta(seconds=2))
    assert redirect_query(await person.ask(max_age="1", prompt="none"))["error"] == "login_required"
    asked = await person.ask(max_age="1")
    answer = await trade(person.server, redirect_query(await person.sign_in(asked))["code"])
    assert (await verified(person.server, answer.json()["id_token"]))["auth_time"] > first["auth_time"] + 1


async def test_oidcc_max_age_10000(person: Person, clock: Clock) -> None:
    first = await person.id_token()
    clock.move(timedelta(seconds=9_000))
    answer = await trade(person.server, redirect_query(await person.ask(max_age="10000"))["code"])
    assert (await verified(person.server, answer.json()["id_token"]))["auth_time"] == first["auth_time"]


async def test_max_age_0_asks_although_the_sign_in_was_this_moment(person: Person) -> None:
    await person.tokens()
    asked = await person.ask(max_age="0")
    assert "code" in redirect_query(await person.sign_in(asked))


@pytest.mark.parametrize("max_age", ["-1", "x", "1.5", "9999999999", "٣"])
async def test_a_max_age_that_is_no_number_is_refused(person: Person, max_age: str) -> None:
    assert redirect_query(await person.ask(max_age=max_age))["error"] == "invalid_request"


async def test_oidcc_id_token_hint(person: Person, playground: Playground, clock: Clock) -> None:
    hint = (await person.tokens())["id_token"]
    clock.move(timedelta(hours=2))
    assert "code" in redirect_query(await person.ask(prompt="none", id_token_hint=hint))
    other = await playground.add_reader("ola@example.no")
    await person.sign_in(await person.ask(prompt="login"), other)
    assert redirect_query(await person.ask(prompt="none", id_token_hint=hint))["error"] == "login_required"
    back = await person.sign_in(await person.ask(id_token_hint=hint), other)
    assert redirect_query(back)["error"] == "login_required"
    assert "code" in redirect_query(await person.sign_in(await person.ask(id_token_hint=hint)))


async def test_oidcc_login_hint(person: Person) -> None:
    for more in ({}, {"max_age": "5"}):
        page = await person.http.get((await person.ask(login_hint="kari@example.no", **more)).headers["location"])
        assert 'value="kari@example.no"' in page.text


async def test_oidcc_ui_locales(person: Person) -> None:
    for more in ({}, {"max_age": "5"}):
        page = await person.http.get((await person.ask(ui_locales="fi sv-SE nb", **more)).headers["location"])
        assert page.headers["content-language"] == "sv"


@pytest.mark.parametrize(
    "more",
    [{"display": "page"}, {"display": "popup"}, {"claims_locales": "sv"}],
    ids=["oidcc-display-page", "oidcc-display-popup", "oidcc-claims-locales"],
)
async def test_oidcc_what_is_taken_and_changes_nothing(person: Person, more: dict[str, str]) -> None:
    assert (await person.id_token(**more))["nonce"] == "n-1"


async def test_oidcc_idtoken_signature(person: Person) -> None:
    tokens = await person.tokens()
    header = take_apart(tokens["id_token"])[0]
    assert header["alg"] == "RS256"
    assert header["kid"]
    await verified(person.server, tokens["id_token"])


async def test_oidcc_claims_essential(person: Person) -> None:
    tokens = await person.tokens(scope="openid", claims='{"userinfo": {"name": {"essential": true}}}')
    assert (await userinfo(person.server, tokens["access_token"]))["name"] == "Kari Nordmann"


async def test_oidcc_acr_values_display_and_claims_are_taken(person: Person) -> None:
    wish = '{"userinfo": {"name": {"essential": true}}, "id_token": {"auth_time": {"essential": true}, "acr": null}}'
    assert (await person.id_token(acr_values="1 2", display="page", claims=wish))["acr"] == "urn:kolofon:acr:1"


async def test_an_essential_acr_that_the_sign_in_lacks_is_an_error_where_nothing_may_be_shown(person: Person) -> None:
    wish = '{"id_token": {"acr": {"essential": true, "values": ["urn:kolofon:acr:%d"]}}}'
    assert "code" in redirect_query(await person.authorize(claims=wish % 1))
    refused = redirect_query(await person.ask(claims=wish % 2, prompt="none"))
    assert refused["error"] == "unmet_authentication_requirements"


async def test_a_wanted_subject_is_the_only_one_that_will_do(person: Person) -> None:
    await person.tokens()
    wish = '{"id_token": {"sub": {"value": "%s"}}}'
    assert "code" in redirect_query(await person.ask(prompt="none", claims=wish % person.reader.unique_id.hex))
    assert redirect_query(await person.ask(prompt="none", claims=wish % ("0" * 32)))["error"] == "login_required"


@pytest.mark.parametrize("claims", ["x", "[]", '{"id_token": {"sub": {"value": 7}}}', "[" * 5000])
async def test_claims_that_cannot_be_read_are_refused(person: Person, claims: str) -> None:
    assert redirect_query(await person.ask(claims=claims))["error"] == "invalid_request"


async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(person: Person) -> None:
    assert (await person.id_token(extra="foobar"))["nonce"] == "n-1"


async def test_oidcc_ensure_post_request_succeeds(server: Server, person: Person) -> None:
    form = authorization(scope=ALL, nonce="n-2", max_age="0")
    answer = await server.http.post(AUTHORIZE, data=form)
    assert answer.status_code == 303
    asked = await person.http.get(
        answer.headers["location"].replace(server.parts.settings.public_url, server.base_url), follow_redirects=False
    )
    answer = await trade(server, redirect_query(await person.sign_in(asked))["code"])
    assert (await verified(server, answer.json()["id_token"]))["nonce"] == "n-2"


@pytest.mark.parametrize(
    ("parameter", "error"),
    [
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://web.example.no/request.jwt"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
    ],
    ids=["oidcc-unsigned-request-object", "oidcc-request-uri", "oidcc-registration", "response-mode", "hybrid"],
)
async def test_what_changes_the_request_is_refused(person: Person, parameter: dict[str, str], error: str) -> None:
    assert redirect_query(await person.ask(**parameter))["error"] == error


async def test_oidcc_ensure_registered_redirect_uri(person: Person) -> None:
    answer = await person.ask(redirect_uri="https://web.example.no/other")
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_oidcc_codereuse(server: Server, person: Person) -> None:
    code = redirect_query(await person.authorize(scope="openid read"))["code"]
    first = await trade(server, code)
    assert_refused(await trade(server, code), "invalid_grant")
    assert await is_refused(server, first.json()["access_token"])
    answer = await server.http.get(USERINFO, headers=bearer(first.json()["access_token"]))
    assert answer.status_code == 401


async def test_oidcc_codereuse_30seconds(server: Server, person: Person, clock: Clock) -> None:
    code = redirect_query(await person.authorize(scope="openid read"))["code"]
    first = await trade(server, code)
    clock.move(timedelta(seconds=30))
    assert_refused(await trade(server, code), "invalid_grant")
    assert await is_refused(server, first.json()["access_token"])
    assert_refused(await refresh(server, first.json()["refresh_token"]), "invalid_grant")


async def test_oidcc_server_client_secret_post(server: Server, person: Person) -> None:
    code = redirect_query(await person.authorize())["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = await server.token(form | {"client_id": WEB, "client_secret": WEB_SECRET}, None)
    assert (await verified(server, answer.json()["id_token"]))["aud"] == WEB


async def test_oidcc_refresh_token(server: Server, person: Person, clock: Clock) -> None:
    tokens = await person.tokens()
    first = await verified(server, tokens["id_token"])
    clock.move(timedelta(hours=1))
    answer = await refresh(server, tokens["refresh_token"])
    second = await verified(server, answer.json()["id_token"])
    assert "nonce" not in second
    assert second["iat"] == first["iat"] + 3600
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):
        assert second[name] == first[name]
    assert second["at_hash"] != first["at_hash"]
    assert (await refresh(server, tokens["refresh_token"])).json() == answer.json()
