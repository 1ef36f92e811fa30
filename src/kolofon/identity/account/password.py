"""A new password. It ends everything that was signed in before, except this session."""

from typing import Any

from litestar import Response

from kolofon.identity import accounts, sentences
from kolofon.identity.account.gate import AccountVisit
from kolofon.identity.oauth.grants import Revocation
from kolofon.identity.password_rules import weakness
from kolofon.identity.queries import SignInAccount

PATH = "/password"


async def show(visit: AccountVisit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """The form. Who has no password yet has to have signed in just now instead of typing it."""
    if not visit.reader.has_password and not visit.is_fresh:
        return visit.sign_in_again()
    return visit.show("account_password.html", errors, status)


async def change(visit: AccountVisit) -> Response[Any]:
    """Take the new password. No connection is held while it, and the old one, are hashed."""
    server, session = visit.server, visit.session
    if not visit.reader.has_password and not visit.is_fresh:
        return visit.sign_in_again()
    password = visit.form.get("new_password", "")
    weak = weakness(password, session.credential)
    if weak is not None:
        return await show(visit, {"new_password": visit.text(sentences.WEAK[weak])})
    account = SignInAccount(session.unique_id, None, disabled=False)
    if visit.reader.has_password:
        typed = visit.form.get("password", "")
        confirmed = await server.sessions.confirm_password(server.pool(), session, typed, visit.address)
        if confirmed is None:
            return await show(visit, {"password": visit.text("This is not your password. Please try again.")})
        account = confirmed
    password_hash = await server.passwords.hash(password)
    changed = await _change(visit, account, password_hash)
    if changed is None:
        return await show(visit, {"": visit.text(sentences.TOO_LONG_OPEN)})
    secret, revocations = changed
    server.revocations.add_all(revocations)
    logins = server.remember_me
    no_cookies = [logins.no_cookie(name) for name in logins.names_in(visit.cookies)]
    return visit.leave_for("", [server.sessions.cookie(secret), *no_cookies], done="password")


async def _change(
    visit: AccountVisit, account: SignInAccount, password_hash: str
) -> tuple[str, list[Revocation]] | None:
    """The session's new secret, and what was revoked; None when password or session have changed meanwhile."""
    server, session_id = visit.server, visit.session.session_id
    try:
        async with server.pool().acquire() as connection, connection.transaction():
            notice = visit.notice("passwordChanged")
            revocations = await accounts.change_password(
                connection, server.clock, account, password_hash, notice, keep=session_id
            )
            # The session goes on under a new secret: who had copied the old one has no use of it.
            secret = await server.sessions.rotate(connection, visit.secret) if revocations is not None else None
            if revocations is None or secret is None:
                raise _Undone
            return secret, revocations
    except _Undone:
        return None


class _Undone(Exception):
    """Takes back what was written."""


ACTIONS = {"save": change}
