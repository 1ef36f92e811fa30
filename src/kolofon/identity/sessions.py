"""Signing in with a password, and the session that a browser carries afterwards."""

from datetime import timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from kolofon.identity import queries
from kolofon.identity.passwords import PasswordVerifier
from kolofon.identity.queries import Session
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import hash_secret, new_secret
from kolofon.settings import Settings

IDLE = timedelta(hours=12)
LONGEST_PASSWORD = 1024  # a longer one is not a password but work for the hash
_PER_CREDENTIAL = Limits(per_second=5, per_minute=10)
_PER_ADDRESS = Limits(per_second=20, per_minute=100)


class Sessions:
    """Server-side sessions; the browser holds a random id whose hash is stored."""

    def __init__(self, settings: Settings, clock: Clock, throttle: Throttle, passwords: PasswordVerifier) -> None:
        self._clock = clock
        self._throttle = throttle
        self._passwords = passwords
        self._secure = settings.public_url.startswith("https://")
        # A __Host- cookie cannot be set from another host or path, but browsers want https for it.
        self.cookie_name = "__Host-kolofon_session" if self._secure else "kolofon_session"

    async def check_password(self, pool: Pool, credential: str, password: str, address: str) -> Session | None:
        """Who signs in, or None when credential and password do not fit. Raises TooManyRequests.

        No connection is held while the password is hashed, and every refusal takes the same way.
        """
        try:
            credential, _ = normalised_credential(credential)
        except InvalidRequest:
            credential = ""
        await self._throttle.by_address("sign-in", address, _PER_ADDRESS)
        if credential:
            await self._throttle.take(f"sign-in {credential}", _PER_CREDENTIAL)
        async with pool.acquire() as connection:
            account = await queries.find_sign_in_account(connection, credential)
        password_hash = account.password_hash if account is not None else None
        fits = await self._passwords.verify(password_hash, password[:LONGEST_PASSWORD])
        if account is None or not fits or account.disabled or len(password) > LONGEST_PASSWORD:
            return None
        return self.just_signed_in(account.unique_id, credential, "pwd")

    def just_signed_in(self, unique_id: UUID, credential: str, method: str) -> Session:
        """What a session begins with when somebody signs in now; `method` as in RFC 8176."""
        return Session(unique_id, credential, self._clock.now(), [method])

    async def begin(self, connection: Connection, session: Session, previous_id: str | None) -> str:
        """A new session's id. The one that the browser had ends: whoever else knows its id has no use of it."""
        if previous_id is not None:
            await queries.end_session(connection, hash_secret(previous_id))
        session_id = new_secret()
        await queries.add_session(connection, hash_secret(session_id), session, self._clock.now() + IDLE)
        return session_id

    async def visit(self, pool: Pool, session_id: str | None) -> Session | None:
        """The session behind a cookie, if it lives; a visit prolongs it."""
        if session_id is None:
            return None
        now = self._clock.now()
        async with pool.acquire() as connection:
            return await queries.visit_session(connection, hash_secret(session_id), now, now + IDLE)

    async def end(self, connection: Connection, session_id: str | None) -> None:
        """End the session behind a cookie, if there is one."""
        if session_id is not None:
            await queries.end_session(connection, hash_secret(session_id))

    def cookie(self, session_id: str) -> Cookie:
        """The cookie for a new session; it goes when the browser closes or the session ends."""
        return Cookie(self.cookie_name, value=session_id, path="/", httponly=True, secure=self._secure, samesite="lax")

    def no_cookie(self) -> Cookie:
        """What takes the cookie away."""
        return Cookie(
            self.cookie_name, value="", max_age=0, path="/", httponly=True, secure=self._secure, samesite="lax"
        )
