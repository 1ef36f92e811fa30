"""Apple: the answer comes as a form, the secret is a JWT, the name comes once and through the browser."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.settings import Settings
from tests.browser_session import Server
from tests.conftest import running_server
from tests.identity.external_sign_in.provider import CLIENT_ID, Provider
from tests.identity.external_sign_in.travelling import Travelling, credentials_of, query_of
from tests.identity.jose_by_hand import encode, is_signed_by, take_apart
from tests.identity.pages.reading import is_back
from tests.playground import Playground

KEY = ec.generate_private_key(ec.SECP256R1())
PERSON = {"name": {"firstName": "Ola", "lastName": "Nordmann"}, "email": "evil@example.no"}


@pytest.fixture
async def server(
    playground: Playground, database_url: str, clock: Clock, provider: Provider, tmp_path: Path
) -> AsyncIterator[Server]:
    (tmp_path / "key.p8").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path = tmp_path / "providers.yaml"
    path.write_text(
        f"""
providers:
  - code: apple
    name: Apple
    issuer: {provider.issuer}
    clientId: {CLIENT_ID}
    appleTeamId: TEAM
    appleKeyId: KEY-1
    appleKeyFile: key.p8
    clientAuthentication: client_secret_post
    scopes: [openid, name, email]
    responseMode: form_post
    source: Apple
    trustsEmail: true
"""
    )
    async with running_server(database_url, clock, Settings(log_level="error", sign_in_providers=path)) as it:
        yield it


@pytest.fixture(autouse=True)
def as_apple_does(provider: Provider) -> None:
    provider.claims = {"sub": "001.a", "email": "x1@privaterelay.appleid.com", "email_verified": "true"}
    provider.authenticate = lambda form, _headers: _client_of(provider, form)


def _client_of(provider: Provider, form: dict[str, str]) -> tuple[str, str]:
    """Who shows to have the key is the client."""
    from tests.identity.external_sign_in.provider import SECRET

    header, claims, _ = take_apart(form["client_secret"])
    now = int(provider.clock.now().timestamp())
    assert header == {"alg": "ES256", "kid": "KEY-1"} | ({"typ": "JWT"} if "typ" in header else {})
    assert claims == {"iss": "TEAM", "iat": now, "exp": now + 300, "aud": provider.issuer, "sub": CLIENT_ID}
    numbers = KEY.public_key().public_numbers()
    x, y = (encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    fits = is_signed_by(form["client_secret"], {"kty": "EC", "crv": "P-256", "x": x, "y": y})
    return (form["client_id"], SECRET) if fits else ("", "")


async def by_form(reader: Travelling, user: Any = None) -> httpx.Response:
    """What Apple's page does: a form from another site, which comes without our cookies."""
    answer = query_of(await reader.at_provider("apple"))
    data = answer | ({"user": json.dumps(user)} if user is not None else {}) | {"id_token": "x"}
    async with reader.server.browser() as without_cookies:
        sent = await without_cookies.post("/user/external/apple/callback", data=data, follow_redirects=False)
    assert sent.status_code == 303
    assert "set-cookie" not in sent.headers
    # Neither a proxy's log nor the address bar shows the name.
    assert "Nordmann" not in sent.headers["location"]
    return await reader.come_back(sent.headers["location"])


async def test_the_form_is_answered_with_the_redirect_that_has_the_cookies(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    left = await reader_there.leave("apple")
    assert query_of(left.headers["location"])["response_mode"] == "form_post"
    assert is_back(await by_form(reader_there, PERSON))
    # The address that came through the browser is nobody's word.
    assert list(await credentials_of(connection)) == ["x1@privaterelay.appleid.com"]
    row = await connection.fetchrow("select first_name, last_name from user_account")
    assert row is not None
    assert tuple(row) == ("Ola", "Nordmann")


@pytest.mark.parametrize("user", [None, [], "x", {"name": 7}, {"name": {"firstName": [1], "lastName": {}}}])
async def test_a_name_that_is_none_is_left_out(reader_there: Travelling, connection: Connection, user: Any) -> None:
    assert is_back(await by_form(reader_there, user))
    assert await connection.fetchval("select first_name from user_account") is None


async def test_a_name_in_the_address_itself_is_nobodys(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    url = await reader_there.at_provider("apple")
    assert is_back(await reader_there.come_back(f"{url}&{urlencode({'user': json.dumps(PERSON)})}"))
    assert await connection.fetchval("select first_name from user_account") is None


async def test_what_is_too_long_is_not_sent_on(reader_there: Travelling) -> None:
    data = {"state": "x" * 9000, "code": "c"}
    answer = await reader_there.http.post("/user/external/apple/callback", data=data, follow_redirects=False)
    assert answer.status_code == 400


async def test_an_answer_of_a_form_leads_to_our_own_address_only(reader_there: Travelling) -> None:
    data = {"state": "s", "code": "c", "returnUrl": "https://evil.example"}
    answer = await reader_there.http.post("/user/external/a%2F..%2Fb/callback", data=data, follow_redirects=False)
    if answer.status_code == 303:
        assert answer.headers["location"].startswith(f"{reader_there.server.base_url}/user/external/")
        assert "evil" not in answer.headers["location"]
    assert answer.status_code in {303, 404}


async def test_the_secret_is_made_anew_for_every_sign_in(
    provider: Provider, reader_there: Travelling, clock: Clock
) -> None:
    for _ in range(2):
        assert is_back(await by_form(reader_there))
        clock.move(timedelta(hours=1))
    one, two = (request["form"]["client_secret"] for request in provider.seen["/token"])
    assert one != two
