"""Steps that the tests of back-channel logout share."""

from typing import Any

import asyncpg
import httpx

from kolofon.platform.database import Connection
from tests.browser_session import Server
from tests.identity.openid.steps import AFTER_LOGOUT, LOGOUT, Person
from tests.identity.pages.reading import BACK, SORRY
from tests.playground import OTHER, OTHER_CALLBACK, OTHER_SECRET, WEB, Playground

EVENT = "http://schemas.openid.net/event/backchannel-logout"
REVOKED_BY = {"clientId": WEB, "returnUrl": BACK, "errorUrl": SORRY}


async def listen_at(playground: Playground, client_id: str, uri: str | None) -> None:
    """Have a client told of logouts at a URL."""
    await playground.connection.execute(
        "update client set backchannel_logout_uri = $2 where client_id = $1", client_id, uri
    )
    await playground.connection.execute("select pg_notify('kolofon_catalogue', '')")


async def rp_logout(person: Person, tokens: dict[str, Any], **members: str) -> httpx.Response:
    """Sign out as the web client has it done."""
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTER_LOGOUT} | members
    return await person.http.get(LOGOUT, params=query, follow_redirects=False)


async def page_logout(person: Person) -> httpx.Response:
    """Sign out by the logout page."""
    return await person.http.get("/user/logout", params=REVOKED_BY, follow_redirects=False)


async def tokens_at_other(server: Server, person: Person) -> dict[str, Any]:
    """Tokens of the other partner's client in the session that there is."""
    answer = await person.ask(client_id=OTHER, redirect_uri=OTHER_CALLBACK)
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OTHER_CALLBACK}
    given = await server.token(form, (OTHER, OTHER_SECRET))
    assert given.status_code == 200, given.text
    return dict(given.json())


async def rows(connection: Connection) -> list[asyncpg.Record]:
    """What is to be told or was."""
    found: list[asyncpg.Record] = await connection.fetch("select * from back_channel_logout order by client_id")
    return found


async def row(connection: Connection) -> asyncpg.Record:
    [found] = await rows(connection)
    return found
