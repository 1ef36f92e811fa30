"""The last steps of every sign-in: from what a reader has shown to a session, by way of a second factor if need be."""

from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from kolofon.identity import queries as accounts
from kolofon.identity.pages.entries import DECLINED, SECOND_FACTOR
from kolofon.identity.pages.flows import Flow, Second, ToLink, Wish
from kolofon.identity.pages.visits import AFTER_CODE, Visit
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.identity.second_factors import totp
from kolofon.identity.second_factors.queries import Held
from kolofon.identity.second_factors.service import SEVERAL
from kolofon.identity.sessions import is_fresh, password_mark
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid


async def complete(
    visit: Visit, connection: Connection, session: Session, remember: bool, to_link: ToLink | None = None
) -> Response[Any]:
    """Begin a session in place of the browser's, remember it or not, and leave for where the browser is awaited.

    Who has a second factor is asked for it first; who has none and needs one here sets one up first.
    """
    asking = await ask_for_second(visit, connection, session, remember, to_link=to_link)
    if asking is not None:
        return asking
    return redirect(visit.entry.done_url, 303, await begin(visit, connection, session, remember))


async def begin(visit: Visit, connection: Connection, session: Session, remember: bool) -> list[Cookie]:
    """Begin a session for which enough has been shown; returns its cookies."""
    logins, client_id = visit.server.remember_me, visit.entry.client.client_id
    begun = await visit.server.sessions.begin(connection, session, visit.session_id, visit.origin)
    cookies = [visit.server.sessions.cookie(begun.secret)]
    name = logins.cookie_name(client_id)
    await logins.end(connection, visit.cookies.get(name))
    if remember:
        value = await logins.begin(connection, client_id, begun.session, visit.origin)
        cookies.append(logins.cookie(client_id, value))
    elif name in visit.cookies:
        cookies.append(logins.no_cookie(name))
    return cookies


async def ask_for_second(
    visit: Visit,
    connection: Connection,
    session: Session,
    remember: bool,
    before: Flow | None = None,
    to_link: ToLink | None = None,
) -> Response[Any] | None:
    """The page that asks for a second factor of who has shown a first one; None when that is enough here.

    `before` is the flow of an entered code that goes on afterwards, to a new password.
    """
    if SEVERAL in session.authentication_methods:
        return None
    factors, client = visit.server.second_factors, visit.entry.client
    held = await factors.held(connection, session.unique_id)
    if not held.any:
        # A new password is no sign-in yet; what is missing then is asked for when it becomes one.
        wants_one = await factors.are_missing(connection, visit.server.catalogue.current, client, session)
        if before is not None or not (wants_one or visit.entry.second_factor == "required"):
            return None
    account = await accounts.hold_account(connection, session.unique_id)
    mark = password_mark(account.password_hash) if account is not None else None
    marked = msgspec.structs.replace(session, password_mark=session.password_mark or mark)
    flow = _flow(visit, marked, remember, held, "required", stepping_up=False, to_link=to_link)
    if before is not None:
        flow = msgspec.structs.replace(flow, purpose=before.purpose, code_id=before.code_id)
    return second_page(visit, flow)


def may_step_up(visit: Visit, session: Session) -> bool:
    """Whether the session of a browser that opens a page is one to go on with, perhaps after a second factor."""
    entry = visit.entry
    is_the_one = entry.is_for(session.credential) or (entry.is_authorization and entry.second_factor != "")
    return is_the_one and not entry.prompt & {"login", "select_account"}


async def step_up(visit: Visit, session: Session) -> Response[Any] | None:
    """The page that asks for what a session lacks here; None when it will do."""
    if SEVERAL in session.authentication_methods:
        return None
    wish: Wish = "required"
    async with visit.server.pool().acquire() as connection:
        catalogue, client = visit.server.catalogue.current, visit.entry.client
        if not await visit.server.second_factors.are_missing(connection, catalogue, client, session):
            if not visit.entry.second_factor:
                return None
            wish = visit.entry.second_factor
        held = await visit.server.second_factors.held(connection, session.unique_id)
    if not held.any and not is_fresh(session, visit.now):
        # Whoever sits in front of a browser that was left signed in would set up a way in of their own.
        if wish == "wished":
            return redirect(f"{visit.entry.done_url}&{SECOND_FACTOR}={DECLINED}", 303)
        return redirect(visit.anew_url, 303)
    return second_page(visit, _flow(visit, session, visit.is_remembered, held, wish, stepping_up=True))


def second_page(visit: Visit, flow: Flow, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The page of one of the steps of a second factor."""
    second = flow.second
    if second is None:
        raise RuntimeError("a flow without a second step has no page for it")
    if flow.step == "recovery":
        return visit.show("recovery.html", errors, status, flow=flow)
    if flow.step == "set_up":
        link = totp.app_link(second.secret, flow.credential, visit.server.second_factors.issuer)
        values = {"picture": totp.picture(link), "secret": totp.typed(second.secret)}
        return visit.show("set_up.html", errors, status, flow=flow, wish=second.wish, **values)
    return visit.show(
        "second_factor.html",
        errors,
        status,
        flow=flow,
        credential=flow.credential,
        totp=second.totp,
        wish=second.wish if second.stepping_up else "required",
    )


def _flow(
    visit: Visit,
    session: Session,
    remember: bool,
    held: Held,
    wish: Wish,
    stepping_up: bool,
    to_link: ToLink | None = None,
) -> Flow:
    return Flow(
        step="second_factor" if held.any else "set_up",
        credential=session.credential,
        purpose="login",
        code_id=new_uuid(),
        remember=remember,
        browser=visit.browser,
        expires_at=visit.now + AFTER_CODE,
        second=Second(
            session=session,
            stepping_up=stepping_up,
            wish=wish,
            totp=held.totp,
            passkey=held.passkeys > 0,
            secret="" if held.any else totp.new_secret(),
            to_link=to_link,
        ),
    )
