"""Clients that sign assertions instead of sending a secret (RFC 7523, OpenID Connect Core, section 9)."""

import asyncio
import warnings
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kolofon.identity.oauth.housekeeping_queries import sweep
from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.jose_by_hand import put_together, sign_hs256, take_apart
from tests.identity.openid.steps import Person, push, trade, verified
from tests.identity.steps import assert_refused, eventually, redirect_query
from tests.playground import CALLBACK, WEB, Playground

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEYED = "no.example.keyed"
SECOND = "no.example.second"
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "ed"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS: dict[str, Any] = {"ES256": ELLIPTIC, "RS256": RSA, "EdDSA": EDWARDS, "Ed25519": EDWARDS}


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    jwks = {"keys": [key.as_dict(private=False) for key in (ELLIPTIC, RSA, EDWARDS)]}
    for client_id in (KEYED, SECOND):
        await playground.add_client(client_id, 1, None, [CALLBACK], public=False, jwks=jwks)
    return playground


class Keyed:
    """The client, which makes assertions."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.server = server
        self.clock = clock

    def assertion(self, algorithm: str = "ES256", key: Any = None, header: Any = None, **claims: Any) -> str:
        now = int(self.clock.seconds())
        members = {
            "iss": KEYED,
            "sub": KEYED,
            "aud": self.server.parts.settings.issuer,
            "iat": now,
            "exp": now + 300,
            "jti": str(uuid4()),
        } | claims
        key = key or KEYS[algorithm]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(
                _present({"alg": algorithm, "kid": key.kid} | (header or {})),
                _present(members),
                key,
                algorithms=[algorithm],
            )

    async def token(self, assertion: str, **form: str) -> httpx.Response:
        members = {"grant_type": "client_credentials"} | credentials(assertion) | form
        return await self.server.token(members, None)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def credentials(assertion: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


@pytest.fixture
def keyed(server: Server, clock: Clock) -> Keyed:
    return Keyed(server, clock)


@pytest.mark.parametrize("algorithm", list(KEYS))
@pytest.mark.parametrize("named", [True, False], ids=["kid", "no-kid"])
async def test_a_signed_assertion_will_do(keyed: Keyed, algorithm: str, named: bool) -> None:
    answer = await keyed.token(keyed.assertion(algorithm, header={} if named else {"kid": None}))
    assert answer.status_code == 200, answer.text
    assert (await keyed.token(keyed.assertion(algorithm), client_id=KEYED)).status_code == 200


async def test_it_will_do_wherever_clients_authenticate(keyed: Keyed, person: Person) -> None:
    server = keyed.server
    pushed = await push(server, None, client_id=KEYED, **credentials(keyed.assertion()))
    assert pushed.status_code == 201
    query = {"client_id": KEYED, "request_uri": pushed.json()["request_uri"]}
    asked = await person.http.get("/user/oauth/authorize", params=query, follow_redirects=False)
    code = redirect_query(await person.sign_in(asked))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    answer = await keyed.token(keyed.assertion(), **form)
    assert (await verified(server, answer.json()["id_token"]))["aud"] == KEYED
    tokens = answer.json()
    for path in ("introspect", "revoke"):
        data = {"token": tokens["access_token"]} | credentials(keyed.assertion())
        answer = await server.http.post(f"/user/oauth/{path}", data=data)
        assert answer.status_code == 200
    refreshed = await keyed.token(keyed.assertion(), grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.status_code == 200


@pytest.mark.parametrize("path", ["/user/oauth/token", "/login/oauth/token"])
async def test_the_audience_may_be_the_endpoint(keyed: Keyed, path: str) -> None:
    url = keyed.server.parts.settings.public_url + path
    assert (await keyed.token(keyed.assertion(aud=url))).status_code == 200
    assert (await keyed.token(keyed.assertion(aud=[url]))).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"iss": WEB},
        {"sub": WEB, "iss": WEB},
        {"sub": "no.such.client", "iss": "no.such.client"},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
        {"iss": SECOND},
    ],
    ids=str,
)
async def test_wrong_claims_are_refused(keyed: Keyed, claims: dict[str, Any]) -> None:
    assert_refused(await keyed.token(keyed.assertion(**claims)), "invalid_client", 401)


async def test_an_audience_beside_ours_is_refused(keyed: Keyed) -> None:
    issuer = keyed.server.parts.settings.issuer
    answer = await keyed.token(keyed.assertion(aud=[issuer, "https://other.example"]))
    assert_refused(answer, "invalid_client", 401)


async def test_it_lives_for_five_minutes_and_clocks_may_differ_by_half_a_minute(keyed: Keyed, clock: Clock) -> None:
    now = int(clock.seconds())
    good: tuple[dict[str, Any], ...] = ({"exp": now + 330}, {"exp": now - 29}, {"iat": now + 30}, {"nbf": now + 30})
    for members in good:
        assert (await keyed.token(keyed.assertion(**members))).status_code == 200, members
    bad: tuple[dict[str, Any], ...] = ({"exp": now + 331}, {"exp": now - 30}, {"iat": now + 31}, {"nbf": now + 31})
    for members in bad:
        assert_refused(await keyed.token(keyed.assertion(**members)), "invalid_client", 401)


async def test_a_replayed_assertion_is_refused_as_long_as_it_lives(keyed: Keyed, clock: Clock) -> None:
    assertion = keyed.assertion()
    assert (await keyed.token(assertion)).status_code == 200
    assert_refused(await keyed.token(assertion), "invalid_client", 401)
    clock.move(timedelta(seconds=329))
    async with keyed.server.parts.pool().acquire() as connection:
        await sweep(connection, clock.now())
    assert_refused(await keyed.token(assertion), "invalid_client", 401)


async def test_of_two_at_once_one_is_first(keyed: Keyed) -> None:
    assertion = keyed.assertion()
    answers = await asyncio.gather(*(keyed.token(assertion) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_another_clients_jti_may_be_the_same(keyed: Keyed) -> None:
    assert (await keyed.token(keyed.assertion(jti="1"))).status_code == 200
    assert (await keyed.token(keyed.assertion(jti="1", iss=SECOND, sub=SECOND))).status_code == 200


async def test_a_strangers_key_and_confused_algorithms_are_refused(keyed: Keyed) -> None:
    header, claims, signature = take_apart(keyed.assertion())
    public = ELLIPTIC.as_pem(private=False)
    forged = [
        keyed.assertion(key=STRANGER),
        keyed.assertion("RS256", header={"kid": "ec"}),
        put_together(header | {"alg": "none"}, claims),
        put_together(header | {"alg": "RS256"}, claims, signature),
        put_together(header | {"alg": ["ES256"]}, claims, signature),
        put_together(header, claims | {"jti": "changed"}, signature),
        sign_hs256(header | {"alg": "HS256"}, claims, public),
        "nonsense",
        "a.b.c",
        "." + "[" * 5000 + ".",
    ]
    for assertion in forged:
        assert_refused(await keyed.token(assertion), "invalid_client", 401)


async def test_one_way_to_authenticate_at_a_time_and_the_right_type(keyed: Keyed) -> None:
    assert_refused(await keyed.token(keyed.assertion(), client_secret="x"), "invalid_request")
    form = {"grant_type": "client_credentials"} | credentials(keyed.assertion())
    assert_refused(await keyed.server.token(form, (KEYED, "x")), "invalid_request")
    assert_refused(await keyed.token(keyed.assertion(), client_assertion_type="x"), "invalid_client", 401)
    assert_refused(await keyed.token(keyed.assertion(), client_id=WEB), "invalid_client", 401)
    assert_refused(await keyed.token("", client_assertion=""), "invalid_client", 401)


async def test_a_client_with_keys_has_no_other_way_in(keyed: Keyed) -> None:
    for secret in ("", "x"):
        answer = await keyed.server.token({"grant_type": "client_credentials"}, (KEYED, secret))
        assert_refused(answer, "invalid_client", 401)


async def test_a_client_that_is_disabled_is_refused(keyed: Keyed, playground: Playground) -> None:
    await playground.connection.execute("update client set disabled = true where client_id = $1", KEYED)
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")

    async def refused() -> bool:
        return (await keyed.token(keyed.assertion())).status_code == 401

    await eventually(refused)
    assert (await trade(keyed.server, "x")).status_code == 400
