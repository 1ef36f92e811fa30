"""Signing in with a password, and the session that a browser carries afterwards."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from litestar.datastructures import Cookie

from kolofon.identity import queries
from kolofon.identity.passwords import PasswordVerifier
from kolofon.identity.queries import Session
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Pool
from kolofon.platform.errors import InvalidRequest, TooManyRequests
from kolofon.platform.ids import hash_secret, new_secret
from kolofon.platform.limits import RateLimiter
from kolofon.settings import Settings

IDLE = timedelta(hours=12)
_PASSWORD_LENGTH = 1024  # a longer one is not a password but work for the hash
_PER_CREDENTIAL = Limits(per_second=5, per_minute=10)
_PER_ADDRESS = Limits(per_second=20, per_minute=100)


class Sessions:
    """Server-side sessions; the browser holds a random id whose hash is stored."""

    def __init__(self, settings: Settings, clock: Clock, limiter: RateLimiter, passwords: PasswordVerifier) -> None:
        self._clock = clock
        self._limiter = limiter
        self._passwords = passwords
        self._secure = settings.public_url.startswith("https://")
        # A __Host- cookie cannot be set from another host or path, but browsers want https for it.
        self.cookie_name = "__Host-kolofon_session" if self._secure else "kolofon_session"

    async def sign_in(self, pool: Pool, credential: str, password: str, address: str) -> str | None:
        """A new session's id, or None when credential and password do not fit. Raises TooManyRequests.

        No connection is held while the password is hashed, and every refusal takes the same way.
        """
        try:
            credential, _ = normalised_credential(credential)
        except InvalidRequest:
            credential = ""
        await self._throttle(credential, address)
        async with pool.acquire() as connection:
            account = await queries.find_sign_in_account(connection, credential)
        password_hash = account.password_hash if account is not None else None
        fits = await self._passwords.verify(password_hash, password[:_PASSWORD_LENGTH])
        if account is None or not fits or account.disabled or len(password) > _PASSWORD_LENGTH:
            return None
        now = self._clock.now()
        session_id = new_secret()
        session = Session(account.unique_id, credential, now)
        async with pool.acquire() as connection:
            await queries.add_session(connection, hash_secret(session_id), session, now + IDLE)
        return session_id

    async def visit(self, pool: Pool, session_id: str | None) -> Session | None:
        """The session behind a cookie, if it lives; a visit prolongs it."""
        if session_id is None:
            return None
        now = self._clock.now()
        async with pool.acquire() as connection:
            return await queries.visit_session(connection, hash_secret(session_id), now, now + IDLE)

    def cookie(self, session_id: str) -> Cookie:
        """The cookie for a new session; it goes when the browser closes or the session ends."""
        return Cookie(self.cookie_name, value=session_id, path="/", httponly=True, secure=self._secure, samesite="lax")

    async def _throttle(self, credential: str, address: str) -> None:
        counters = [(f"sign-in address {_network(address)}", _PER_ADDRESS)]
        if credential:
            counters.append((f"sign-in {credential}", _PER_CREDENTIAL))
        for key, limits in counters:
            allowance = await self._limiter.take(key, limits)
            if not allowance.allowed:
                raise TooManyRequests("too many attempts, please wait a minute", allowance.retry_after)


def _network(address: str) -> str:
    """Whom an address belongs to: one household or host is given a whole /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))
