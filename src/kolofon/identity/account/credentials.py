"""E-mail addresses and numbers of the account: adding, verifying, changing and removing them."""

from enum import Enum
from typing import Any

import msgspec
from asyncpg import UniqueViolationError
from litestar import Response

from kolofon.identity import ended_sessions, sentences
from kolofon.identity import queries as accounts
from kolofon.identity.account import queries
from kolofon.identity.account.flows import CredentialFlow, read_flow, read_replacing, seal_flow, seal_replacing
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.queries import Credential
from kolofon.identity.codes.messages import code_message
from kolofon.identity.codes.service import LIFETIME
from kolofon.identity.notices.service import notify
from kolofon.identity.oauth.grants import Revocation, WhichGrants, revoke_grants
from kolofon.identity.remember_me.queries import end_logins_by
from kolofon.platform.credentials import BY_CODE, normalised_credential, reachable_credential
from kolofon.platform.database import Connection
from kolofon.platform.i18n import translations

PATH = "/credentials"
_MOST = 20
_GONE = "It is not among your e-mail addresses and numbers any more."


class _Entered(Enum):
    WRONG = "wrong"
    OTHERS = "others"
    TOO_MANY = "too many"
    GONE = "gone"
    UNPROVED = "unproved"
    DONE = "done"
    CHANGED = "changed"


class _Outcome(msgspec.Struct, frozen=True):
    """What came of a code, and what access has ended with it."""

    entered: _Entered
    revocations: list[Revocation] = []


_REFUSALS = {
    _Entered.OTHERS: "That e-mail address or number belongs to another account. Sign in with it to use that account; "
    "it cannot be moved to this one.",
    _Entered.TOO_MANY: "You have many e-mail addresses and numbers already. Please remove one first.",
    _Entered.GONE: _GONE,
    _Entered.UNPROVED: "Please verify the e-mail address or number that you have before you add another one.",
}


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The list, each with what can be done with it, and the form for one more."""
    async with visit.server.pool().acquire() as connection:
        credentials = await queries.list_credentials(connection, visit.session.unique_id)
    return visit.show(
        "account_credentials.html",
        errors,
        status,
        credentials=credentials,
        removable={each.credential for each in credentials if _may_go(each, credentials)},
        typed=visit.form.get("credential", "") if errors and "credential" in errors else "",
    )


async def send_code(visit: AccountVisit) -> Response[Any]:
    """Send a code to the credential that is to be added, verified or put in another's place, whoever has it."""
    flow, replacing = read_flow(visit), read_replacing(visit)
    if visit.form.get("flow") and flow is None and replacing is None:
        return await show(visit, {"": visit.text(sentences.TOO_LONG_OPEN)})
    credential = flow.credential if flow is not None else reachable_credential(visit.form.get("credential", ""))
    begun = flow or replacing
    replaces = begun.replaces if begun is not None else None
    if credential is None or credential == replaces:
        same = "That is the one you have already. Type the new one."
        errors = {"credential": visit.text(sentences.NOT_REACHABLE if credential is None else same)}
        return await show(visit, errors) if replaces is None else _change_page(visit, replaces, errors)
    code_id = await visit.server.codes.issue(
        visit.server.pool(),
        visit.asked(credential, "credential"),
        lambda code, ends: code_message(credential, code, ends, visit.language, visit.client_name),
    )
    return _code_page(visit, credential, seal_flow(visit, credential, code_id, visit.now + LIFETIME, replaces))


async def ask_for_new(visit: AccountVisit) -> Response[Any]:
    """The page on which the new one is typed that takes the place of one of the reader's."""
    credential = visit.form.get("credential", "")
    async with visit.server.pool().acquire() as connection:
        own = await queries.list_credentials(connection, visit.session.unique_id)
    if _changeable(credential, own) is None:
        return await show(visit, {"": visit.text(_GONE)})
    return _change_page(visit, credential)


async def show_code(visit: AccountVisit) -> Response[Any]:
    """The page of the code, or of the new one, again, as after another language was chosen."""
    flow, replacing = read_flow(visit), read_replacing(visit)
    if replacing is not None:
        return _change_page(visit, replacing.replaces)
    return await show(visit) if flow is None else _code_page(visit, flow.credential, visit.form["flow"])


async def enter_code(visit: AccountVisit) -> Response[Any]:
    """Take the code. Only now it is told whose the credential is: before, it was not shown to be the reader's."""
    flow = read_flow(visit)
    if flow is None:
        return await show(visit, {"": visit.text(sentences.TOO_LONG_OPEN)})
    await visit.server.codes.throttle_tries(visit.address)
    typed = visit.form.get("code", "")
    async with visit.server.pool().acquire() as connection, connection.transaction():
        outcome = await _enter(visit, connection, flow, typed)
    visit.server.revocations.add_all(outcome.revocations)
    entered = outcome.entered
    if entered in {_Entered.DONE, _Entered.CHANGED}:
        return visit.leave_for(PATH, done="credential" if entered is _Entered.DONE else "changed")
    if entered is _Entered.WRONG:
        text = visit.text(sentences.NO_CODE)
        return _code_page(visit, flow.credential, visit.form["flow"], {"code": text})
    return await show(visit, {"": visit.text(_REFUSALS[entered])})


async def remove(visit: AccountVisit) -> Response[Any]:
    """Take a credential away, and end everything that was signed in with it, except this session."""
    credential = visit.form.get("credential", "")
    async with visit.server.pool().acquire() as connection, connection.transaction():
        revocations = await _remove(visit, connection, credential)
    if revocations is None:
        text = "This one has to stay: you need a verified e-mail address or number to sign in with."
        return await show(visit, {"": visit.text(text)})
    visit.server.revocations.add_all(revocations)
    return visit.leave_for(PATH, done="removed")


async def _enter(visit: AccountVisit, connection: Connection, flow: CredentialFlow, typed: str) -> _Outcome:
    """One transaction, committed in any case: a wrong code is counted, a right one is spent."""
    unique_id, codes = visit.session.unique_id, visit.server.codes
    # Before the code, so that changes of one account come one after the other.
    if not await accounts.lock_account(connection, unique_id):
        return _Outcome(_Entered.WRONG)
    if not await codes.enter(connection, flow.code_id, visit.asked(flow.credential, "credential"), typed):
        return _Outcome(_Entered.WRONG)
    await codes.spend(connection, flow.code_id)
    own = await queries.list_credentials(connection, unique_id)
    if flow.replaces is not None:
        return await _change(visit, connection, flow.replaces, flow.credential, own)
    if _is_among(flow.credential, own):
        await accounts.set_verification_level(connection, flow.credential, BY_CODE)
        await visit.record(connection, "verifyCredential", after=flow.credential)
        return _Outcome(_Entered.DONE, await _end_unproved(visit, connection, flow.credential, own))
    if not any(each.verified for each in own):
        # Whoever typed somebody's address would keep a way in when its owner comes.
        return _Outcome(_Entered.UNPROVED)
    if len(own) >= _MOST:
        return _Outcome(_Entered.TOO_MANY)
    if not await _add(visit, connection, flow.credential):
        return _Outcome(_Entered.OTHERS)
    await visit.record(connection, "addCredential", after=flow.credential)
    # The new one itself has just had a code.
    notice = visit.notice("credentialAdded", flow.credential)
    await notify(connection, visit.now, unique_id, notice, leave_out={flow.credential})
    return _Outcome(_Entered.DONE)


async def _change(
    visit: AccountVisit, connection: Connection, replaces: str, new: str, own: list[Credential]
) -> _Outcome:
    """Put a new credential, whose code was entered, in the place of an old one: both at once, or neither."""
    old = _changeable(replaces, own)
    if old is None:
        return _Outcome(_Entered.GONE)
    if _is_among(new, own):
        await accounts.set_verification_level(connection, new, BY_CODE)
    elif not await _add(visit, connection, new):
        return _Outcome(_Entered.OTHERS)
    revocations = await _take_away(visit, connection, replaces, new)
    others = [each for each in own if each is not old]
    if not old.verified:
        revocations += await _end_unproved(visit, connection, new, others)
    await visit.record(connection, "changeCredential", before=replaces, after=new)
    # Who had the account through the old one hears of it there.
    besides = [replaces] if old.verified else []
    gettext = translations(visit.language).gettext
    words = gettext("%(old)s is now %(new)s") % {"old": replaces, "new": new}
    notice = visit.notice("credentialChanged", words)
    await notify(connection, visit.now, visit.session.unique_id, notice, besides, leave_out={new})
    return _Outcome(_Entered.CHANGED, revocations)


async def _end_unproved(
    visit: AccountVisit, connection: Connection, proved: str, own: list[Credential]
) -> list[Revocation]:
    """Take away what nobody has shown to be theirs, where nothing was before: as a first code at the sign-in does.

    Else whoever proves one of two addresses of different people has a way into what the other one proves later.
    """
    if any(each.verified for each in own):
        return []
    revocations = []
    for each in own:
        if each.credential != proved:
            revocations += await _take_away(visit, connection, each.credential, proved)
            await visit.record(connection, "removeCredential", before=each.credential)
    return revocations


async def _add(visit: AccountVisit, connection: Connection, credential: str) -> bool:
    """Give the reader a credential; False when it is somebody else's."""
    try:
        async with connection.transaction():
            credential_type = normalised_credential(credential)[1]
            await accounts.add_credential(
                connection, visit.session.unique_id, credential, credential_type, BY_CODE, visit.now
            )
    except UniqueViolationError:
        return False
    return True


async def _remove(visit: AccountVisit, connection: Connection, credential: str) -> list[Revocation] | None:
    """What was revoked; None when the credential has to stay, or is not the reader's."""
    unique_id = visit.session.unique_id
    if not await accounts.lock_account(connection, unique_id):
        return None
    own = await queries.list_credentials(connection, unique_id)
    gone = next((each for each in own if each.credential == credential), None)
    if gone is None or not _may_go(gone, own):
        return None
    left = next(each for each in own if _can_sign_in(each) and each is not gone)
    revocations = await _take_away(visit, connection, credential, left.credential)
    await visit.record(connection, "removeCredential", before=credential)
    besides = [credential] if gone.verified else []
    await notify(connection, visit.now, unique_id, visit.notice("credentialRemoved", credential), besides)
    return revocations


async def _take_away(visit: AccountVisit, connection: Connection, credential: str, left: str) -> list[Revocation]:
    """Take a credential from the reader, and end what was signed in with it, except this session.

    That one goes on with the credential that is `left`. Returns what was revoked.
    """
    unique_id, session = visit.session.unique_id, visit.session
    await queries.remove_credential(connection, unique_id, credential)
    if session.credential == credential:
        await accounts.set_session_credential(connection, unique_id, session.session_id, left)
    await end_logins_by(connection, unique_id, credential=credential)
    ended = await ended_sessions.end_all_by_credential(
        connection, unique_id, credential, visit.now, but=session.session_id
    )
    of_sessions = WhichGrants(session_ids=[each.session_id for each in ended])
    revocations = await revoke_grants(connection, unique_id, visit.now, of_sessions)
    # Those of sessions that have run out as well, and of devices, which have none.
    by_it = WhichGrants(credential=credential, but_session_id=session.session_id)
    return revocations + await revoke_grants(connection, unique_id, visit.now, by_it)


def _is_among(credential: str, own: list[Credential]) -> bool:
    return any(each.credential == credential for each in own)


def _changeable(credential: str, own: list[Credential]) -> Credential | None:
    """The reader's credential, if another one can take its place: what other systems know the reader by stays."""
    return next((each for each in own if each.credential == credential and each.reachable), None)


def _can_sign_in(credential: Credential) -> bool:
    return credential.reachable and credential.verified


def _may_go(credential: Credential, own: list[Credential]) -> bool:
    """What other systems know the reader by stays, and so does the last way to get a code."""
    return credential.reachable and any(_can_sign_in(other) for other in own if other is not credential)


def _code_page(
    visit: AccountVisit, credential: str, flow: str, errors: dict[str, str] | None = None, status: int = 200
) -> Response[Any]:
    return visit.show("account_code.html", errors, status, credential=credential, flow=flow)


def _change_page(
    visit: AccountVisit, replaces: str, errors: dict[str, str] | None = None, status: int = 200
) -> Response[Any]:
    flow = seal_replacing(visit, replaces, visit.now + LIFETIME)
    typed = visit.form.get("credential", "") if errors else ""
    return visit.show("account_change.html", errors, status, credential=replaces, flow=flow, typed=typed)


async def too_often(visit: AccountVisit, text: str) -> Response[Any]:
    """The page again, where the reader was."""
    flow, replacing = read_flow(visit), read_replacing(visit)
    if replacing is not None:
        return _change_page(visit, replacing.replaces, {"": text}, 429)
    if flow is None:
        return await show(visit, {"": text}, 429)
    return _code_page(visit, flow.credential, visit.form["flow"], {"": text}, 429)


ACTIONS = {
    "code": send_code,
    "enter_code": enter_code,
    "change": ask_for_new,
    "remove": remove,
    "show": show_code,
}
