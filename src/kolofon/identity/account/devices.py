"""Where the reader is signed in, or kept signed in, and ending it there."""

from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response

from kolofon.identity import ended_sessions
from kolofon.identity import queries as accounts
from kolofon.identity.account import queries
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.queries import OpenLogin, OpenSession
from kolofon.identity.account.words import When, client_name
from kolofon.identity.oauth.grants import Revocation, WhichGrants, revoke_grants
from kolofon.identity.remember_me.queries import end_login_of, end_logins_by, end_other_logins
from kolofon.identity.sessions import IDLE
from kolofon.identity.wording import browser_words
from kolofon.platform.database import Connection

PATH = "/sessions"
_MOST = 100


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A browser, as the page shows it."""

    place_id: str
    kind: str  # session, or login: kept signed in without a session at the moment
    current: bool
    browser: str
    credential: str
    site: str | None
    began: str
    used: str
    kept_at: list[str]  # the sites that keep it signed in


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The browsers that were used last, this one first."""
    unique_id = visit.session.unique_id
    async with visit.server.pool().acquire() as connection:
        sessions = await queries.list_sessions(connection, unique_id, visit.now, _MOST)
        logins = await queries.list_logins(connection, unique_id, visit.now, _MOST)
        when = await When.of(visit, connection)
    places = [_of_session(visit, when, session, logins) for session in sessions]
    there = {session.session_id for session in sessions}
    places += [_of_login(visit, when, login) for login in logins if login.session_id not in there]
    places.sort(key=lambda place: not place.current)
    is_cut = _MOST in {len(sessions), len(logins)}
    return visit.show("account_sessions.html", errors, status, places=places, is_cut=is_cut)


async def end_one(visit: AccountVisit) -> Response[Any]:
    """End one browser's session, what keeps it signed in, and what apps were given in it."""
    place_id = visit.form.get("place", "")
    if place_id != visit.session.session_id:
        async with visit.server.pool().acquire() as connection, connection.transaction():
            await accounts.lock_account(connection, visit.session.unique_id)
            end = _end_login if visit.form.get("kind") == "login" else _end_session
            revocations = await end(visit, connection, place_id)
        visit.server.revocations.add_all(revocations)
    return visit.leave_for(PATH, done="ended")


async def end_others(visit: AccountVisit) -> Response[Any]:
    """End everything that is not of this browser's session, apps included."""
    unique_id, session_id = visit.session.unique_id, visit.session.session_id
    in_this_browser = visit.server.remember_me.ids_in(visit.cookies)
    async with visit.server.pool().acquire() as connection, connection.transaction():
        await accounts.lock_account(connection, unique_id)
        await end_other_logins(connection, unique_id, session_id, in_this_browser)
        await ended_sessions.end_all_of(connection, unique_id, visit.now, but=session_id)
        which = WhichGrants(but_session_id=session_id)
        revocations = await revoke_grants(connection, unique_id, visit.now, which)
        await visit.record(connection, "endOtherSessions")
    visit.server.revocations.add_all(revocations)
    return visit.leave_for(PATH, done="ended")


async def _end_session(visit: AccountVisit, connection: Connection, session_id: str) -> list[Revocation]:
    unique_id = visit.session.unique_id
    # A remembered browser would come back. Its login goes first: one that is being used now waits for this or before.
    await end_logins_by(connection, unique_id, session_ids=[session_id])
    if not await ended_sessions.end_by_id(connection, unique_id, session_id, visit.now):
        return []
    await visit.record(connection, "endSession", before=session_id)
    return await revoke_grants(connection, unique_id, visit.now, WhichGrants(session_ids=[session_id]))


async def _end_login(visit: AccountVisit, connection: Connection, place_id: str) -> list[Revocation]:
    unique_id = visit.session.unique_id
    logins = await queries.list_logins(connection, unique_id, visit.now)
    login = next((each for each in logins if _login_place(each.login_id) == place_id), None)
    if login is None or not await end_login_of(connection, unique_id, login.login_id):
        return []
    await visit.record(connection, "endRememberedLogin", before=login.client_id)
    if login.session_id is None:
        return []
    return await revoke_grants(connection, unique_id, visit.now, WhichGrants(session_ids=[login.session_id]))


def _of_session(visit: AccountVisit, when: When, session: OpenSession, logins: list[OpenLogin]) -> Place:
    tied = [login for login in logins if login.session_id == session.session_id]
    return Place(
        place_id=session.session_id,
        kind="session",
        current=session.session_id == visit.session.session_id,
        browser=browser_words(session.browser, session.system, visit.language),
        credential=session.credential,
        site=client_name(visit, session.client_id),
        began=when.words(session.started_at),
        used=when.words(session.expires_at - IDLE),
        kept_at=[name for login in tied if (name := client_name(visit, login.client_id)) is not None],
    )


def _of_login(visit: AccountVisit, when: When, login: OpenLogin) -> Place:
    site = client_name(visit, login.client_id)
    return Place(
        place_id=_login_place(login.login_id),
        kind="login",
        current=False,
        browser=browser_words(login.browser, login.system, visit.language),
        credential=login.credential,
        site=site,
        began=when.words(_earliest(login)),
        used=when.words(login.rotated_at),
        kept_at=[site] if site is not None else [],
    )


def _earliest(login: OpenLogin) -> datetime:
    return min(login.authenticated_at, login.rotated_at)


def _login_place(login_id: UUID) -> str:
    """The id itself is half of what the browser's cookie holds."""
    return urlsafe_b64encode(sha256(b"login " + login_id.bytes).digest()).rstrip(b"=").decode()


ACTIONS = {"end": end_one, "end_others": end_others}
