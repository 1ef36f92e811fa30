"""Making accounts and changing their passwords, for who has shown that a credential is theirs."""

from asyncpg import UniqueViolationError

from kolofon.identity import ended_sessions, queries
from kolofon.identity.notices.service import Notice, notify
from kolofon.identity.oauth.grants import Revocation, revoke_grants
from kolofon.identity.queries import NewAccount, SignInAccount
from kolofon.identity.remember_me.queries import end_logins_of
from kolofon.platform.audit import Change, record_user
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid

_BY_CODE = "verificationCode"


async def verified_account(connection: Connection, credential: str) -> SignInAccount | None:
    """The account of a credential whose code was entered; the credential counts as verified by it."""
    account = await queries.find_sign_in_account(connection, credential)
    if account is not None:
        await queries.set_verification_level(connection, credential, _BY_CODE)
    return account


async def register(
    connection: Connection, clock: Clock, client_id: str, credential: str, names: tuple[str, str], password_hash: str
) -> SignInAccount:
    """A new account for a verified credential; the one that somebody made in the meantime is taken as it is."""
    account = NewAccount(new_uuid(), password_hash, *names, clock.now())
    credential_type = normalised_credential(credential)[1]
    try:
        async with connection.transaction():
            await queries.add_account(connection, account)
            await queries.add_credential(
                connection, account.unique_id, credential, credential_type, _BY_CODE, account.created_at
            )
    except UniqueViolationError:
        made = await verified_account(connection, credential)
        if made is None:
            raise
        return made
    change = Change(action="registerAccount", subject=f"user:{account.unique_id.hex}", after={"credential": credential})
    await record_user(connection, clock, account.unique_id, client_id, change)
    return SignInAccount(account.unique_id, password_hash, disabled=False)


async def change_password(
    connection: Connection,
    clock: Clock,
    account: SignInAccount,
    password_hash: str,
    notice: Notice,
    keep: str | None = None,
) -> list[Revocation] | None:
    """Give an account another password. Everything that was signed in before ends: whoever got in knew the old one.

    Only the session whose id is `keep` goes on. `account` is what was found before: None when the password has been
    changed since. Whoever commits this gives the revocations to the process's own list (`Revocations.add`).
    """
    unique_id, now = account.unique_id, clock.now()
    # First of all: a sign-in at this moment holds the account until its session is there to be ended.
    if not await queries.set_password(connection, unique_id, account.password_hash, password_hash):
        return None
    await end_logins_of(connection, unique_id)
    await ended_sessions.end_all_of(connection, unique_id, now, but=keep)
    revocations = await revoke_grants(connection, unique_id, now)
    change = Change(action="changePassword", subject=f"user:{unique_id.hex}")
    await record_user(connection, clock, unique_id, notice.origin.client_id or "", change)
    await notify(connection, now, unique_id, notice)
    return revocations
