"""Making and checking one-time codes. Nothing here tells, in words or in time, whether an account exists."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from kolofon.events.outbox.service import Message, send
from kolofon.identity.codes import queries
from kolofon.identity.codes.queries import Purpose
from kolofon.identity.queries import find_sign_in_account
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.ids import new_code, new_key, new_uuid

LIFETIME = timedelta(minutes=10)
TRIES = 5
KEPT = timedelta(days=1)
# Three codes with five tries each in ten minutes, and a hundred tries a day, against a million codes.
_WINDOWS = ((timedelta(minutes=10), 3), (KEPT, 20))
# Whoever registers has no account yet, and whoever adds a credential is somebody already.
_FOR_ANYBODY = frozenset({"register", "credential"})
_PER_ADDRESS = Limits(per_second=10, per_minute=20)
_IN_ALL = Limits(per_second=50, per_minute=600)
_TRIES_PER_ADDRESS = Limits(per_second=30, per_minute=60)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a code, and for what. `browser` is what the browser's own cookie holds."""

    credential: str
    purpose: Purpose
    browser: str
    address: str


class _Undone(Exception):
    """Takes back what was written for a credential without account."""


class Codes:
    """Codes are bound to credential, purpose and browser, and stored as a keyed hash."""

    def __init__(self, clock: Clock, throttle: Throttle, key: bytes) -> None:
        self._clock = clock
        self._throttle = throttle
        self._key = key

    async def issue(self, pool: Pool, asked: Asked, write: Callable[[str, datetime], Message]) -> UUID:
        """Send a new code and return its id; raises TooManyRequests.

        `write` makes the message of a code and the time it ends. A code to register with, or to add a credential,
        goes to anybody; others go to who has an account, and for who has none the same is done, and the message
        taken back.
        """
        await self._throttle.by_address("one-time codes", asked.address, _PER_ADDRESS)
        await self._throttle.take("one-time codes", _IN_ALL)
        now = self._clock.now()
        code, code_id = new_code(), new_uuid()
        message = write(code, now + LIFETIME)
        async with pool.acquire() as connection, connection.transaction():
            await queries.lock_credential(connection, asked.credential)
            for window, most in _WINDOWS:
                if await queries.count_codes(connection, asked.credential, now - window) >= most:
                    raise TooManyRequests("too many codes, please wait", retry_after=int(window.total_seconds()))
            account = await find_sign_in_account(connection, asked.credential)
            await queries.add_code(
                connection,
                queries.NewCode(
                    code_id=code_id,
                    credential=asked.credential,
                    purpose=asked.purpose,
                    code_hash=self._hash(code_id, asked, code),
                    created_at=now,
                    expires_at=now + LIFETIME,
                ),
            )
            is_for_them = asked.purpose in _FOR_ANYBODY or (account is not None and not account.disabled)
            await _send_or_undo(connection, now, message, is_for_them)
        return code_id

    async def throttle_tries(self, address: str) -> None:
        """Count one try at a code, of whatever credential; raises TooManyRequests."""
        await self._throttle.by_address("tries at codes", address, _TRIES_PER_ADDRESS)

    async def enter(self, connection: Connection, code_id: UUID, asked: Asked, typed: str) -> bool:
        """Whether this is the code, however it was typed. The caller commits in either case: a wrong one is counted."""
        now, code = self._clock.now(), "".join(letter for letter in typed if letter.isdigit())
        stored = await queries.count_try(connection, code_id, now, TRIES)
        fits = hmac.compare_digest(stored or b"", self._hash(code_id, asked, code))
        if fits:
            await queries.mark_entered(connection, code_id, now)
        return fits

    async def vouch(self, connection: Connection, credential: str, purpose: Purpose) -> UUID:
        """The id of a code that counts as entered, for who has shown in another way whose the credential is."""
        code_id, now = new_uuid(), self._clock.now()
        code = queries.NewCode(
            code_id=code_id,
            credential=credential,
            purpose=purpose,
            code_hash=new_key(32),
            created_at=now,
            expires_at=now + LIFETIME,
        )
        await queries.add_code(connection, code)
        await queries.mark_entered(connection, code_id, now)
        return code_id

    async def spend(self, connection: Connection, code_id: UUID) -> bool:
        """Use an entered code for what it was for; False when that has been done before."""
        return await queries.spend(connection, code_id, self._clock.now())

    def _hash(self, code_id: UUID, asked: Asked, code: str) -> bytes:
        bound = msgspec.json.encode((code_id, asked.credential, asked.purpose, asked.browser, code))
        return hmac.new(self._key, bound, sha256).digest()


async def _send_or_undo(connection: Connection, now: datetime, message: Message, is_for_them: bool) -> None:
    try:
        async with connection.transaction():
            await send(connection, now, message)
            if not is_for_them:
                raise _Undone
    except _Undone:
        pass
