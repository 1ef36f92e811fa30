"""Signing out: what every way of doing it has to end."""

from litestar.datastructures import Cookie

from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.visits import HttpRequest


async def sign_out(request: HttpRequest, login_server: LoginServer) -> list[Cookie]:
    """End the session and every remember-me login of this browser; returns the cookies that take theirs away."""
    sessions, logins = login_server.sessions, login_server.remember_me
    # One client's login would sign the browser in again for all of them.
    names = logins.names_in(request.cookies)
    async with login_server.pool().acquire() as connection, connection.transaction():
        # Logins before sessions, as everywhere: two that end the same things never wait for each other.
        for name in names:
            await logins.end(connection, request.cookies.get(name))
        await sessions.end(connection, request.cookies.get(sessions.cookie_name))
    return [sessions.no_cookie(), *(logins.no_cookie(name) for name in names)]
