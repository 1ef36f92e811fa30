"""What a client needs of sign-in, as members of the publisher file: read, kept, and refused with line and member."""

from pathlib import Path
from typing import Any

import pytest

from kolofon.catalogue.memory import read_catalogue
from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from tests.catalogue.publisher_files import SMALL, Shelf
from tests.identity.openid.test_publisher_file import SECRET, with_members

DEFAULTS: dict[str, Any] = {
    "third_party": False,
    "require_pkce": False,
    "require_pushed_requests": False,
    "id_token_algorithm": "RS256",
    "background_url": None,
    "backchannel_logout_uri": None,
    "backchannel_logout_session_required": False,
}
PUBLIC = "    public: true\n"


@pytest.fixture
def shelf(tmp_path: Path, connection: Connection, clock: Clock) -> Shelf:
    return Shelf(tmp_path, connection, clock)


async def members(connection: Connection) -> dict[str, Any]:
    client = (await read_catalogue(connection)).clients["no.liten.web"]
    return {name: getattr(client, name) for name in DEFAULTS}


async def test_they_reach_the_memory_and_leaving_them_out_brings_the_defaults_back(
    shelf: Shelf, connection: Connection
) -> None:
    await shelf.load(SMALL)
    assert await members(connection) == DEFAULTS
    text = with_members(
        thirdParty=True,
        requirePkce=True,
        requirePushedRequests=True,
        idTokenAlgorithm="ES256",
        backgroundUrl="https://liten.example/fjord.jpg",
        backchannelLogoutUri="https://liten.example/logged-out?a=1",
        backchannelLogoutSessionRequired=True,
    )
    assert (await shelf.load(text)).has_changed
    assert await members(connection) == {
        "third_party": True,
        "require_pkce": True,
        "require_pushed_requests": True,
        "id_token_algorithm": "ES256",
        "background_url": "https://liten.example/fjord.jpg",
        "backchannel_logout_uri": "https://liten.example/logged-out?a=1",
        "backchannel_logout_session_required": True,
    }
    assert not (await shelf.load(text)).has_changed
    await shelf.load(SMALL)
    assert await members(connection) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("thirdParty", "perhaps", "expected true or false"),
        ("idTokenAlgorithm", "none", "expected one of ES256, RS256, got 'none'"),
        ("idTokenAlgorithm", "HS256", "expected one of ES256, RS256"),
        ("backgroundUrl", "http://liten.example/x.jpg", "https://"),
        ("backgroundUrl", "/x.jpg", "https://"),
        ("backgroundUrl", "javascript:alert(1)", "https://"),
        ("backgroundUrl", 'https://liten.example/" onload=x', "https://"),
        ("backgroundUrl", "data:image/png;base64,AAAA", "https://"),
        ("backchannelLogoutUri", "/bye", "https://"),
        ("backchannelLogoutUri", "ftp://liten.example/", "https://"),
        ("backchannelLogoutUri", "https://", "https://"),
        ("backchannelLogoutUri", "https://eva:secret@liten.example/", "https://"),
        ("backchannelLogoutUri", "https://liten.example/#bye", "without a fragment"),
        ("backchannelLogoutSessionRequired", True, "only beside backchannelLogoutUri"),
    ],
)
async def test_a_value_that_will_not_do_is_refused_with_its_line_and_member(
    shelf: Shelf, name: str, value: Any, message: str
) -> None:
    with pytest.raises(PublisherFileError) as refused:
        await shelf.load(with_members(**{name: value}))
    line = with_members(**{name: value}).splitlines().index(next(iter(added(name, value)))) + 1
    assert f"publisher.yaml:{line}: clients[0].{name}: " in str(refused.value)
    assert message in str(refused.value)


def added(name: str, value: Any) -> set[str]:
    return set(with_members(**{name: value}).splitlines()) - set(SMALL.splitlines())


async def test_back_channel_logout_without_https_is_for_clients_with_a_secret(shelf: Shelf) -> None:
    await shelf.load(with_members(backchannelLogoutUri="http://127.0.0.1:9000/bye"))
    public = SMALL.replace(SECRET, PUBLIC + '    backchannelLogoutUri: "http://127.0.0.1:9000/bye"\n')
    public = public.replace(", client_credentials]", "]")
    with pytest.raises(PublisherFileError, match="https://"):
        await shelf.load(public)


async def test_who_has_to_be_asked_is_not_signed_in_by_an_extid_code(shelf: Shelf) -> None:
    text = with_members(thirdParty=True).replace("client_credentials]", "extid_code]")
    with pytest.raises(PublisherFileError, match=r"grantTypes: expected no extid_code"):
        await shelf.load(text)


async def test_devices_may_be_the_only_grant_and_need_no_redirect_uri(shelf: Shelf, connection: Connection) -> None:
    text = SMALL.replace('    redirectUris: ["https://liten.example/callback"]\n', "").replace(
        "[authorization_code, refresh_token, client_credentials]", "[device_code, refresh_token]"
    )
    await shelf.load(text)
    client = (await read_catalogue(connection)).clients["no.liten.web"]
    assert client.grant_types == {"device_code", "refresh_token"}
    with pytest.raises(PublisherFileError, match="device_code beside refresh_token"):
        await shelf.load(text.replace("[device_code, refresh_token]", "[client_credentials, refresh_token]"))
