"""The modules of the OpenID Foundation's plan oidcc-backchannel-rp-initiated-logout-certification-test-plan.

What its modules ask of the https connection is the proxy's in front of us, and not asked here.
"""

from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import KeySet

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.back_channel_logout.client_server import ClientServer
from tests.identity.back_channel_logout.steps import EVENT, rp_logout
from tests.identity.changed_clients import change_client
from tests.identity.jose_by_hand import take_apart
from tests.identity.openid.steps import AFTER_LOGOUT, Person, verified
from tests.identity.steps import redirect_query
from tests.playground import WEB, Playground


async def test_oidcc_backchannel_logout_discovery_endpoint_verification(server: Server) -> None:
    metadata = (await server.http.get("/user/.well-known/openid-configuration")).json()
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
    assert metadata["end_session_endpoint"] == f"{metadata['issuer']}/oauth/logout"
    assert "sid" in metadata["claims_supported"]


async def test_oidcc_backchannel_rp_initiated_logout(
    server: Server, person: Person, client: ClientServer, playground: Playground, clock: Clock
) -> None:
    await playground.connection.execute("update client set backchannel_logout_session_required = true")
    tokens = await person.tokens()
    id_token = await verified(server, tokens["id_token"])
    clock.move(timedelta(minutes=5))

    back = await rp_logout(person, tokens, state="end-1")
    assert back.status_code in {302, 303}
    assert back.headers["location"] == f"{AFTER_LOGOUT}&state=end-1"

    assert await server.parts.telling.do_next()
    [request] = client.requests
    assert (request.method, request.path) == ("POST", "/backchannel_logout")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    logout_token = request.logout_token  # and nothing beside it
    header, claims, _ = take_apart(logout_token)
    # As an id_token of this client, so that a client needs one algorithm.
    assert (header["typ"], header["alg"]) == ("logout+jwt", take_apart(tokens["id_token"])[0]["alg"])
    assert await verified(server, logout_token) == claims
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
    assert (claims["iss"], claims["aud"]) == (id_token["iss"], WEB)
    assert (claims["sub"], claims["sid"]) == (id_token["sub"], id_token["sid"])
    assert claims["events"] == {EVENT: {}}
    now = int(clock.now().timestamp())
    assert (claims["iat"], claims["exp"]) == (now, now + 120)
    assert "nonce" not in claims

    assert redirect_query(await person.ask(prompt="none"))["error"] == "login_required"


async def test_a_library_that_is_not_ours_takes_the_token(server: Server, person: Person, client: ClientServer) -> None:
    await rp_logout(person, await person.tokens())
    await server.parts.telling.do_next()
    keys = KeySet.import_key_set((await server.http.get("/user/oauth/jwks")).json())
    decoded = jwt.decode(client.requests[0].logout_token, keys, algorithms=["RS256", "ES256"])
    assert decoded.claims["aud"] == WEB


async def test_a_client_with_es256_gets_its_tokens_in_it(
    server: Server, person: Person, client: ClientServer, playground: Playground
) -> None:
    await change_client(server, playground, WEB, "id_token_algorithm = 'ES256'")
    await rp_logout(person, await person.tokens())
    await server.parts.telling.do_next()
    assert take_apart(client.requests[0].logout_token)[0]["alg"] == "ES256"
    assert await verified(server, client.requests[0].logout_token)
