"""The last step of every sign-in: from what a reader has shown to a session."""

from typing import Any

from litestar import Response

from kolofon.identity.pages.visits import Visit
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.platform.database import Connection


async def complete(visit: Visit, connection: Connection, session: Session, remember: bool) -> Response[Any]:
    """Begin a session in place of the browser's, remember it or not, and leave for where the browser is awaited."""
    logins, client_id = visit.server.remember_me, visit.entry.client.client_id
    session_id = await visit.server.sessions.begin(connection, session, visit.session_id)
    cookies = [visit.server.sessions.cookie(session_id)]
    name = logins.cookie_name(client_id)
    await logins.end(connection, visit.cookies.get(name))
    if remember:
        cookies.append(logins.cookie(client_id, await logins.begin(connection, client_id, session)))
    elif name in visit.cookies:
        cookies.append(logins.no_cookie(name))
    return redirect(visit.entry.done_url, 303, cookies)
