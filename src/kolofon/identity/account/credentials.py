"""E-mail addresses and numbers of the account: adding, verifying and removing them."""

from enum import Enum
from typing import Any

from asyncpg import UniqueViolationError
from litestar import Response

from kolofon.identity import ended_sessions, sentences
from kolofon.identity import queries as accounts
from kolofon.identity.account import queries
from kolofon.identity.account.flows import CredentialFlow, read_flow, seal_flow
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.account.queries import Credential
from kolofon.identity.codes.messages import code_message
from kolofon.identity.codes.service import LIFETIME
from kolofon.identity.notices.service import notify
from kolofon.identity.oauth.grants import Revocation, WhichGrants, revoke_grants
from kolofon.identity.remember_me.queries import end_logins_by
from kolofon.platform.credentials import BY_CODE, normalised_credential, reachable_credential
from kolofon.platform.database import Connection

PATH = "/credentials"
_MOST = 20


class _Entered(Enum):
    WRONG = "wrong"
    OTHERS = "others"
    TOO_MANY = "too many"
    DONE = "done"


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
    """Send a code to the credential that is to be added or verified, whoever has it."""
    flow = read_flow(visit)
    credential = flow.credential if flow is not None else reachable_credential(visit.form.get("credential", ""))
    if credential is None:
        text = visit.text(sentences.NOT_REACHABLE)
        return await show(visit, {"credential": text})
    code_id = await visit.server.codes.issue(
        visit.server.pool(),
        visit.asked(credential, "credential"),
        lambda code, ends: code_message(credential, code, ends, visit.language, visit.client_name),
    )
    return _code_page(visit, credential, seal_flow(visit, credential, code_id, visit.now + LIFETIME))


async def show_code(visit: AccountVisit) -> Response[Any]:
    """The page of the code again, as after another language was chosen."""
    flow = read_flow(visit)
    return await show(visit) if flow is None else _code_page(visit, flow.credential, visit.form["flow"])


async def enter_code(visit: AccountVisit) -> Response[Any]:
    """Take the code. Only now it is told whose the credential is: before, it was not shown to be the reader's."""
    flow = read_flow(visit)
    if flow is None:
        return await show(visit, {"": visit.text(sentences.TOO_LONG_OPEN)})
    await visit.server.codes.throttle_tries(visit.address)
    typed = visit.form.get("code", "")
    async with visit.server.pool().acquire() as connection, connection.transaction():
        entered = await _enter(visit, connection, flow, typed)
    if entered is _Entered.DONE:
        return visit.leave_for(PATH, done="credential")
    if entered is _Entered.WRONG:
        text = visit.text(sentences.NO_CODE)
        return _code_page(visit, flow.credential, visit.form["flow"], {"code": text})
    text = visit.text("You have many e-mail addresses and numbers already. Please remove one first.")
    if entered is _Entered.OTHERS:
        text = visit.text(
            "That e-mail address or number belongs to another account. Sign in with it to use that account; "
            "it cannot be moved to this one."
        )
    return await show(visit, {"": text})


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


async def _enter(visit: AccountVisit, connection: Connection, flow: CredentialFlow, typed: str) -> _Entered:
    """One transaction, committed in any case: a wrong code is counted, a right one is spent."""
    unique_id, codes = visit.session.unique_id, visit.server.codes
    # Before the code, so that changes of one account come one after the other.
    if not await accounts.lock_account(connection, unique_id):
        return _Entered.WRONG
    if not await codes.enter(connection, flow.code_id, visit.asked(flow.credential, "credential"), typed):
        return _Entered.WRONG
    await codes.spend(connection, flow.code_id)
    own = await queries.list_credentials(connection, unique_id)
    if flow.credential in {each.credential for each in own}:
        await _verify(visit, connection, flow.credential)
        return _Entered.DONE
    if len(own) >= _MOST:
        return _Entered.TOO_MANY
    try:
        async with connection.transaction():
            credential_type = normalised_credential(flow.credential)[1]
            await accounts.add_credential(connection, unique_id, flow.credential, credential_type, BY_CODE, visit.now)
    except UniqueViolationError:
        return _Entered.OTHERS
    await visit.record(connection, "addCredential", after=flow.credential)
    # The new one itself has just had a code.
    notice = visit.notice("credentialAdded", flow.credential)
    await notify(connection, visit.now, unique_id, notice, leave_out={flow.credential})
    return _Entered.DONE


async def _verify(visit: AccountVisit, connection: Connection, credential: str) -> None:
    await accounts.set_verification_level(connection, credential, BY_CODE)
    await visit.record(connection, "verifyCredential", after=credential)


async def _remove(visit: AccountVisit, connection: Connection, credential: str) -> list[Revocation] | None:
    """What was revoked; None when the credential has to stay, or is not the reader's."""
    unique_id, session = visit.session.unique_id, visit.session
    if not await accounts.lock_account(connection, unique_id):
        return None
    own = await queries.list_credentials(connection, unique_id)
    gone = next((each for each in own if each.credential == credential), None)
    if gone is None or not _may_go(gone, own):
        return None
    left = next(each for each in own if _can_sign_in(each) and each is not gone)
    await queries.remove_credential(connection, unique_id, credential)
    if session.credential == credential:
        await accounts.set_session_credential(connection, unique_id, session.session_id, left.credential)
    await end_logins_by(connection, unique_id, credential=credential)
    ended = await ended_sessions.end_all_by_credential(
        connection, unique_id, credential, visit.now, but=session.session_id
    )
    of_sessions = WhichGrants(session_ids=[each.session_id for each in ended])
    revocations = await revoke_grants(connection, unique_id, visit.now, of_sessions)
    # Those of sessions that have run out as well, and of devices, which have none.
    by_it = WhichGrants(credential=credential, but_session_id=session.session_id)
    revocations += await revoke_grants(connection, unique_id, visit.now, by_it)
    await visit.record(connection, "removeCredential", before=credential)
    besides = [credential] if gone.verified else []
    await notify(connection, visit.now, unique_id, visit.notice("credentialRemoved", credential), besides)
    return revocations


def _can_sign_in(credential: Credential) -> bool:
    return credential.reachable and credential.verified


def _may_go(credential: Credential, own: list[Credential]) -> bool:
    """What other systems know the reader by stays, and so does the last way to get a code."""
    return credential.reachable and any(_can_sign_in(other) for other in own if other is not credential)


def _code_page(
    visit: AccountVisit, credential: str, flow: str, errors: dict[str, str] | None = None, status: int = 200
) -> Response[Any]:
    return visit.show("account_code.html", errors, status, credential=credential, flow=flow)


async def too_often(visit: AccountVisit, text: str) -> Response[Any]:
    """The page again, where the reader was."""
    flow = read_flow(visit)
    if flow is None:
        return await show(visit, {"": text}, 429)
    return _code_page(visit, flow.credential, visit.form["flow"], {"": text}, 429)


ACTIONS = {"code": send_code, "enter_code": enter_code, "remove": remove, "show": show_code}
