"""Making accounts and changing their passwords, for who has shown that a credential is theirs."""

from uuid import UUID

import msgspec
from asyncpg import UniqueViolationError

from kolofon.identity import ended_sessions, queries
from kolofon.identity.external_sign_in.queries import remove_links
from kolofon.identity.notices.service import Notice, notify
from kolofon.identity.oauth.grants import Revocation, revoke_grants
from kolofon.identity.origins import Origin
from kolofon.identity.queries import NewAccount, SignInAccount
from kolofon.identity.remember_me.queries import end_logins_of
from kolofon.identity.second_factors.queries import remove_all_factors
from kolofon.platform.audit import record_user
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import BY_CODE, normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid

_LONGEST_NAME = 100


def is_name(text: str) -> bool:
    """Whether a reader can be called that."""
    return 1 <= len(text) <= _LONGEST_NAME and text.isprintable()


class Proved(msgspec.Struct, frozen=True):
    """The account of a credential that was shown to be the reader's, and what ended with the first such proof.

    Whoever commits this gives the revocations to the process's own list (`Revocations.add_all`).
    """

    account: SignInAccount
    revocations: list[Revocation]


async def verified_account(
    connection: Connection, clock: Clock, credential: str, origin: Origin, level: str = BY_CODE
) -> Proved | None:
    """The account of a credential whose code was entered, or link opened; the credential counts as verified by it."""
    revocations: list[Revocation] = []
    unverified = await queries.hold_unverified(connection, credential)
    account = await queries.find_sign_in_account(connection, credential)
    if account is None:
        return None
    if unverified is not None and not account.disabled:
        revocations = await end_what_is_held(connection, clock, unverified, credential, origin)
        account = SignInAccount(account.unique_id, None, disabled=False)
    await queries.set_verification_level(connection, credential, level)
    return Proved(account, revocations)


async def end_what_is_held(
    connection: Connection, clock: Clock, unique_id: UUID, credential: str, origin: Origin
) -> list[Revocation]:
    """End all that an account can be used with, but for its verified credentials; the caller holds the account.

    For the first proof of a credential: somebody may have put another's address on an account and waited for its owner
    (pre-hijacking). Whatever was set up before, the owner has not. That includes other credentials that nobody has
    proved, as accounts from an import may have: by its code somebody else would follow the owner in.
    """
    now = clock.now()
    removed = await queries.remove_other_unverified(connection, unique_id, credential)
    await queries.remove_password(connection, unique_id)
    await remove_links(connection, unique_id)
    await remove_all_factors(connection, unique_id)
    await end_logins_of(connection, unique_id)
    await ended_sessions.end_all_of(connection, unique_id, now)
    revocations = await revoke_grants(connection, unique_id, now)
    before = {"credentials": removed} if removed else None
    await record_user(connection, clock, unique_id, origin.client_id or "", "endBeforeFirstProof", before=before)
    return revocations


async def register(
    connection: Connection, clock: Clock, origin: Origin, credential: str, names: tuple[str, str], password_hash: str
) -> Proved:
    """A new account for a verified credential; the one that somebody made in the meantime is taken as it is."""
    account = NewAccount(new_uuid(), password_hash, *names, clock.now())
    credential_type = normalised_credential(credential)[1]
    try:
        async with connection.transaction():
            await queries.add_account(connection, account)
            await queries.add_credential(
                connection, account.unique_id, credential, credential_type, BY_CODE, account.created_at
            )
    except UniqueViolationError:
        made = await verified_account(connection, clock, credential, origin)
        if made is None:
            raise
        return made
    after = {"credential": credential}
    await record_user(connection, clock, account.unique_id, origin.client_id or "", "registerAccount", after=after)
    return Proved(SignInAccount(account.unique_id, password_hash, disabled=False), [])


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
    await record_user(connection, clock, unique_id, notice.origin.client_id or "", "changePassword")
    await notify(connection, now, unique_id, notice)
    return revocations
