"""Server metadata (RFC 8414) and the key set (RFC 7517)."""

from typing import Any

from kolofon.identity.oauth.rfc6749 import DEVICE_CODE, EXTID_CODE
from tests.browser_session import Server
from tests.playground import WEB, WEB_SECRET

WELL_KNOWN = "/.well-known/oauth-authorization-server"


async def _metadata(server: Server, path: str = f"{WELL_KNOWN}/user") -> dict[str, Any]:
    answer = await server.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


async def test_the_metadata_stands_where_the_rfc_and_older_clients_look_for_it(server: Server) -> None:
    metadata = await _metadata(server)
    assert metadata["issuer"] == f"{server.parts.settings.public_url}/user"
    for path in (WELL_KNOWN, f"/user{WELL_KNOWN}", f"/login{WELL_KNOWN}"):
        assert await _metadata(server, path) == metadata


async def test_the_metadata_promises_codes_pkce_the_issuer_and_five_grants(server: Server) -> None:
    metadata = await _metadata(server)
    assert metadata["response_types_supported"] == ["code"]
    assert set(metadata["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        DEVICE_CODE,
        EXTID_CODE,
    }
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["scopes_supported"] == ["read", "openid", "profile", "email", "phone"]
    assert "none" not in metadata["introspection_endpoint_auth_methods_supported"]


async def test_every_advertised_endpoint_exists(server: Server) -> None:
    metadata = await _metadata(server)
    endpoints = {name: url for name, url in metadata.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(endpoints) == 9
    for name, url in endpoints.items():
        path = url.removeprefix(server.parts.settings.public_url)
        answer = await server.http.options(path)
        allowed = {method.strip() for method in answer.headers["allow"].split(",")}
        method = (
            "GET"
            if name in {"authorization_endpoint", "jwks_uri", "end_session_endpoint", "userinfo_endpoint"}
            else "POST"
        )
        assert method in allowed, name
        answer = await server.http.request(method, path, auth=(WEB, WEB_SECRET))
        expected = {
            "jwks_uri": 200,
            "end_session_endpoint": 200,
            "userinfo_endpoint": 401,
            "device_authorization_endpoint": 200,
        }
        assert answer.status_code == expected.get(name, 400), name


async def test_every_advertised_grant_type_is_known(server: Server) -> None:
    for grant_type in (await _metadata(server))["grant_types_supported"]:
        answer = await server.token({"grant_type": grant_type})
        if answer.status_code != 200:
            assert answer.json()["error"] == "invalid_request", grant_type


async def test_the_key_set_may_be_kept_for_less_than_a_new_key_waits(server: Server) -> None:
    answer = await server.http.get("/user/oauth/jwks")
    assert answer.headers["content-type"] == "application/json"
    seconds = int(answer.headers["cache-control"].partition("max-age=")[2])
    assert 0 < seconds < 3600
    assert (await server.http.get("/login/oauth/jwks")).json() == answer.json()
