"""Second factors of an account: adding, showing and removing them. What writes is in the caller's transaction.

Whoever adds or removes one holds the account's row, so that "the first" and "the last" mean one and the same to all.
"""

from datetime import timedelta
from uuid import UUID

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.identity.queries import Session
from kolofon.identity.second_factors import queries, recovery, totp
from kolofon.identity.second_factors.passkeys import MOST, Passkeys
from kolofon.identity.second_factors.queries import Held
from kolofon.identity.throttling import Throttle
from kolofon.platform.audit import record_user
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection

# RFC 8176. A passkey proves that its key is there ("pop"; whether in hardware is not asked), and somebody with it.
BY_PASSKEY = ("pop", "user")
BY_CODE = ("otp",)
SEVERAL = "mfa"
_PER_ACCOUNT = Limits(per_second=5, per_minute=5)
_PER_ADDRESS = Limits(per_second=10, per_minute=30)
_DIGITS = 6


class Tried(msgspec.Struct, frozen=True):
    """What became of a code: right, wrong, or not looked at for so long."""

    fits: bool
    wait: timedelta | None = None


class SecondFactors:
    """The rules; stateless but for the keys."""

    def __init__(
        self, clock: Clock, throttle: Throttle, totp_key: bytes, recovery_key: bytes, passkeys: Passkeys
    ) -> None:
        self._clock = clock
        self._throttle = throttle
        self._totp_key = totp_key
        self._recovery_key = recovery_key
        self.passkeys = passkeys

    @property
    def issuer(self) -> str:
        """What an app calls us: readers are shared by all partners, so it is the login server's name."""
        return self.passkeys.host

    async def held(self, connection: Connection, unique_id: UUID) -> Held:
        """Which second factors an account has."""
        return await queries.find_held(connection, unique_id)

    def are_wanted(self, catalogue: Catalogue, client: Client, session: Session) -> bool:
        """Whether a session would not do at a client if its reader were staff; then that has to be looked at."""
        return (
            catalogue.partner(client.partner_id).staff.second_factor and SEVERAL not in session.authentication_methods
        )

    async def are_missing(self, connection: Connection, catalogue: Catalogue, client: Client, session: Session) -> bool:
        """Whether a session will not do at a client, since its partner wants two factors of its staff."""
        if not self.are_wanted(catalogue, client, session):
            return False
        staff = catalogue.partner(client.partner_id).staff
        credentials = await queries.verified_credentials(connection, session.unique_id)
        return any(staff.includes(credential) for credential in credentials)

    async def throttle_tries(self, address: str, unique_id: UUID | None = None) -> None:
        """Count one try of an address and an account; raises TooManyRequests."""
        await self._throttle.by_address("second factors", address, _PER_ADDRESS)
        if unique_id is not None:
            await self._throttle.take(f"second factors {unique_id.hex}", _PER_ACCOUNT)

    async def enter_code(self, connection: Connection, unique_id: UUID, text: str) -> Tried:
        """Try a code of the account's app. The caller commits in any case: a wrong one is counted."""
        stored = await queries.lock_totp(connection, unique_id)
        if stored is None:
            return Tried(False)
        now = self._clock.now()
        if stored.blocked_until is not None and now < stored.blocked_until:
            return Tried(False, stored.blocked_until - now)
        secret = totp.unseal_secret(self._totp_key, unique_id, stored.sealed_secret)
        step = totp.step_of(secret, _digits(text), now, stored.last_step) if secret is not None else None
        if step is None:
            pause = totp.pause_after(stored.failures + 1)
            await queries.count_failure(connection, unique_id, now + pause if pause is not None else None)
            return Tried(False)
        await queries.use_totp(connection, unique_id, step, now)
        return Tried(True)

    async def enter_recovery_code(self, connection: Connection, unique_id: UUID, client_id: str, text: str) -> bool:
        """Use up a recovery code; False when it is none of the account's."""
        code_hash = recovery.hash_of(self._recovery_key, unique_id, text)
        if not await queries.use_recovery_code(connection, unique_id, code_hash):
            return False
        await self._record(connection, unique_id, client_id, "useRecoveryCode")
        return True

    async def add_totp(self, connection: Connection, unique_id: UUID, client_id: str, secret: str, text: str) -> bool:
        """Add an app whose code is right; False for a wrong one, and when there is an app already.

        The caller holds the account's row.
        """
        now = self._clock.now()
        step = totp.step_of(secret, _digits(text), now)
        if step is None:
            return False
        sealed = totp.seal_secret(self._totp_key, unique_id, secret)
        if not await queries.add_totp(connection, unique_id, sealed, step, now):
            return False
        await self._record(connection, unique_id, client_id, "addAuthenticatorApp")
        return True

    async def add_passkey(
        self, connection: Connection, unique_id: UUID, client_id: str, answer: str, browser: str, name: str
    ) -> bool:
        """Add the passkey that a browser has made; the caller holds the account's row."""
        if (await queries.find_held(connection, unique_id)).passkeys >= MOST:
            return False
        passkey = await self.passkeys.add(connection, answer, browser, unique_id, name)
        if passkey is None:
            return False
        await self._record(connection, unique_id, client_id, "addPasskey", after={"passkeyId": passkey.passkey_id.hex})
        return True

    async def new_recovery_codes(self, connection: Connection, unique_id: UUID, client_id: str) -> list[str]:
        """Ten new codes in place of those there were, to be shown this once; the caller holds the account's row."""
        codes = recovery.new_codes()
        hashes = [recovery.hash_of(self._recovery_key, unique_id, code) for code in codes]
        await queries.put_recovery_codes(connection, unique_id, hashes, self._clock.now())
        await self._record(connection, unique_id, client_id, "makeRecoveryCodes")
        return codes

    async def remove_totp(self, connection: Connection, unique_id: UUID, client_id: str) -> bool:
        """Remove the app; False when there is none. The caller holds the account's row."""
        if not await queries.remove_totp(connection, unique_id):
            return False
        await self._record(connection, unique_id, client_id, "removeAuthenticatorApp")
        await self._forget_codes_of_nothing(connection, unique_id)
        return True

    async def remove_passkey(
        self, connection: Connection, unique_id: UUID, client_id: str, passkey_id: UUID
    ) -> str | None:
        """Remove one of the account's passkeys; returns its name, None when it is not there. As above."""
        name = await queries.remove_passkey(connection, unique_id, passkey_id)
        if name is None:
            return None
        await self._record(connection, unique_id, client_id, "removePasskey", before={"passkeyId": passkey_id.hex})
        await self._forget_codes_of_nothing(connection, unique_id)
        return name

    async def _forget_codes_of_nothing(self, connection: Connection, unique_id: UUID) -> None:
        """Recovery codes stand in for a factor; when the last one is gone they have nothing to stand in for."""
        if not (await queries.find_held(connection, unique_id)).any:
            await queries.remove_recovery_codes(connection, unique_id)

    async def _record(
        self,
        connection: Connection,
        unique_id: UUID,
        client_id: str,
        action: str,
        before: object = None,
        after: object = None,
    ) -> None:
        await record_user(connection, self._clock, unique_id, client_id, action, before, after)


def with_methods(session: Session, methods: tuple[str, ...]) -> Session:
    """A session whose reader has shown a second thing; the time stays that of the first."""
    shown = [*session.authentication_methods, *methods, SEVERAL]
    return msgspec.structs.replace(session, authentication_methods=list(dict.fromkeys(shown)))


def _digits(text: str) -> str:
    digits = "".join(letter for letter in text[:50] if letter in "0123456789")
    return digits if len(digits) == _DIGITS else ""
