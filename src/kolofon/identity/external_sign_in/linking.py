"""From a provider's user to an account here. Linked only by a credential that both sides have verified.

Somebody may have put another's address on an account before its owner comes (pre-hijacking). So an address that was
never shown to be the account's is proved by a code first, and whatever was held of the account until then ends.
"""

from uuid import UUID

import msgspec
from asyncpg import UniqueViolationError

from kolofon.identity import queries as accounts
from kolofon.identity.accounts import end_what_is_held
from kolofon.identity.external_sign_in import queries
from kolofon.identity.external_sign_in.providers import Provider
from kolofon.identity.external_sign_in.queries import Subject
from kolofon.identity.external_sign_in.told import Told, Vouched
from kolofon.identity.notices.service import Notice, notify
from kolofon.identity.oauth.grants import Revocation
from kolofon.identity.queries import NewAccount
from kolofon.identity.second_factors.queries import find_held
from kolofon.platform.audit import record_user
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import BY_CODE, BY_OTHERS, normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.ids import new_uuid


class SignedIn(msgspec.Struct, frozen=True):
    """The account, and which of its credentials counts as the one that was used."""

    unique_id: UUID
    credential: str
    # Given to the process's own list by whoever commits this (`Revocations.add`).
    revocations: tuple[Revocation, ...] = ()
    # False where a second factor has to be shown first: who knows only a mailbox shall not leave a way in behind.
    linked: bool = True


class Closed(msgspec.Struct, frozen=True):
    """The account is disabled, or nothing is left to sign in with."""


class ProofNeeded(msgspec.Struct, frozen=True):
    """The reader has to show a credential to be theirs first: this one, or, when it is empty, one of their choice.

    `again`: the provider was linked, and the reader has removed it.
    """

    credential: str
    again: bool = False


Outcome = SignedIn | Closed | ProofNeeded


class Linking:
    """Every method runs in the caller's transaction. `notice` tells of a new link, and where the reader signs in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def sign_in(self, connection: Connection, notice: Notice, provider: Provider, told: Told) -> Outcome:
        """The account of a provider's user: the one that is linked, one with a credential that both vouch for, or a
        new one.
        """
        await queries.lock_subject(connection, _subject(provider, told))
        linked = await self._linked(connection, provider, told)
        if linked is not None:
            return linked
        holders = await queries.hold_holders(connection, [each.credential for each in told.vouched])
        was_removed = await queries.was_removed(connection, _subject(provider, told))
        for each in told.vouched:
            holder = holders.get(each.credential)
            if holder is not None and holder.verified:
                # Who has removed it does not want the provider's word to be enough.
                if was_removed:
                    return ProofNeeded(each.credential, again=True)
                return await self._enter(connection, notice, provider, told, holder, each.credential)
        for each in told.vouched:
            if each.credential in holders:
                return ProofNeeded(each.credential)
        if not told.vouched:
            return ProofNeeded("")
        made = await self._register(connection, notice, told, told.vouched, BY_OTHERS)
        if made is None:
            # Somebody was faster with one of the credentials: there is an account now.
            return await self.sign_in(connection, notice, provider, told)
        return await self._enter(connection, notice, provider, told, made, told.vouched[0].credential)

    async def sign_in_with_proof(
        self, connection: Connection, notice: Notice, provider: Provider, told: Told, credential: str
    ) -> Outcome:
        """The same, for a reader who has just entered the code that a credential was sent."""
        await queries.lock_subject(connection, _subject(provider, told))
        linked = await self._linked(connection, provider, told)
        if linked is not None:
            return linked
        holder = (await queries.hold_holders(connection, [credential])).get(credential)
        if holder is None:
            proved = (Vouched(credential, normalised_credential(credential)[1]),)
            holder = await self._register(connection, notice, told, proved, BY_CODE)
            if holder is None:
                return await self.sign_in_with_proof(connection, notice, provider, told, credential)
        revocations: list[Revocation] = []
        if not holder.disabled:
            if not holder.verified:
                revocations = await end_what_is_held(
                    connection, self._clock, holder.unique_id, credential, notice.origin
                )
            await accounts.set_verification_level(connection, credential, BY_CODE)
        outcome = await self._enter(connection, notice, provider, told, holder, credential)
        if isinstance(outcome, SignedIn):
            return msgspec.structs.replace(outcome, revocations=tuple(revocations))
        return outcome

    async def hold(self, connection: Connection, provider: Provider, told: Told) -> None:
        """Have sign-ins of this user of the provider wait; before the account is held, as they do."""
        await queries.lock_subject(connection, _subject(provider, told))

    async def link(
        self, connection: Connection, notice: Notice, provider: Provider, told: Told, unique_id: UUID
    ) -> bool:
        """Link a provider's user to an account whose owner is known to ask for it; False when it is another's.

        Who has the account hears of it, at every credential.
        """
        subject, now = _subject(provider, told), self._clock.now()
        if not await queries.add_link(connection, subject, unique_id, now):
            linked = await queries.use_link(connection, subject, now)
            return linked is not None and linked.unique_id == unique_id
        await self._record(connection, notice, unique_id, "linkProvider", {"provider": provider.code})
        await notify(connection, now, unique_id, notice)
        await self._keep_profile(connection, provider, told, unique_id)
        return True

    async def _linked(self, connection: Connection, provider: Provider, told: Told) -> SignedIn | Closed | None:
        account = await queries.use_link(connection, _subject(provider, told), self._clock.now())
        if account is None:
            return None
        preferred = [each.credential for each in told.vouched]
        credential = await accounts.best_credential(connection, account.unique_id, preferred)
        if account.disabled or credential is None:
            return Closed()
        await self._keep_profile(connection, provider, told, account.unique_id)
        return SignedIn(account.unique_id, credential)

    async def _enter(
        self,
        connection: Connection,
        notice: Notice,
        provider: Provider,
        told: Told,
        holder: queries.Holder,
        credential: str,
    ) -> SignedIn | Closed:
        if holder.disabled:
            return Closed()
        if (await find_held(connection, holder.unique_id)).any:
            return SignedIn(holder.unique_id, credential, linked=False)
        if not await self.link(connection, notice, provider, told, holder.unique_id):
            return Closed()
        return SignedIn(holder.unique_id, credential)

    async def _register(
        self, connection: Connection, notice: Notice, told: Told, credentials: tuple[Vouched, ...], level: str
    ) -> queries.Holder | None:
        """A new account without password; None when one of the credentials is somebody's by now."""
        first_name, middle_name, last_name = told.names
        first_name = " ".join(name for name in (first_name, middle_name) if name) or None
        account = NewAccount(new_uuid(), None, first_name, last_name, self._clock.now())
        try:
            async with connection.transaction():
                await accounts.add_account(connection, account)
                for each in credentials:
                    await accounts.add_credential(
                        connection,
                        account.unique_id,
                        each.credential,
                        each.credential_type,
                        level,
                        account.created_at,
                    )
        except UniqueViolationError:
            return None
        after = {"credential": credentials[0].credential}
        await self._record(connection, notice, account.unique_id, "registerAccount", after)
        return queries.Holder(unique_id=account.unique_id, verified=True, disabled=False)

    async def _record(
        self, connection: Connection, notice: Notice, unique_id: UUID, action: str, after: object = None
    ) -> None:
        client_id = notice.origin.client_id or ""
        await record_user(connection, self._clock, unique_id, client_id, action, after=after)

    async def _keep_profile(self, connection: Connection, provider: Provider, told: Told, unique_id: UUID) -> None:
        if provider.source is not None:
            await queries.put_external_profile(connection, unique_id, provider.source, told.info, self._clock.now())


def _subject(provider: Provider, told: Told) -> Subject:
    return Subject(provider.code, provider.issuer, told.subject)
