"""Signing in with a password, and the session that a browser carries afterwards."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
from litestar.datastructures import Cookie

from kolofon.identity import ended_sessions, queries, sign_in_queries
from kolofon.identity.openid.id_token import session_id_of
from kolofon.identity.origins import Origin
from kolofon.identity.passwords import PasswordVerifier
from kolofon.identity.queries import EndedSession, Session
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import InvalidRequest, TooManyRequests
from kolofon.platform.ids import hash_secret, new_secret, new_uuid
from kolofon.platform.password_hash import needs_new_hash
from kolofon.settings import Settings

IDLE = timedelta(hours=12)
FRESH = timedelta(minutes=10)
LONGEST_PASSWORD = 1024  # a longer one is not a password but work for the hash
_PER_CREDENTIAL = Limits(per_second=5, per_minute=10)
_PER_ADDRESS = Limits(per_second=20, per_minute=100)
# Wrong passwords are noted for whatever is typed, so a flood of them is left out.
_NOTED = Limits(per_second=50, per_minute=600)
SIGN_INS_KEPT = timedelta(days=90)
WRONG_PASSWORDS_KEPT = timedelta(days=30)


class Begun(msgspec.Struct, frozen=True):
    """A session that has begun: what the cookie holds, and the session with its id."""

    secret: str
    session: Session


class Sessions:
    """Server-side sessions; the browser holds a random id whose hash is stored."""

    def __init__(
        self, settings: Settings, clock: Clock, throttle: Throttle, passwords: PasswordVerifier, note_key: bytes
    ) -> None:
        self._clock = clock
        self._note_key = note_key
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
        await self._throttle_passwords(credential, address)
        async with pool.acquire() as connection:
            account = await queries.find_sign_in_account(connection, credential)
        fits = await self._is_password(account, password)
        if account is None or not fits or account.disabled:
            await self._note_wrong(pool, credential)
            return None
        session = self.just_signed_in(account.unique_id, credential, "pwd")
        password_hash = await self._upgraded(pool, account, password)
        return msgspec.structs.replace(session, password_mark=password_mark(password_hash))

    async def _upgraded(self, pool: Pool, account: queries.SignInAccount, password: str) -> str | None:
        """What is stored of a right password from now on: a hash that another system has made is made anew.

        Of two sign-ins at once one makes it, and the other has been right about the same password: it goes by that one
        as long as its password fits it as well. Where the password was changed meanwhile, the sign-in will end.
        """
        before = account.password_hash
        if before is None or not needs_new_hash(before):
            return before
        try:
            anew = await self._passwords.hash(password)
        except TooManyRequests:
            return before  # the next sign-in does it
        async with pool.acquire() as connection:
            if await queries.set_password(connection, account.unique_id, before, anew):
                return anew
            now = await queries.hold_account(connection, account.unique_id)
        return now.password_hash if now is not None and await self._is_password(now, password) else before

    async def confirm_password(
        self, pool: Pool, session: Session, password: str, address: str
    ) -> queries.SignInAccount | None:
        """The account of who is signed in, when this is its password; counted with the sign-ins.

        Raises TooManyRequests.
        """
        await self._throttle_passwords(session.credential, address)
        async with pool.acquire() as connection:
            account = await queries.hold_account(connection, session.unique_id)
        fits = await self._is_password(account, password)
        if account is None or not fits or account.disabled:
            await self._note_wrong(pool, session.credential)
            return None
        return account

    async def _throttle_passwords(self, credential: str, address: str) -> None:
        await self._throttle.by_address("sign-in", address, _PER_ADDRESS)
        if credential:
            await self._throttle.take(f"sign-in {credential}", _PER_CREDENTIAL)

    async def _is_password(self, account: queries.SignInAccount | None, password: str) -> bool:
        password_hash = account.password_hash if account is not None else None
        fits = await self._passwords.verify(password_hash, password[:LONGEST_PASSWORD])
        return fits and len(password) <= LONGEST_PASSWORD

    def just_signed_in(self, unique_id: UUID, credential: str, method: str) -> Session:
        """What a session begins with when somebody signs in now; `method` as in RFC 8176."""
        return Session(unique_id, credential, self._clock.now(), [method])

    async def begin(
        self,
        connection: Connection,
        session: Session,
        previous_secret: str | None,
        origin: Origin,
        remembered: bool = False,
    ) -> Begun:
        """Begin a session, and note the sign-in. `previous_secret` is what the browser's cookie held.

        That session ends: whoever else knows its secret has no use of it. One of the same reader goes on under the
        new secret, so clients know it by the same id. Raises InvalidRequest when the account is closed, or the
        password that was right has been changed meanwhile.
        """
        if not remembered:
            # A remember-me login is locked instead: what ends sessions ends that first, and waits for it.
            await _hold_account(connection, session)
        now = self._clock.now()
        secret = new_secret()
        session_id = await self._leave(connection, previous_secret, session.unique_id, now)
        begun = msgspec.structs.replace(session, session_id=session_id or session_id_of(hash_secret(secret)))
        await queries.add_session(connection, hash_secret(secret), begun, origin, now, now + IDLE)
        await sign_in_queries.add_sign_in(connection, new_uuid(), begun, origin, remembered, now)
        return Begun(secret, begun)

    async def rotate(self, connection: Connection, secret: str) -> str | None:
        """A new secret for a session that goes on; None when it has ended."""
        new = new_secret()
        until = self._clock.now() + IDLE
        return new if await queries.rename_session(connection, hash_secret(secret), hash_secret(new), until) else None

    async def visit(self, pool: Pool, secret: str | None) -> Session | None:
        """The session behind a cookie, if it lives; a visit prolongs it."""
        if secret is None:
            return None
        now = self._clock.now()
        async with pool.acquire() as connection:
            return await queries.visit_session(connection, hash_secret(secret), now, now + IDLE)

    async def end(self, connection: Connection, secret: str | None) -> list[EndedSession]:
        """End the session behind a cookie, if there is one."""
        if secret is None:
            return []
        return await ended_sessions.end_by_hash(connection, hash_secret(secret), self._clock.now())

    def note_hash(self, credential: str) -> bytes:
        """Under which wrong passwords of a credential are noted."""
        return hmac.new(self._note_key, credential.encode(), sha256).digest()

    async def _note_wrong(self, pool: Pool, credential: str) -> None:
        """For credentials that nobody has too: what is done here takes as long for them."""
        if not credential:
            return
        try:
            await self._throttle.take("notes of wrong passwords", _NOTED)
        except TooManyRequests:
            return
        async with pool.acquire() as connection:
            await sign_in_queries.note_wrong_password(connection, self.note_hash(credential), self._clock.now())

    async def _leave(
        self, connection: Connection, previous_secret: str | None, unique_id: UUID, now: datetime
    ) -> str | None:
        """End the session that a browser had; its id if it was the same reader's, whose new session takes it on."""
        if previous_secret is None:
            return None
        previous = await queries.remove_session(connection, hash_secret(previous_secret))
        if previous is None:
            return None
        if previous.unique_id == unique_id:
            return previous.session_id
        await ended_sessions.tell(connection, [previous], now)
        return None

    def cookie(self, secret: str) -> Cookie:
        """The cookie for a new session; it goes when the browser closes or the session ends."""
        return Cookie(self.cookie_name, value=secret, path="/", httponly=True, secure=self._secure, samesite="lax")

    def no_cookie(self) -> Cookie:
        """What takes the cookie away."""
        return Cookie(
            self.cookie_name, value="", max_age=0, path="/", httponly=True, secure=self._secure, samesite="lax"
        )


def is_fresh(session: Session, now: datetime) -> bool:
    """Whether the reader has shown just now, here, that it is them."""
    return now - session.authenticated_at <= FRESH and not session.is_by_provider_alone


async def _hold_account(connection: Connection, session: Session) -> None:
    """Who changes the password at this moment waits until the session has begun, and then ends it too."""
    account = await queries.hold_account(connection, session.unique_id)
    if account is None or account.disabled:
        raise InvalidRequest("the account is closed")
    if session.password_mark not in {None, password_mark(account.password_hash)}:
        raise InvalidRequest("the password has been changed meanwhile")


def password_mark(password_hash: str | None) -> bytes | None:
    """What a session keeps of the password that it began with, until it has begun."""
    return sha256(password_hash.encode()).digest() if password_hash is not None else None
