"""The steps of a sign-in: each takes a form that has been proved ours, and shows the next page or leaves."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Response

from kolofon.identity import accounts, sentences
from kolofon.identity.codes.messages import code_message
from kolofon.identity.codes.queries import Purpose
from kolofon.identity.codes.service import LIFETIME
from kolofon.identity.external_sign_in.buttons import provider_buttons
from kolofon.identity.openid.asking import with_choice
from kolofon.identity.pages import signing_in
from kolofon.identity.pages.entries import Page
from kolofon.identity.pages.flows import Flow
from kolofon.identity.pages.second_step import SecondSteps
from kolofon.identity.pages.visits import Visit
from kolofon.identity.password_rules import weakness
from kolofon.identity.queries import SignInAccount
from kolofon.identity.redirects import redirect
from kolofon.platform.credentials import reachable_credential
from kolofon.platform.database import Connection
from kolofon.platform.errors import TooManyRequests

_PURPOSES: dict[Page, Purpose] = {
    "login": "login",
    "oauthLogin": "login",
    "createUser": "register",
    "register": "register",
    "forgottenPassword": "password",
}


def start_page(
    visit: Visit,
    errors: dict[str, str] | None = None,
    status: int = 200,
    code_first: bool | None = None,
    username: str | None = None,
    signed_in_as: str = "",
) -> Response[Any]:
    """The first page: credential and password, or the credential that a code is sent to. Whose session another
    sign-in would end is told.
    """
    username = username or visit.form.get("j_username", visit.entry.credential)
    if visit.entry.page == "forgottenPassword":
        return visit.show("forgotten.html", errors, status, username=username)
    by_code = visit.entry.code_first if code_first is None else code_first
    return visit.show(
        "sign_in.html",
        errors,
        status,
        username=username,
        code_first=by_code,
        submit=visit.entry.submit,
        signed_in_as=signed_in_as,
        providers=provider_buttons(visit),
    )


def step_page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The page of the step that the form came from."""
    if visit.flow is None:
        return start_page(visit, errors, status, code_first=_last_by_code(visit))
    if visit.flow.step in {"second_factor", "recovery", "set_up"}:
        return signing_in.second_page(visit, visit.flow, errors, status)
    templates = {"code": "code.html", "details": "register.html", "new_password": "new_password.html"}
    names = {name: visit.form.get(name, "") for name in ("first_name", "last_name")}
    return visit.show(
        templates[visit.flow.step],
        errors,
        status,
        flow=visit.flow,
        credential=visit.flow.credential,
        purpose=visit.flow.purpose,
        **names,
    )


async def take_form(visit: Visit) -> Response[Any]:
    """Do what the pressed button says."""
    action = visit.form.get("action", "password")
    step = _ACTIONS.get(action, _show_again)
    if visit.form.get("flow") and visit.flow is None:
        return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
    try:
        answer = await step(visit)
    except TooManyRequests as refused:
        return step_page(visit, {"": visit.text(sentences.too_often(refused))}, 429)
    visit.server.revocations.add_all(visit.revoked)
    return answer


def not_ours(visit: Visit) -> Response[Any]:
    """The answer to a form that did not come from our page in this browser."""
    return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)


async def _show_again(visit: Visit) -> Response[Any]:
    return step_page(visit)


async def _by_code(visit: Visit) -> Response[Any]:
    return start_page(visit, code_first=True)


async def _by_password(visit: Visit) -> Response[Any]:
    return start_page(visit, code_first=False)


async def _check_password(visit: Visit) -> Response[Any]:
    credential, password = visit.form.get("j_username", ""), visit.form.get("j_password", "")
    session = await visit.server.sessions.check_password(visit.server.pool(), credential, password, visit.address)
    if session is None:
        text = visit.text("The e-mail or number and the password do not match. Please try again.")
        return start_page(visit, {"": text}, 400, code_first=False)
    async with visit.server.pool().acquire() as connection, connection.transaction():
        return await signing_in.complete(visit, connection, session, visit.wants_remembering)


async def _send_code(visit: Visit) -> Response[Any]:
    typed = visit.form.get("j_username", "")
    credential = visit.flow.credential if visit.flow is not None else reachable_credential(typed)
    if credential is None:
        text = visit.text(sentences.NOT_REACHABLE)
        return start_page(visit, {"j_username": text}, 400, code_first=_last_by_code(visit))
    purpose = visit.flow.purpose if visit.flow is not None else _PURPOSES[visit.entry.page]
    code_id = await visit.server.codes.issue(
        visit.server.pool(),
        visit.asked(credential, purpose),
        lambda code, ends: code_message(credential, code, ends, visit.language, visit.entry.client.name),
    )
    flow = visit.flow_from(credential, purpose, code_id, visit.now + LIFETIME)
    return visit.show("code.html", flow=flow, credential=credential, purpose=purpose)


async def _enter_code(visit: Visit) -> Response[Any]:
    flow = visit.flow
    if flow is None or flow.step != "code":
        return start_page(visit)
    await visit.server.codes.throttle_tries(visit.address)
    typed = visit.form.get("code", "")
    async with visit.server.pool().acquire() as connection, connection.transaction():
        asked = visit.asked(flow.credential, flow.purpose)
        if await visit.server.codes.enter(connection, flow.code_id, asked, typed):
            answer = await _after_code(visit, connection, flow)
            if answer is not None:
                return answer
    text = sentences.NO_CODE
    return step_page(visit, {"code": visit.text(text)}, 400)


async def _after_code(visit: Visit, connection: Connection, flow: Flow) -> Response[Any] | None:
    """What an entered code leads to; None when it leads nowhere, as for an account that is closed or not there."""
    account = await _proved(visit, connection, flow.credential)
    if account is None and flow.purpose == "register":
        return visit.show(
            "register.html",
            flow=visit.step_on(flow, "details"),
            credential=flow.credential,
            first_name="",
            last_name="",
        )
    if account is None or account.disabled:
        return None
    if flow.purpose == "password":
        session = visit.server.sessions.just_signed_in(account.unique_id, flow.credential, "otp")
        asking = await signing_in.ask_for_second(visit, connection, session, flow.remember, before=flow)
        if asking is not None:
            return asking
        return visit.show("new_password.html", flow=visit.step_on(flow, "new_password"), credential=flow.credential)
    await visit.server.codes.spend(connection, flow.code_id)
    session = visit.server.sessions.just_signed_in(account.unique_id, flow.credential, "otp")
    return await signing_in.complete(visit, connection, session, flow.remember)


async def _proved(visit: Visit, connection: Connection, credential: str) -> SignInAccount | None:
    """The account of a credential whose code was entered."""
    proved = await accounts.verified_account(connection, visit.server.clock, credential, visit.origin)
    if proved is None:
        return None
    visit.revoked += proved.revocations
    return proved.account


async def _register(visit: Visit) -> Response[Any]:
    flow = visit.flow
    if flow is None or flow.step != "details":
        return start_page(visit)
    names = visit.form.get("first_name", "").strip(), visit.form.get("last_name", "").strip()
    errors = _password_errors(visit, flow)
    for field, name in zip(("first_name", "last_name"), names, strict=True):
        if not accounts.is_name(name):
            errors[field] = visit.text(sentences.NO_NAME)
    if errors:
        return step_page(visit, errors, 400)
    password_hash = await visit.server.passwords.hash(visit.form["new_password"])
    async with visit.server.pool().acquire() as connection, connection.transaction():
        # A form that is sent again from the history would otherwise sign in whoever sits there then.
        if not await visit.server.codes.spend(connection, flow.code_id):
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        proved = await accounts.register(
            connection, visit.server.clock, visit.origin, flow.credential, names, password_hash
        )
        visit.revoked += proved.revocations
        account = proved.account
        if account.disabled:
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        session = visit.server.sessions.just_signed_in(account.unique_id, flow.credential, "otp")
        return await signing_in.complete(visit, connection, session, flow.remember)


async def _set_password(visit: Visit) -> Response[Any]:
    flow = visit.flow
    if flow is None or flow.step != "new_password":
        return start_page(visit)
    errors = _password_errors(visit, flow)
    if errors:
        return step_page(visit, errors, 400)
    password_hash = await visit.server.passwords.hash(visit.form["new_password"])
    async with visit.server.pool().acquire() as connection, connection.transaction():
        spent = await visit.server.codes.spend(connection, flow.code_id)
        account = await _proved(visit, connection, flow.credential) if spent else None
        if account is None or account.disabled:
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        if flow.second is not None and flow.second.session.unique_id != account.unique_id:
            # The credential is another account's by now, whose second factor has not been shown.
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        session = visit.server.sessions.just_signed_in(account.unique_id, flow.credential, "otp")
        if flow.second is not None:
            methods = flow.second.session.authentication_methods
            session = msgspec.structs.replace(session, authentication_methods=methods)
        elif (await visit.server.second_factors.held(connection, account.unique_id)).any:
            # Added since the code was entered: it has not been shown.
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        notice = visit.notice("passwordChanged")
        ended = await accounts.change_password(connection, visit.server.clock, account, password_hash, notice)
        if ended is None:
            return start_page(visit, {"": visit.text(sentences.TOO_LONG_OPEN)}, 400)
        answer = await signing_in.complete(visit, connection, session, flow.remember)
    visit.revoked += ended
    return answer


async def _go_on(visit: Visit) -> Response[Any]:
    """Go on as who is signed in already. Where a new sign-in is asked for, that is not enough."""
    session = await visit.server.sessions.visit(visit.server.pool(), visit.session_id)
    if session is None or "login" in visit.entry.prompt or not visit.entry.is_for(session.credential):
        return start_page(visit)
    asking = await signing_in.step_up(visit, session)
    if asking is not None:
        return asking
    return redirect(with_choice(visit.server.asking_key, visit.entry.done_url, session.session_id), 303)


def _password_errors(visit: Visit, flow: Flow) -> dict[str, str]:
    found = weakness(visit.form.get("new_password", ""), flow.credential)
    return {"new_password": visit.text(sentences.WEAK[found])} if found is not None else {}


def _last_by_code(visit: Visit) -> bool:
    """Whether the form came from the page that asks for no password."""
    return "j_password" not in visit.form if visit.is_form else visit.entry.code_first


_ACTIONS: dict[str, Callable[[Visit], Awaitable[Response[Any]]]] = {
    "password": _check_password,
    "code": _send_code,
    "enter_code": _enter_code,
    "register": _register,
    "set_password": _set_password,
    "by_code": _by_code,
    "by_password": _by_password,
    "go_on": _go_on,
    **SecondSteps(start_page).actions,
}
