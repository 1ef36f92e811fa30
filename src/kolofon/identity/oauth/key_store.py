"""The signing keys between the database and memory: made once for all processes, rotated by the worker."""

from datetime import timedelta

from kolofon.identity.oauth import queries
from kolofon.identity.oauth.keys import (
    LONGEST_TOKEN,
    PUBLISHED_AHEAD,
    ROTATED_AFTER,
    Algorithm,
    KeyRing,
    StoredKey,
    new_key,
    opened,
)
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Lock, wait_for_lock
from kolofon.platform.notifications import Subscription
from kolofon.platform.sealing import SealBroken, Secrets
from kolofon.settings import SettingsError

CHANNEL = "kolofon_signing_key"


class KeyStore:
    """Fills a key ring and keeps it up to date."""

    SEALING = "signing keys"

    def __init__(self, keys: KeyRing, secrets: Secrets, clock: Clock) -> None:
        self._keys = keys
        self._sealing_key = secrets.key(self.SEALING)
        self._clock = clock

    @property
    def subscription(self) -> Subscription:
        """What keeps the ring up to date."""
        return Subscription(CHANNEL, self._fetch, self._heard)

    async def ensure_key(self, connection: Connection) -> None:
        """Make the first key of an installation, when there is none."""
        async with connection.transaction():
            await wait_for_lock(connection, Lock.SIGNING_KEYS)
            if not await queries.list_keys(connection, self._clock.now()):
                await queries.add_key(connection, new_key(self._clock.now(), "ES256", self._sealing_key, first=True))

    async def rotate(self, connection: Connection, algorithm: Algorithm = "ES256") -> StoredKey:
        """Add a key that takes over in an hour; the older ones retire when nothing they signed is in use."""
        now = self._clock.now()
        async with connection.transaction():
            await wait_for_lock(connection, Lock.SIGNING_KEYS)
            key = new_key(now, algorithm, self._sealing_key, first=False)
            await queries.add_key(connection, key)
            await queries.retire_older_keys(connection, key.kid, now + PUBLISHED_AHEAD + LONGEST_TOKEN)
        return key

    async def rotate_when_due(self, connection: Connection, after: timedelta = ROTATED_AFTER) -> bool:
        """Rotate when the newest key is old enough; says whether it did."""
        keys = await queries.list_keys(connection, self._clock.now())
        if not keys or self._clock.now() - keys[-1].created_at < after:
            return False
        await self.rotate(connection, keys[-1].algorithm)
        return True

    async def _fetch(self, connection: Connection) -> None:
        stored = await queries.list_keys(connection, self._clock.now())
        try:
            self._keys.replace([opened(key, self._sealing_key) for key in stored])
        except SealBroken:
            raise SettingsError(
                "KOLOFON_SECRET_KEY: the signing keys in this database were made with another secret key"
            ) from None

    async def _heard(self, _message: str, connection: Connection) -> None:
        await self._fetch(connection)
