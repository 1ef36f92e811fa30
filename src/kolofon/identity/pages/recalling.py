"""Signing in without a page: by the remember-me cookie of the client."""

from collections.abc import Callable

from litestar.datastructures import Cookie

from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.visits import HttpRequest, request_origin


async def recall(
    request: HttpRequest, login_server: LoginServer, client_id: str, is_wanted: Callable[[str], bool]
) -> list[Cookie] | None:
    """The cookies of a new session and of the login's next use; None when nobody wanted is remembered."""
    logins = login_server.remember_me
    value = request.cookies.get(logins.cookie_name(client_id))
    if value is None:
        return None
    try:
        return await _recall(request, login_server, client_id, value, is_wanted)
    except _WillNotDo:
        return None


class _WillNotDo(Exception):
    """Takes back that a login was used: the browser goes on with the cookie that it has."""


async def _recall(
    request: HttpRequest, login_server: LoginServer, client_id: str, value: str, is_wanted: Callable[[str], bool]
) -> list[Cookie] | None:
    logins, catalogue = login_server.remember_me, login_server.catalogue.current
    async with login_server.pool().acquire() as connection, connection.transaction():
        recalled = await logins.recall(connection, client_id, value, is_wanted)
        if recalled is None:
            return None
        client = catalogue.clients[client_id]
        if await login_server.second_factors.are_missing(connection, catalogue, client, recalled.session):
            raise _WillNotDo
        previous = request.cookies.get(login_server.sessions.cookie_name)
        origin = request_origin(request, client_id)
        begun = await login_server.sessions.begin(connection, recalled.session, previous, origin, remembered=True)
        await logins.tie(connection, recalled.value, begun.session.session_id)
    return [login_server.sessions.cookie(begun.secret), logins.cookie(client_id, recalled.value)]
