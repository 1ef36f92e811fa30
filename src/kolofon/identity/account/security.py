"""The account pages of second factors, for who has signed in just now, with a second factor if there is one."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from kolofon.identity import queries as accounts
from kolofon.identity import sentences
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.words import When
from kolofon.identity.notices.service import notify
from kolofon.identity.redirects import redirect
from kolofon.identity.second_factors import queries, totp
from kolofon.identity.second_factors.passkeys import LONGEST_NAME
from kolofon.identity.second_factors.service import BY_CODE, BY_PASSKEY, SEVERAL, with_methods
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret
from kolofon.platform.sealing import derive, seal_value, unseal_value

PATH = "/security"
APP_PATH = "/security/app"
PASSKEY_PATH = "/security/passkey"
_DRAFT_KEPT = timedelta(minutes=30)


class _Draft(msgspec.Struct, frozen=True):
    """The secret that an app is given on a page, until a code shows that it has it."""

    unique_id: UUID
    browser: str
    secret: str
    expires_at: datetime


class _Line(msgspec.Struct, frozen=True):
    """A factor, as the page shows it."""

    id: str
    name: str
    since: str
    used: str | None


class _Stopped(Exception):
    """Takes back what has been written."""


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """Which factors there are."""
    unique_id = visit.session.unique_id
    async with visit.server.pool().acquire() as connection:
        held = await queries.find_held(connection, unique_id)
        passkeys = await queries.list_passkeys(connection, unique_id)
        when = await When.of(visit, connection)
    asking = _show_factor_first(visit, held)
    if asking is not None:
        return asking
    lines = [
        _Line(
            each.passkey_id.hex,
            each.name,
            when.day(each.created_at),
            when.words(each.used_at) if each.used_at else None,
        )
        for each in passkeys
    ]
    app = None
    if held.totp_since is not None:
        used = when.words(held.totp_used_at) if held.totp_used_at is not None else None
        app = _Line("", "", when.day(held.totp_since), used)
    return visit.show(
        "account_security.html",
        errors,
        status,
        app=app,
        passkeys=lines,
        recovery_codes=held.recovery_codes,
        can_have_passkeys=visit.server.second_factors.passkeys.available,
    )


async def show_app(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """What an app is given; the same again while its first code is awaited."""
    held = await _held(visit)
    asking = _show_factor_first(visit, held)
    if asking is not None:
        return asking
    if held.totp:
        return visit.leave_for(PATH)
    secret = _read_draft(visit) or totp.new_secret()
    link = totp.app_link(secret, visit.session.credential, visit.server.second_factors.issuer)
    values = {"picture": totp.picture(link), "secret": totp.typed(secret), "flow": _seal_draft(visit, secret)}
    return visit.show("account_app.html", errors, status, **values)


async def show_passkey(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The page on which a passkey is made."""
    unique_id, passkeys = visit.session.unique_id, visit.server.second_factors.passkeys
    asking = _show_factor_first(visit, await _held(visit))
    if asking is not None:
        return asking
    if not passkeys.available:
        return visit.leave_for(PATH)
    async with visit.server.pool().acquire() as connection:
        there = await queries.list_passkeys(connection, unique_id)
    options = passkeys.options_to_add(visit.browser, unique_id, visit.session.credential, there)
    name = visit.form.get("name", "")
    return visit.show("account_passkey.html", errors, status, passkey_options=options, name=name)


async def add_app(visit: AccountVisit) -> Response[Any]:
    """Add the app whose first code is right."""
    secret = _read_draft(visit)
    if secret is None:
        return await show_app(visit, {"": visit.text(sentences.TOO_LONG_OPEN)})

    async def add(connection: Connection) -> bool:
        typed, unique_id = visit.form.get("code", ""), visit.session.unique_id
        return await visit.server.second_factors.add_totp(connection, unique_id, visit.client_id, secret, typed)

    answer = await _add(visit, add, BY_CODE, visit.text("App for codes"))
    return answer or await show_app(visit, {"code": visit.text(sentences.NO_APP_CODE)})


async def add_passkey(visit: AccountVisit) -> Response[Any]:
    """Add the passkey that the browser has made."""
    name = visit.form.get("name", "").strip() or visit.text("Passkey")
    if len(name) > LONGEST_NAME or not name.isprintable():
        return await show_passkey(visit, {"name": visit.text(sentences.NO_NAME)})

    async def add(connection: Connection) -> bool:
        answer, unique_id = visit.form.get("passkey", ""), visit.session.unique_id
        factors = visit.server.second_factors
        return await factors.add_passkey(connection, unique_id, visit.client_id, answer, visit.browser, name)

    answer = await _add(visit, add, BY_PASSKEY, name)
    return answer or await show_passkey(visit, {"": visit.text(sentences.NO_PASSKEY)})


async def remove_app(visit: AccountVisit) -> Response[Any]:
    """Remove the app."""
    factors, unique_id = visit.server.second_factors, visit.session.unique_id
    async with visit.server.pool().acquire() as connection, connection.transaction():
        await accounts.lock_account(connection, unique_id)
        asking = _show_factor_first(visit, await queries.find_held(connection, unique_id))
        if asking is not None:
            return asking
        if await factors.remove_totp(connection, unique_id, visit.client_id):
            notice = visit.notice("secondFactorRemoved", visit.text("App for codes"))
            await notify(connection, visit.now, unique_id, notice)
    return visit.leave_for(PATH, done="removed")


async def remove_passkey(visit: AccountVisit) -> Response[Any]:
    """Remove one of the reader's passkeys."""
    factors, unique_id = visit.server.second_factors, visit.session.unique_id
    try:
        passkey_id = UUID(visit.form.get("which", ""))
    except ValueError:
        return await show(visit)
    async with visit.server.pool().acquire() as connection, connection.transaction():
        await accounts.lock_account(connection, unique_id)
        asking = _show_factor_first(visit, await queries.find_held(connection, unique_id))
        if asking is not None:
            return asking
        name = await factors.remove_passkey(connection, unique_id, visit.client_id, passkey_id)
        if name is not None:
            await notify(connection, visit.now, unique_id, visit.notice("secondFactorRemoved", name))
    return visit.leave_for(PATH, done="removed")


async def new_codes(visit: AccountVisit) -> Response[Any]:
    """Ten new recovery codes in place of the old ones."""
    factors, unique_id = visit.server.second_factors, visit.session.unique_id
    async with visit.server.pool().acquire() as connection, connection.transaction():
        await accounts.lock_account(connection, unique_id)
        held = await queries.find_held(connection, unique_id)
        asking = _show_factor_first(visit, held)
        if asking is not None or not held.any:
            return asking or visit.leave_for(PATH)
        codes = await factors.new_recovery_codes(connection, unique_id, visit.client_id)
    return visit.show("account_recovery_codes.html", codes=codes)


async def _add(
    visit: AccountVisit, add: Callable[[Connection], Awaitable[bool]], methods: tuple[str, ...], name: str
) -> Response[Any] | None:
    """Add a factor, and go on in a session that has shown it; None when it was not right."""
    factors, unique_id = visit.server.second_factors, visit.session.unique_id
    await factors.throttle_tries(visit.address, unique_id)
    codes = None
    try:
        async with visit.server.pool().acquire() as connection, connection.transaction():
            await accounts.lock_account(connection, unique_id)
            held = await queries.find_held(connection, unique_id)
            asking = _show_factor_first(visit, held)
            if asking is not None:
                return asking
            if not await add(connection):
                return None
            if not held.any:
                codes = await factors.new_recovery_codes(connection, unique_id, visit.client_id)
            await notify(connection, visit.now, unique_id, visit.notice("secondFactorAdded", name))
            cookies = await _step_up(visit, connection, methods)
    except _Stopped:
        return visit.sign_in_again()
    if codes is None:
        return visit.leave_for(PATH, cookies, done="factor")
    answer = visit.show("account_recovery_codes.html", codes=codes)
    for cookie in cookies:
        answer.set_cookie(cookie)
    return answer


async def _step_up(visit: AccountVisit, connection: Connection, methods: tuple[str, ...]) -> list[Cookie]:
    """The session has shown a second factor now; who knew its secret before has no use of it."""
    sessions = visit.server.sessions
    found = await accounts.lock_session(connection, hash_secret(visit.secret), visit.now)
    if found != (visit.session.unique_id, visit.session.session_id):
        raise _Stopped
    secret = await sessions.rotate(connection, visit.secret)
    if secret is None:
        raise _Stopped
    shown = with_methods(visit.session, methods).authentication_methods
    await accounts.set_session_methods(connection, hash_secret(secret), shown)
    return [sessions.cookie(secret)]


def _show_factor_first(visit: AccountVisit, held: queries.Held) -> Response[Any] | None:
    """Who has a second factor shows it before anything about it is seen or changed; None for who has done so."""
    if not held.any or SEVERAL in visit.session.authentication_methods:
        return None
    if not visit.client_id:
        return visit.sign_in_again()
    public_url = visit.server.settings.public_url
    members = {
        "clientId": visit.client_id,
        "returnUrl": f"{public_url}{visit.url(PATH)}",
        "errorUrl": f"{public_url}{visit.url()}",
        "second_factor": "required",
    }
    return redirect(f"{public_url}{visit.base}/login?{urlencode(members)}", 303)


async def _held(visit: AccountVisit) -> queries.Held:
    async with visit.server.pool().acquire() as connection:
        return await queries.find_held(connection, visit.session.unique_id)


def _seal_draft(visit: AccountVisit, secret: str) -> str:
    draft = _Draft(visit.session.unique_id, visit.browser, secret, visit.now + _DRAFT_KEPT)
    return seal_value(_draft_key(visit), draft)


def _read_draft(visit: AccountVisit) -> str | None:
    draft = unseal_value(_draft_key(visit), visit.form.get("flow", ""), _Draft)
    if draft is None:
        return None
    is_theirs = (draft.unique_id, draft.browser) == (visit.session.unique_id, visit.browser)
    return draft.secret if is_theirs and visit.now < draft.expires_at else None


def _draft_key(visit: AccountVisit) -> bytes:
    return derive(visit.server.flow_key, "setting up an app")


ACTIONS = {"remove_app": remove_app, "remove_passkey": remove_passkey, "new_codes": new_codes}
APP_ACTIONS = {"add": add_app}
PASSKEY_ACTIONS = {"add": add_passkey}
