"""OpenID Connect Core, sections 3.1.3.7 and 5.3.2: what a provider says is not believed for its own sake."""

from collections.abc import Callable
from typing import Any

import pytest

from kolofon.platform.database import Connection
from tests.identity.external_sign_in.provider import CLIENT_ID, SECRET, Provider, rsa_signer
from tests.identity.external_sign_in.test_signing_in import VOUCHED
from tests.identity.external_sign_in.travelling import Travelling, credentials_of, links
from tests.identity.jose_by_hand import Json, encode, new_ec_key, put_together, sign_es256, sign_hs256
from tests.identity.pages.reading import is_back
from tests.playground import Reader

NOW = "now"


async def assert_not_believed(reader: Travelling, connection: Connection) -> None:
    answer = await reader.travel(lang="en")
    assert answer.status_code == 400, answer.headers
    assert "Vipps could not tell us who you are." in answer.text
    assert not await reader.is_signed_in()
    assert await links(connection) == []
    assert await credentials_of(connection) == {}


CLAIMS: dict[str, Json] = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash more": {"iss": "ISSUER/"},
    "another audience": {"aud": "somebody-else"},
    "an audience more": {"aud": [CLIENT_ID, "somebody-else"]},
    "no audience": {"aud": []},
    "another authorized party": {"azp": "somebody-else"},
    "another nonce": {"nonce": "n-1"},
    "no nonce": {"nonce": None},
    "expired": {"exp": -61},
    "not yet": {"nbf": 61},
    "made tomorrow": {"iat": 86400},
    "made long ago": {"iat": -661},
    "no subject": {"sub": ""},
    "a subject too long": {"sub": "x" * 256},
    "a subject that is no text": {"sub": 7},
    "the hash of another access token": {"at_hash": encode(b"0123456789abcdef")},
    "a hash of the access token that is none": {"at_hash": "\u00e6"},
}


@pytest.mark.parametrize("lie", CLAIMS)
async def test_what_a_lying_provider_sends_is_refused(
    provider: Provider, reader_there: Travelling, connection: Connection, lie: str
) -> None:
    now = int(provider.clock.now().timestamp())
    times = {name: now + value for name, value in CLAIMS[lie].items() if name in {"exp", "nbf", "iat"}}
    texts = {name: f"{provider.issuer}/" for name, value in CLAIMS[lie].items() if value == "ISSUER/"}
    provider.claims = VOUCHED | CLAIMS[lie] | times | texts
    await assert_not_believed(reader_there, connection)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "nonce"])
async def test_no_claim_may_be_missing(
    provider: Provider, reader_there: Travelling, connection: Connection, name: str
) -> None:
    provider.claims = VOUCHED
    provider.sign = lambda header, claims: sign_es256(
        header, {key: value for key, value in claims.items() if key != name}, provider.key
    )
    await assert_not_believed(reader_there, connection)


def _by_another_key(header: Json, claims: Json, _: Provider) -> str:
    return sign_es256(header, claims, new_ec_key())


def _unsigned(header: Json, claims: Json, _: Provider) -> str:
    return put_together(header | {"alg": "none"}, claims)


def _none_without_key(_: Json, claims: Json, __: Provider) -> str:
    return put_together({"alg": "none"}, claims)


def _by_the_public_key(header: Json, claims: Json, provider: Provider) -> str:
    return sign_hs256(header | {"alg": "HS256"}, claims, provider.key["x"].encode())


def _by_the_client_secret(_: Json, claims: Json, __: Provider) -> str:
    return sign_hs256({"alg": "HS256"}, claims, SECRET.encode())


def _by_an_unknown_key(header: Json, claims: Json, provider: Provider) -> str:
    return sign_es256(header | {"kid": "k-9"}, claims, provider.key)


def _of_another_type(header: Json, claims: Json, provider: Provider) -> str:
    return sign_es256(header | {"typ": "logout+jwt"}, claims, provider.key)


def _with_what_must_be_understood(header: Json, claims: Json, provider: Provider) -> str:
    return sign_es256(header | {"crit": ["x"], "x": 1}, claims, provider.key)


def _changed(header: Json, claims: Json, provider: Provider) -> str:
    head, _, signature = sign_es256(header, claims, provider.key).split(".")
    return f"{head}.{put_together({}, claims | {'email': 'kari@example.no'}).split('.')[1]}.{signature}"


SIGNATURES: dict[str, Callable[[Json, Json, Provider], str]] = {
    "by another key": _by_another_key,
    "by none": _unsigned,
    "by none and no key": _none_without_key,
    "HS256 with the public key": _by_the_public_key,
    "HS256 with the client secret": _by_the_client_secret,
    "by an unknown key": _by_an_unknown_key,
    "of another type": _of_another_type,
    "with a critical header": _with_what_must_be_understood,
    "changed after signing": _changed,
    "no JWT": lambda _header, _claims, _provider: "x.y",
    "nothing": lambda _header, _claims, _provider: "",
    "no JSON": lambda _header, _claims, _provider: f"{encode(b'[' * 9000)}.{encode(b'{}')}.",
}


@pytest.mark.parametrize("lie", SIGNATURES)
async def test_the_signature_has_to_be_the_providers(
    provider: Provider, reader_there: Travelling, connection: Connection, lie: str
) -> None:
    provider.claims = VOUCHED
    provider.sign = lambda header, claims: SIGNATURES[lie](header, claims, provider)
    await assert_not_believed(reader_there, connection)


async def test_hs256_with_a_key_that_the_provider_publishes_is_no_signature(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = VOUCHED
    provider.published = [{"kty": "oct", "kid": "k-1", "k": encode(b"known to everybody" * 2)}]
    provider.sign = lambda header, claims: sign_hs256(header | {"alg": "HS256"}, claims, b"known to everybody" * 2)
    await assert_not_believed(reader_there, connection)


@pytest.mark.parametrize("change", [{"use": "enc"}, {"alg": "ES384"}, {"crv": "P-999"}, {"x": "AA"}, {"kty": "EC2"}])
async def test_a_key_for_something_else_verifies_nothing(
    provider: Provider, reader_there: Travelling, connection: Connection, change: Json
) -> None:
    provider.claims = VOUCHED
    provider.published = [{name: value for name, value in provider.key.items() if name != "d"} | change]
    await assert_not_believed(reader_there, connection)


async def test_a_short_rsa_key_verifies_nothing(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = VOUCHED
    public, provider.sign = rsa_signer(1024)
    provider.published = [public]
    await assert_not_believed(reader_there, connection)


@pytest.mark.parametrize("userinfo", [{"sub": "another"}, {}, {"sub": None}])
async def test_userinfo_has_to_be_of_the_same_user(
    provider: Provider, reader_there: Travelling, connection: Connection, userinfo: Json
) -> None:
    provider.claims = {"sub": "v-1"}
    provider.userinfo = {"email": "kari@example.no", "email_verified": True} | userinfo
    await assert_not_believed(reader_there, connection)


@pytest.mark.parametrize(
    ("id_token", "userinfo"),
    [
        ({"email": "kari@example.no"}, {"email": "ola@example.no", "email_verified": True}),
        ({"email_verified": True}, {"email": "kari@example.no"}),
        ({"email": "kari@example.no"}, {"email_verified": True}),
    ],
)
async def test_what_one_answer_says_of_its_address_does_not_vouch_for_that_of_the_other(
    provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, id_token: Json, userinfo: Json
) -> None:
    provider.claims = {"sub": "v-1"} | id_token
    provider.userinfo = {"sub": "v-1"} | userinfo
    page = await reader_there.travel()
    assert page.status_code == 200
    assert await links(connection) == []
    assert list(await credentials_of(connection)) == [reader.credential]


UNVERIFIED: list[Any] = [False, "false", None, 0, 1, "yes", [], {}, "True"]


@pytest.mark.parametrize("verified", UNVERIFIED, ids=repr)
async def test_an_address_that_is_not_verified_vouches_for_nobody(
    provider: Provider, reader: Reader, reader_there: Travelling, connection: Connection, verified: Any
) -> None:
    provider.claims = {"sub": "v-1", "email": "kari@example.no", "email_verified": verified}
    assert (await reader_there.travel()).status_code == 200
    assert not await reader_there.is_signed_in()
    assert await links(connection) == []
    assert list(await credentials_of(connection)) == [reader.credential]


@pytest.mark.parametrize("number", ["91234567", "091234567", "004791234567", "+47", "4791234567x", 4791234567])
async def test_a_number_without_its_country_vouches_for_nobody(
    provider: Provider, reader_there: Travelling, connection: Connection, number: Any
) -> None:
    provider.claims = {"sub": "v-1", "phone_number": number, "phone_number_verified": True}
    assert (await reader_there.travel()).status_code == 200
    assert await credentials_of(connection) == {}


async def test_an_external_identity_is_no_address(
    provider: Provider, reader_there: Travelling, connection: Connection
) -> None:
    provider.claims = {"sub": "v-1", "email": "AID:17", "email_verified": True}
    assert (await reader_there.travel()).status_code == 200
    assert await credentials_of(connection) == {}


async def test_the_right_hash_of_the_access_token_is_taken(provider: Provider, reader_there: Travelling) -> None:
    from hashlib import sha256

    provider.claims = VOUCHED | {"at_hash": encode(sha256(b"an-access-token").digest()[:16])}
    assert is_back(await reader_there.travel())


async def test_times_may_be_off_by_a_minute(provider: Provider, reader_there: Travelling) -> None:
    now = int(provider.clock.now().timestamp())
    provider.claims = VOUCHED | {"iat": now + 60, "nbf": now + 60, "exp": now - 59}
    assert is_back(await reader_there.travel())
