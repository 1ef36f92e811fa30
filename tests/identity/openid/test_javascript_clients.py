"""The whole protocol, spoken by openid-client and oauth4webapi, which check every answer by themselves."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from kolofon.platform.clock import Clock
from tests.browser_session import Server
from tests.identity.device.steps import TV, Viewer, add_tv
from tests.identity.openid.steps import AFTER_LOGOUT, ALL, Person, is_sign_in
from tests.playground import APP, APP_CALLBACK, CALLBACK, WEB, WEB_SECRET, Playground, Reader
from tests.tools import JAVASCRIPT, node_module, program

LIBRARIES = {"openid_client": "openid-client", "oauth4webapi": "oauth4webapi"}
KEYED = "no.example.keyed"
KEY = RSAKey.generate_key(2048, {"kid": "k-1"})
BASIC = {"clientId": WEB, "secret": WEB_SECRET, "method": "basic", "redirectUri": CALLBACK, "pkce": True}
WAYS: dict[str, dict[str, Any]] = {
    "pkce": BASIC,
    "no-pkce": BASIC | {"method": "post", "pkce": False},
    "pushed": BASIC | {"pushed": True},
    "public": BASIC | {"clientId": APP, "method": "none", "redirectUri": APP_CALLBACK},
    "private-key": BASIC | {"clientId": KEYED, "method": "privateKey", "privateKey": KEY.as_dict(private=True)},
    "private-key-pushed": BASIC
    | {"clientId": KEYED, "method": "privateKey", "privateKey": KEY.as_dict(private=True), "pushed": True},
}


@pytest.fixture
async def playground(playground: Playground) -> Playground:
    """The clients with a place to go after signing out, and one that signs instead of having a secret."""
    keys = {"keys": [KEY.as_dict(private=False)]}
    await playground.add_client(KEYED, 1, None, [CALLBACK], public=False, jwks=keys)
    await add_tv(playground)
    await playground.connection.execute("update client set post_logout_redirect_uris = array[$1]", AFTER_LOGOUT)
    return playground


async def converse(
    library: str, given: dict[str, Any], answer: Callable[[dict[str, Any]], Awaitable[object]]
) -> dict[str, Any]:
    """Run a client; what it asks of the reader's browser is answered, and what it tells last is returned."""
    node_module(LIBRARIES[library])
    process = await asyncio.create_subprocess_exec(
        program("node"),
        str(JAVASCRIPT / f"{library}.mjs"),
        json.dumps(given),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said: dict[str, Any] = {}
    while line := await process.stdout.readline():
        said = json.loads(line)
        if said.keys() & {"visit", "approve"}:
            process.stdin.write(json.dumps(await answer(said)).encode() + b"\n")
    problem = (await process.stderr.read()).decode()
    assert await process.wait() == 0, problem
    return said


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("library", list(LIBRARIES))
async def test_from_discovery_to_logout(
    local_server: Server, clock: Clock, reader: Reader, library: str, way: str
) -> None:
    async with local_server.browser() as http:
        person = Person(local_server, clock, reader, http)

        async def visit(question: dict[str, Any]) -> str:
            answer = await http.get(question["visit"], follow_redirects=False)
            answer = await person.sign_in(answer) if is_sign_in(answer) else answer
            return str(answer.headers["location"])

        issuer = local_server.parts.settings.issuer
        given = WAYS[way] | {"issuer": issuer, "scope": f"read {ALL}", "loggedOutUri": AFTER_LOGOUT}
        report = await converse(library, given, visit)
        assert not await person.is_signed_in()
    assert report["claims"]["sub"] == reader.unique_id.hex
    assert report["refreshedClaims"]["auth_time"] == report["claims"]["auth_time"]
    assert report["userinfo"]["email"] == reader.credential
    assert report["introspected"] is None or report["introspected"]["active"] is True
    assert report["loggedOut"] == f"{AFTER_LOGOUT}&state=bye"
    assert report["afterwards"] == "invalid_grant"


@pytest.mark.parametrize("library", list(LIBRARIES))
async def test_a_device(local_server: Server, reader: Reader, library: str) -> None:
    async with local_server.browser() as http:
        viewer = Viewer(local_server, http)

        async def approve(question: dict[str, Any]) -> bool:
            answer = await viewer.permit(question["userCode"], reader.credential)
            return answer.is_success

        given = {
            "issuer": local_server.parts.settings.issuer,
            "clientId": TV,
            "method": "none",
            "scope": f"read {ALL}",
            "device": True,
        }
        report = await converse(library, given, approve)
    assert report["claims"]["sub"] == reader.unique_id.hex
    assert "sid" not in report["claims"]
    assert report["userinfo"]["email"] == reader.credential
    assert report["afterwards"] == "invalid_grant"
