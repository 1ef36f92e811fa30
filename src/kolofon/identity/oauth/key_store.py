"""The signing keys between the database and memory: made once for all processes, rotated by the worker."""

import asyncio
from datetime import timedelta

from kolofon.identity.oauth import queries
from kolofon.identity.oauth.keys import (
    ALGORITHMS,
    LONGEST_TOKEN,
    ROTATED_AFTER,
    Algorithm,
    KeyRing,
    SigningKey,
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
        self._opened: dict[str, SigningKey] = {}

    @property
    def subscription(self) -> Subscription:
        """What keeps the ring up to date."""
        return Subscription(CHANNEL, self._fetch, self._heard)

    async def ensure_keys(self, connection: Connection) -> None:
        """Make the first key of each algorithm that has none: in a new installation, and in one from before RS256."""
        made = [await self._new_key(algorithm, first=True) for algorithm in await self._missing(connection)]
        if not made:
            return
        async with connection.transaction():
            await wait_for_lock(connection, Lock.SIGNING_KEYS)
            missing = await self._missing(connection)
            for key in made:
                # Another process may have been faster; then this one is thrown away.
                if key.algorithm in missing:
                    await queries.add_key(connection, key)

    async def rotate(self, connection: Connection, algorithm: Algorithm = "ES256") -> StoredKey:
        """Add a key that takes over in an hour; the older ones retire when nothing they signed is in use."""
        key = await self._new_key(algorithm, first=False)
        async with connection.transaction():
            await wait_for_lock(connection, Lock.SIGNING_KEYS)
            await queries.add_key(connection, key)
            retires_at = key.active_from + LONGEST_TOKEN
            await queries.retire_older_keys(connection, key.kid, algorithm, retires_at)
        return key

    async def rotate_when_due(self, connection: Connection, after: timedelta = ROTATED_AFTER) -> bool:
        """Rotate the algorithms whose newest key is old enough; says whether there was one."""
        now = self._clock.now()
        newest = {key.algorithm: key for key in await queries.list_keys(connection, now)}
        due = [algorithm for algorithm, key in newest.items() if now - key.created_at >= after]
        for algorithm in due:
            await self.rotate(connection, algorithm)
        return bool(due)

    async def _new_key(self, algorithm: Algorithm, first: bool) -> StoredKey:
        return await asyncio.to_thread(new_key, self._clock.now(), algorithm, self._sealing_key, first)

    async def _missing(self, connection: Connection) -> list[Algorithm]:
        there = {key.algorithm for key in await queries.list_keys(connection, self._clock.now())}
        return [algorithm for algorithm in ALGORITHMS if algorithm not in there]

    async def _fetch(self, connection: Connection) -> None:
        stored = await queries.list_keys(connection, self._clock.now())
        try:
            self._keys.replace(await asyncio.to_thread(self._open, stored))
        except SealBroken:
            raise SettingsError(
                "KOLOFON_SECRET_KEY: the signing keys in this database were made with another secret key"
            ) from None

    def _open(self, stored: list[StoredKey]) -> list[SigningKey]:
        self._opened = {key.kid: opened(key, self._sealing_key, self._opened.get(key.kid)) for key in stored}
        return list(self._opened.values())

    async def _heard(self, _message: str, connection: Connection) -> None:
        await self._fetch(connection)
