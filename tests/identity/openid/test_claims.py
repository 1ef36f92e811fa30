"""The claims parameter (OpenID Connect Core, section 5.5): claims of the userinfo endpoint, one by one."""

import json

import pytest

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.openid.steps import Person, trade, userinfo
from tests.identity.steps import redirect_query, refresh


async def test_a_claim_that_is_asked_for_by_name_is_given_whatever_the_scope_is(person: Person) -> None:
    claims = json.dumps({"userinfo": {"email": None, "given_name": {"essential": True}, "nickname": None}})
    tokens = await person.tokens(scope="openid", claims=claims)
    assert await userinfo(person.server, tokens["access_token"]) == {
        "sub": person.reader.unique_id.hex,
        "email": "kari@example.no",
        "given_name": "Kari",
    }
    # It is this grant's, and no other's.
    plain = await person.tokens(scope="openid")
    assert await userinfo(person.server, plain["access_token"]) == {"sub": person.reader.unique_id.hex}


async def test_what_is_asked_for_stays_with_the_grant_through_refreshes(server: Server, person: Person) -> None:
    tokens = await person.tokens(scope="openid", claims='{"userinfo": {"email": null}}')
    refreshed = (await refresh(server, tokens["refresh_token"])).json()
    assert (await userinfo(server, refreshed["access_token"]))["email"] == "kari@example.no"


@pytest.mark.parametrize(
    "claims",
    ["{}", '{"userinfo": null}', '{"userinfo": {}}', '{"userinfo": {"password_hash": null, "sub": null}}'],
)
async def test_what_is_not_known_is_not_given(person: Person, connection: Connection, claims: str) -> None:
    tokens = await person.tokens(scope="openid", claims=claims)
    assert await userinfo(person.server, tokens["access_token"]) == {"sub": person.reader.unique_id.hex}
    assert await connection.fetchval("select max(cardinality(userinfo_claims)) from oauth_grant") == 0


async def test_the_claims_count_with_openid_only(person: Person, connection: Connection) -> None:
    answer = await person.authorize(scope="read", claims='{"userinfo": {"email": null}}')
    assert (await trade(person.server, redirect_query(answer)["code"])).status_code == 200
    assert await connection.fetchval("select max(cardinality(userinfo_claims)) from oauth_grant") == 0


async def test_changing_the_claims_on_the_way_back_from_the_page_is_another_request(person: Person) -> None:
    asked = await person.ask(prompt="login", scope="openid")
    back = await person.sign_in(asked)
    assert "code" in redirect_query(back)
    again = await person.http.get(
        asked.headers["location"].replace("/oauthLogin?", "/oauth/authorize?") + '&claims={"userinfo":{"email":null}}',
        follow_redirects=False,
    )
    assert "code=" not in again.headers["location"]
