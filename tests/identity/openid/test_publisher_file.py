"""What OpenID Connect adds to a client in the publisher file."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from kolofon.catalogue.memory import Client, read_catalogue
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.catalogue.publisher_files import SMALL, Shelf

SECRET = "    secret: a-secret-of-a-small-newspaper\n"
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "k"})


@pytest.fixture
def shelf(tmp_path: Path, connection: Connection, clock: Clock) -> Shelf:
    return Shelf(tmp_path, connection, clock)


def with_members(text: str = SECRET, **members: Any) -> str:
    added = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in members.items())
    return SMALL.replace(SECRET, text + added)


def jwks(*keys: Any, private: bool = False, **more: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=private) | more for key in keys]}


async def loaded(connection: Connection) -> Client:
    return (await read_catalogue(connection)).clients["no.liten.web"]


async def test_urls_after_logout_and_keys_reach_the_memory_and_loading_again_changes_nothing(
    shelf: Shelf, connection: Connection
) -> None:
    keys = jwks(ELLIPTIC, OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048), use="sig")
    text = with_members("", postLogoutRedirectUris=["https://liten.example/bye"], jwks=keys)
    await shelf.load(text)
    client = await loaded(connection)
    assert client.post_logout_redirect_uris == {"https://liten.example/bye"}
    assert client.jwks == keys
    assert client.secrets == ()
    assert not (await shelf.load(text)).has_changed
    await shelf.load(SMALL)
    client = await loaded(connection)
    assert (client.post_logout_redirect_uris, client.jwks) == (frozenset(), None)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (jwks(ELLIPTIC, private=True), "unknown field"),
        (jwks(ECKey.generate_key("P-384")), "expected an RSA key"),
        (jwks(OKPKey.generate_key("X25519")), "expected an RSA key"),
        (jwks(ELLIPTIC, alg="RS256"), "expected alg ES256"),
        (jwks(ELLIPTIC, x="AAAA"), "expected a public key"),
        ({"keys": [{"kty": "EC", "crv": "P-256"}]}, "expected a public key"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "expected one of EC, OKP, RSA"),
        ({"keys": []}, "at least 1"),
    ],
    ids=["private", "P-384", "X25519", "wrong alg", "off the curve", "no point", "symmetric", "none"],
)
async def test_a_key_that_will_not_do_is_refused(shelf: Shelf, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(PublisherFileError, match=message):
        await shelf.load(with_members(jwks=keys))


async def test_a_public_client_has_no_keys_and_others_need_a_secret_or_keys(shelf: Shelf) -> None:
    for text in (with_members("", public=True, jwks=jwks(ELLIPTIC)), SMALL.replace(SECRET, "")):
        with pytest.raises(PublisherFileError, match="public"):
            await shelf.load(text)


@pytest.mark.parametrize(
    "uri", ["/bye", "javascript:alert(1)", "https://liten.example/#bye", "https://a@liten.example/"]
)
async def test_a_url_after_logout_that_is_not_safe_is_refused(shelf: Shelf, uri: str) -> None:
    with pytest.raises(PublisherFileError, match=r"postLogoutRedirectUris\[0\]"):
        await shelf.load(with_members(postLogoutRedirectUris=[uri]))
