"""Signing in without a page: by the remember-me cookie of the client."""

from collections.abc import Callable

from litestar.datastructures import Cookie

from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.visits import HttpRequest


async def recall(
    request: HttpRequest, login_server: LoginServer, client_id: str, is_wanted: Callable[[str], bool]
) -> list[Cookie] | None:
    """The cookies of a new session and of the login's next use; None when nobody wanted is remembered."""
    logins = login_server.remember_me
    value = request.cookies.get(logins.cookie_name(client_id))
    if value is None:
        return None
    async with login_server.pool().acquire() as connection, connection.transaction():
        recalled = await logins.recall(connection, client_id, value, is_wanted)
        if recalled is None:
            return None
        previous_id = request.cookies.get(login_server.sessions.cookie_name)
        session_id = await login_server.sessions.begin(connection, recalled.session, previous_id)
    return [login_server.sessions.cookie(session_id), logins.cookie(client_id, recalled.value)]
