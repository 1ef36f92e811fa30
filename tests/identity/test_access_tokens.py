"""Access tokens as JWTs (RFC 9068), and what is refused of them (RFC 6750, RFC 8725)."""

import json
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.jose_by_hand import (
    Json,
    encode,
    is_signed_by,
    new_ec_key,
    put_together,
    sign_es256,
    sign_hs256,
    take_apart,
)
from tests.identity.steps import eventually, is_accepted, is_refused
from tests.playground import WEB, Reader


async def published_keys(server: Server, algorithm: str | None = None) -> list[Json]:
    answer = await server.http.get("/user/oauth/jwks")
    assert answer.status_code == 200
    return [key for key in answer.json()["keys"] if algorithm in {None, key["alg"]}]


def private_key(server: Server) -> Json:
    """The key that the server signs with."""
    return dict(server.parts.keys.signing_key(server.parts.clock.seconds()).jwk.as_dict(private=True))


async def assert_invalid(server: Server, token: str) -> None:
    answer = await server.http.get("/capi/v1/user/profile", headers={b"Authorization": b"Bearer " + token.encode()})
    assert answer.status_code == 401, (token, answer.text)
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_token"
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", error_description="')
    assert answer.headers["content-type"] == "application/json"


async def test_a_users_token_says_what_rfc_9068_asks_and_the_published_key_fits(
    server: Server, reader: Reader, clock: Clock
) -> None:
    token = await server.user_token(reader.credential)
    header, claims, _ = take_apart(token)
    [key] = await published_keys(server, "ES256")
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key["kid"]}
    assert (key["alg"], key["use"]) == ("ES256", "sig")
    assert is_signed_by(token, key)
    assert not is_signed_by(token, new_ec_key())
    now = int(clock.seconds())
    UUID(claims.pop("jti"))
    UUID(claims.pop("gid"))
    assert claims == {
        "iss": server.parts.settings.issuer,
        "aud": server.parts.settings.api_audience,
        "sub": reader.unique_id.hex,
        "client_id": WEB,
        "iat": now,
        "exp": now + 43200,
        "scope": "read",
    }


async def test_a_clients_token_has_the_client_as_its_subject(server: Server) -> None:
    one, other = await server.client_token(), await server.client_token()
    claims = take_apart(one)[1]
    assert (claims["sub"], claims["client_id"], "gid" in claims) == (WEB, WEB, False)
    assert claims["jti"] != take_apart(other)[1]["jti"]


async def test_no_private_part_of_a_key_is_published(server: Server) -> None:
    [elliptic] = await published_keys(server, "ES256")
    assert set(elliptic) == {"kty", "crv", "x", "y", "alg", "use", "kid"}
    [rsa] = await published_keys(server, "RS256")
    assert set(rsa) == {"kty", "n", "e", "alg", "use", "kid"}


async def test_unsigned_and_wrongly_signed_tokens_are_refused(server: Server, reader: Reader) -> None:
    token = await server.user_token(reader.credential)
    header, claims, signature = take_apart(token)
    [public] = await published_keys(server, "ES256")
    [rsa] = await published_keys(server, "RS256")
    thief = new_ec_key()
    pem, rsa_pem = (
        key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for key in (ECKey.import_key(public), RSAKey.import_key(rsa))
    )
    embedded = {name: thief[name] for name in ("kty", "crv", "x", "y")}
    forged = [
        *(put_together(header | {"alg": none}, claims) for none in ("none", "None", "NONE")),
        put_together(header | {"alg": "none"}, claims, signature),
        *(
            sign_hs256(header | {"alg": "HS256"}, claims, secret)
            for secret in (pem, pem.strip(), json.dumps(public).encode(), public["x"].encode(), b"")
        ),
        sign_hs256(header | {"alg": "HS256", "kid": rsa["kid"]}, claims, rsa_pem),
        sign_es256(header, claims, thief),
        sign_es256(header | {"kid": rsa["kid"]}, claims, private_key(server)),
        sign_es256(header | {"alg": "RS256"}, claims, private_key(server)),
        sign_es256(header | {"jwk": embedded, "kid": "thief"}, claims, thief),
        sign_es256(header | {"jwk": embedded}, claims, thief),
        sign_es256(header | {"jku": "https://evil.example/jwks"}, claims, thief),
        put_together(header, claims | {"sub": "0" * 32}, signature),
        put_together(header, claims | {"exp": claims["exp"] + 1}, signature),
        put_together(header, claims, bytes(64)),
        put_together(header, claims, signature[:-1]),
        put_together(header, claims, b""),
        f"{token.rpartition('.')[0]}.",
    ]
    for text in forged:
        await assert_invalid(server, text)
    assert await is_accepted(server, token)


async def test_tokens_with_our_signature_but_not_for_this_api_are_refused(server: Server, reader: Reader) -> None:
    header, claims, _ = take_apart(await server.user_token(reader.credential))
    key = private_key(server)
    assert await is_accepted(server, sign_es256(header, claims, key))
    for change in ({"typ": "JWT"}, {"typ": None}, {"typ": "logout+jwt"}, {"kid": "x"}, {"kid": None}, {"crit": ["x"]}):
        await assert_invalid(server, sign_es256(header | change, claims, key))
    for name in ("typ", "kid"):
        await assert_invalid(server, sign_es256({k: v for k, v in header.items() if k != name}, claims, key))
    issuer, audience = claims["iss"], claims["aud"]
    for wrong in (
        {"iss": "https://evil.example/user"},
        {"iss": f"{issuer}/"},
        {"aud": issuer},
        {"aud": [audience]},
        {"aud": "https://evil.example/capi"},
        {"exp": claims["iat"]},
        {"exp": str(claims["exp"])},
        {"jti": "not-a-uuid"},
        {"sub": "not-a-user"},
        {"gid": 7},
        {"client_id": "no.such.client"},
    ):
        await assert_invalid(server, sign_es256(header, claims | wrong, key))
    for name in claims.keys() - {"gid"}:
        await assert_invalid(server, sign_es256(header, {k: v for k, v in claims.items() if k != name}, key))


async def test_what_is_no_token_at_all_is_refused(server: Server) -> None:
    texts = ["x", "a.b", "a.b.c", "....", "..", "æøå.æ.ø", "e30.e30.e30", f"{encode(b'[]')}.e30.", "x" * 20_000]
    texts.append(f"{encode(b'{')}.{encode(b'{')}.{encode(b'{')}")
    texts.append(f"{encode(bytes([0xFF]))}.{encode(bytes([0xFF]))}.x")
    for text in texts:
        await assert_invalid(server, text)


async def test_a_call_without_a_bearer_token_is_refused(server: Server) -> None:
    token = await server.client_token()
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {token}"}):
        answer = await server.http.get("/capi/v1/user/profile", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    answer = await server.http.get(f"/capi/v1/user/profile?access_token={token}")
    assert answer.status_code == 401


async def test_a_token_that_passed_before_is_still_refused_when_it_expires(
    server: Server, reader: Reader, clock: Clock
) -> None:
    token = await server.user_token(reader.credential)
    clock.move(timedelta(seconds=43199))
    assert await is_accepted(server, token)
    clock.move(timedelta(seconds=1))
    await assert_invalid(server, token)


async def test_after_the_clock_is_turned_back_old_and_new_tokens_work(
    server: Server, reader: Reader, clock: Clock
) -> None:
    before = await server.user_token(reader.credential)
    clock.move(-timedelta(days=2))
    after = await server.user_token(reader.credential)
    assert await is_accepted(server, before)
    assert await is_accepted(server, after)
    clock.move(timedelta(hours=12))
    assert not await is_accepted(server, after)
    assert await is_accepted(server, before)


async def test_the_tokens_of_a_client_that_is_disabled_are_refused(
    server: Server, reader: Reader, connection: Connection
) -> None:
    users, clients = await server.user_token(reader.credential), await server.client_token()
    await connection.execute("update client set disabled = true where client_id = $1", WEB)
    await connection.execute("select pg_notify('kolofon_catalogue', '')")
    await eventually(partial(is_refused, server, users))
    assert not await is_accepted(server, clients)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_schemes_case_does_not_matter(server: Server, reader: Reader, scheme: str) -> None:
    token = await server.user_token(reader.credential)
    answer = await server.http.get("/capi/v1/user/profile", headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code == 200
