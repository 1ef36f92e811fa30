"""Making accounts and changing their passwords, for who has shown that a credential is theirs."""

from asyncpg import UniqueViolationError

from kolofon.identity import queries
from kolofon.identity.queries import NewAccount, SignInAccount
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
    connection: Connection, clock: Clock, client_id: str, account: SignInAccount, password_hash: str
) -> None:
    """Give an account another password; all its sessions end."""
    await queries.set_password(connection, account.unique_id, password_hash)
    await queries.end_sessions_of(connection, account.unique_id)
    change = Change(action="changePassword", subject=f"user:{account.unique_id.hex}")
    await record_user(connection, clock, account.unique_id, client_id, change)
