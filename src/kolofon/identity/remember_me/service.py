"""Remember-me logins: a random token per browser and client that changes at every use.

The cookie holds the login's id and its token. A token that was replaced is good for a short while, since browsers
send parallel requests; after that it can only be a copy, and nobody can tell which of the two is the reader's.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from litestar.datastructures import Cookie

from kolofon.identity import ended_sessions
from kolofon.identity.oauth.grants import revoke_grants
from kolofon.identity.origins import Origin
from kolofon.identity.queries import Session
from kolofon.identity.remember_me import queries
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_secret, new_uuid
from kolofon.platform.sealing import derive, seal, unseal
from kolofon.settings import Settings

LIFETIME = timedelta(days=180)
GRACE = timedelta(seconds=60)
_log = structlog.get_logger()


class Recalled(msgspec.Struct, frozen=True):
    """Whom a cookie belongs to, and the cookie's next value."""

    session: Session
    value: str


class RememberMe:
    """Keeps, uses and ends remember-me logins; every method runs in the caller's transaction."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._secure = settings.public_url.startswith("https://")
        self._prefix = "__Host-kolofon_remember." if self._secure else "kolofon_remember."

    async def begin(self, connection: Connection, client_id: str, session: Session, origin: Origin) -> str:
        """Remember a reader whose session has just begun; returns the cookie's value."""
        login_id, token = new_uuid(), new_secret()
        now = self._clock.now()
        until = now + LIFETIME
        await queries.add_login(connection, login_id, client_id, session, origin, hash_secret(token), now, until)
        return f"{login_id.hex}.{token}"

    async def recall(
        self, connection: Connection, client_id: str, value: str | None, is_wanted: Callable[[str], bool]
    ) -> Recalled | None:
        """Use a login whose credential is wanted, and give it its next token.

        The caller commits in either case: a copied token ends all of the reader's logins.
        """
        presented = _read(value)
        if presented is None:
            return None
        login_id, token = presented
        now = self._clock.now()
        login = await queries.lock_login(connection, login_id, now)
        if login is None or login.client_id != client_id or login.user_disabled:
            return None
        token_hash = hash_secret(token)
        if token_hash == login.token_hash and not is_wanted(login.session.credential):
            return None
        if hmac.compare_digest(token_hash, login.token_hash):
            successor = await self._rotate(connection, login_id, token, now)
        elif _is_in_grace(login, token_hash, now) and login.sealed_token is not None:
            successor = unseal(_token_key(token), login.sealed_token).decode()
        else:
            # Who has the login's id has had its cookie. Sessions and tokens go too: it may have brought the thief some.
            _log.warning("a remember-me token was used twice; all that its reader was signed in with was ended")
            await queries.end_logins_of(connection, login.session.unique_id)
            await ended_sessions.end_all_of(connection, login.session.unique_id, now)
            # Every process hears of them when this is committed, this one too.
            await revoke_grants(connection, login.session.unique_id, now)
            return None
        return Recalled(login.session, f"{login_id.hex}.{successor}")

    async def tie(self, connection: Connection, value: str, session_id: str) -> None:
        """Note which session a login, by its cookie, has signed in: they end together."""
        presented = _read(value)
        if presented is not None:
            await queries.tie_login(connection, presented[0], session_id)

    async def end(self, connection: Connection, value: str | None) -> None:
        """End the login behind a cookie, if there is one and the cookie is its own."""
        presented = _read(value)
        if presented is None:
            return
        login = await queries.lock_login(connection, presented[0], self._clock.now())
        if login is not None and hash_secret(presented[1]) in {login.token_hash, login.previous_hash}:
            await queries.end_login(connection, presented[0])

    def cookie_name(self, client_id: str) -> str:
        """The cookie of one client. A client's id has only letters that a cookie's name may have."""
        return f"{self._prefix}{client_id}"

    def names_in(self, cookies: dict[str, str]) -> list[str]:
        """The remember-me cookies of all clients that a browser has."""
        return [name for name in cookies if name.startswith(self._prefix)]

    def ids_in(self, cookies: dict[str, str]) -> frozenset[UUID]:
        """The logins that a browser's cookies name, whether or not they are good."""
        presented = [_read(cookies[name]) for name in self.names_in(cookies)]
        return frozenset(each[0] for each in presented if each is not None)

    def cookie(self, client_id: str, value: str) -> Cookie:
        """The cookie of a login."""
        return self._cookie(self.cookie_name(client_id), value, int(LIFETIME.total_seconds()))

    def no_cookie(self, name: str) -> Cookie:
        """What takes a cookie away."""
        return self._cookie(name, "", 0)

    def _cookie(self, name: str, value: str, seconds: int) -> Cookie:
        return Cookie(name, value=value, max_age=seconds, path="/", httponly=True, secure=self._secure, samesite="lax")

    async def _rotate(self, connection: Connection, login_id: UUID, token: str, now: datetime) -> str:
        successor = new_secret()
        sealed = seal(_token_key(token), successor.encode())
        await queries.rotate(connection, login_id, hash_secret(successor), sealed, now, now + LIFETIME)
        return successor


def _is_in_grace(login: queries.RememberedLogin, token_hash: bytes, now: datetime) -> bool:
    previous = login.previous_hash
    return previous is not None and hmac.compare_digest(token_hash, previous) and now < login.rotated_at + GRACE


def _token_key(token: str) -> bytes:
    return derive(token.encode(), "remember-me successor")


def _read(value: str | None) -> tuple[UUID, str] | None:
    login_id, dot, token = (value or "").partition(".")
    try:
        return (UUID(login_id), token) if dot and token else None
    except ValueError:
        return None
