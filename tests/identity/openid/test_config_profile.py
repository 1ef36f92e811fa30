"""The OpenID Foundation's Config profile: the discovery document."""

from typing import Any

from tests.browser_session import Server
from tests.identity.openid.steps import Person


async def discovered(server: Server, prefix: str = "/user") -> dict[str, Any]:
    answer = await server.http.get(f"{prefix}/.well-known/openid-configuration")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


async def test_oidcc_discovery_endpoint_verification(server: Server) -> None:
    metadata = await discovered(server)
    issuer = server.parts.settings.issuer
    assert metadata["issuer"] == issuer
    for name in ("authorization", "token", "userinfo", "end_session", "pushed_authorization_request"):
        assert metadata[f"{name}_endpoint"].startswith(f"{issuer}/oauth/")
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["subject_types_supported"] == ["public"]
    assert metadata["scopes_supported"] == ["read", "openid", "profile", "email", "phone"]
    assert metadata["request_parameter_supported"] is metadata["request_uri_parameter_supported"] is False
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert "EdDSA" in metadata["token_endpoint_auth_signing_alg_values_supported"]


async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(server: Server) -> None:
    metadata = await discovered(server)
    assert metadata["end_session_endpoint"] == f"{server.parts.settings.issuer}/oauth/logout"


async def test_it_is_the_same_at_both_addresses_and_as_that_of_oauth(server: Server) -> None:
    metadata = await discovered(server)
    assert await discovered(server, "/login") == metadata
    answer = await server.http.get("/.well-known/oauth-authorization-server/user")
    assert answer.json() == metadata


async def test_the_algorithms_are_those_of_the_published_keys(server: Server) -> None:
    assert (await discovered(server))["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]
    keys = (await server.http.get("/user/oauth/jwks")).json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}


async def test_all_claims_that_are_given_are_announced(server: Server, person: Person) -> None:
    metadata = await discovered(server)
    assert (await person.id_token()).keys() <= set(metadata["claims_supported"])


async def test_every_announced_prompt_is_taken(server: Server, person: Person) -> None:
    announced = (await discovered(server))["prompt_values_supported"]
    assert announced == ["none", "login", "consent", "select_account"]
    for prompt in announced:
        assert "error=invalid_request" not in (await person.ask(prompt=prompt)).headers["location"]


async def test_the_languages_of_the_pages_are_announced_and_the_claims_parameter_too(server: Server) -> None:
    metadata = await discovered(server)
    assert metadata["ui_locales_supported"] == ["nb", "nn", "sv", "en"]
    assert metadata["claims_parameter_supported"] is True
