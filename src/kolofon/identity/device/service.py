"""Devices that sign in: what they ask for, what the reader says to it, and what they get."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from kolofon.catalogue.memory import Client
from kolofon.identity.device import queries
from kolofon.identity.device.queries import WaitingDevice
from kolofon.identity.device.rfc8628 import (
    INTERVAL_SECONDS,
    LIFETIME,
    SLOWER_SECONDS,
    DeviceFate,
    StoredDevice,
    device_fate,
    new_user_code,
    shown_user_code,
)
from kolofon.identity.oauth.queries import Grant, add_grant
from kolofon.identity.oauth.rfc6749 import OAuthError, SignIn, read_scope
from kolofon.identity.oauth.tokens import FamilyRevoked, TokenAnswer, Tokens
from kolofon.identity.queries import Session
from kolofon.identity.throttling import Throttle
from kolofon.platform.audit import record_user
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.ids import hash_secret, new_secret, new_uuid

# Who asks too late shall hear that, and a code that was used shall be known as that.
KEPT = timedelta(days=1)
_LONGEST_INTERVAL = int(LIFETIME.total_seconds())
_REQUESTS_PER_ADDRESS = Limits(per_second=10, per_minute=60)
# Anybody can ask in the name of a public client, so this bounds what is kept: about four million rows in a day.
_REQUESTS_IN_ALL = Limits(per_second=100, per_minute=3000)
# Section 5.1: 600 tries a minute, with a thousand devices waiting, find one of them in a month.
_TRIES_PER_ADDRESS = Limits(per_second=5, per_minute=20)
_TRIES_PER_READER = Limits(per_second=5, per_minute=10)
_TRIES_IN_ALL = Limits(per_second=50, per_minute=600)
_TELLS: dict[DeviceFate, OAuthError] = {
    DeviceFate.UNKNOWN: OAuthError("invalid_grant", "device_code: unknown, or another client's"),
    DeviceFate.DENIED: OAuthError("access_denied", "the reader has said no, or has taken it back"),
    DeviceFate.EXPIRED: OAuthError("expired_token", "the device_code has expired; ask for a new one"),
    DeviceFate.PENDING: OAuthError("authorization_pending", "the reader has not said anything yet"),
    DeviceFate.TOO_SOON: OAuthError("slow_down", "wait 5 seconds longer between polls from now on"),
}


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Section 3.2. Times are in seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Devices:
    """Keeps devices' requests. Device codes are stored as hashes, user codes as keyed ones: they can be guessed."""

    def __init__(self, issuer: str, clock: Clock, throttle: Throttle, tokens: Tokens, key: bytes) -> None:
        self._verification_uri = f"{issuer}/device"
        self._clock = clock
        self._throttle = throttle
        self._tokens = tokens
        self._key = key

    async def throttle_requests(self, address: str) -> None:
        """Count one device of an address that wants to sign in; raises TooManyRequests."""
        await self._throttle.by_address("device authorization", address, _REQUESTS_PER_ADDRESS)
        await self._throttle.take("device authorization", _REQUESTS_IN_ALL)

    async def begin(self, connection: Connection, client: Client, scope: str | None) -> DeviceAnswer:
        """The codes of a device that wants to sign in; raises OAuthError."""
        if "device_code" not in client.grant_types:
            raise OAuthError("unauthorized_client", "this client may not use device_code")
        wanted = read_scope(scope)
        device_code = new_secret()
        while True:
            user_code = new_user_code()
            if await queries.add_device(connection, self._device(device_code, user_code, client.client_id, wanted)):
                break
        shown = shown_user_code(user_code)
        return DeviceAnswer(
            device_code=device_code,
            user_code=shown,
            verification_uri=self._verification_uri,
            verification_uri_complete=f"{self._verification_uri}?user_code={shown}",
            expires_in=int(LIFETIME.total_seconds()),
            interval=INTERVAL_SECONDS,
        )

    async def for_device_code(
        self, connection: Connection, client: Client, parameters: dict[str, str]
    ) -> TokenAnswer | OAuthError:
        """User mode for a device whose reader has said yes; else what the device is to do (section 3.5)."""
        if "device_code" not in parameters:
            return OAuthError("invalid_request", "device_code: missing")
        now = self._clock.now()
        device_hash = hash_secret(parameters["device_code"])
        device = await queries.lock_device(connection, device_hash)
        if device is None:
            return _TELLS[DeviceFate.UNKNOWN]
        fate = device_fate(device, client.client_id, now)
        if fate is DeviceFate.REPLAYED:
            return await self._end_family(connection, device, now)
        if fate in {DeviceFate.PENDING, DeviceFate.TOO_SOON}:
            slower_by = SLOWER_SECONDS if fate is DeviceFate.TOO_SOON else 0
            await queries.note_poll(connection, device_hash, now, slower_by, _LONGEST_INTERVAL)
        if fate is not DeviceFate.GOOD or device.grant is None:
            return _TELLS[fate]
        await queries.use_device(connection, device_hash, now)
        return await self._tokens.for_grant(connection, client, device.grant)

    async def throttle_tries(self, address: str, session: Session | None) -> None:
        """Count one code that was typed, right or wrong; raises TooManyRequests."""
        await self._throttle.by_address("device codes", address, _TRIES_PER_ADDRESS)
        if session is not None:
            await self._throttle.take(f"device codes reader {session.unique_id.hex}", _TRIES_PER_READER)
        await self._throttle.take("device codes", _TRIES_IN_ALL)

    async def find(self, connection: Connection, user_code: str) -> WaitingDevice | None:
        """The device that shows a code and waits."""
        return await queries.find_by_user_code(connection, self._hash(user_code), self._clock.now())

    async def permit(self, connection: Connection, device_hash: bytes, client: Client, session: Session) -> bool:
        """Let a device sign in as this reader; False when it waits no longer.

        The grant is of no session: the device goes on when the reader signs out in the browser that said yes.
        """
        now = self._clock.now()
        device = await queries.lock_waiting(connection, device_hash, now)
        if device is None or device.client_id != client.client_id:
            return False
        grant = Grant(
            grant_id=new_uuid(),
            client_id=device.client_id,
            unique_id=session.unique_id,
            credential=session.credential,
            created_at=now,
            expires_at=now + timedelta(seconds=client.refresh_token_seconds),
            scope=device.scope,
            sign_in=SignIn(session.authenticated_at, None, session.authentication_methods),
        )
        await add_grant(connection, grant)
        await queries.note_decision(connection, device_hash, session.unique_id, grant.grant_id, now)
        after = {"clientId": device.client_id, "scope": device.scope}
        await record_user(connection, self._clock, session.unique_id, device.client_id, "permitDevice", after=after)
        return True

    async def deny(self, connection: Connection, device_hash: bytes, session: Session) -> bool:
        """Do not let a device sign in; False when it waits no longer."""
        now = self._clock.now()
        device = await queries.lock_waiting(connection, device_hash, now)
        if device is None:
            return False
        await queries.note_decision(connection, device_hash, session.unique_id, None, now)
        return True

    async def _end_family(self, connection: Connection, device: StoredDevice, now: datetime) -> OAuthError:
        """A code that comes twice has two holders, as with authorization codes (RFC 6749, section 4.1.2)."""
        if device.grant is None:
            return _TELLS[DeviceFate.UNKNOWN]
        revocation = await self._tokens.revoke_grant(connection, device.grant.grant_id, now)
        return FamilyRevoked("the device_code has been used before; the tokens it gave are revoked", revocation)

    def _device(self, device_code: str, user_code: str, client_id: str, scope: str) -> queries.NewDevice:
        now = self._clock.now()
        return queries.NewDevice(
            device_hash=hash_secret(device_code),
            user_code_hash=self._hash(user_code),
            client_id=client_id,
            scope=scope,
            created_at=now,
            expires_at=now + LIFETIME,
            interval_seconds=INTERVAL_SECONDS,
        )

    def _hash(self, user_code: str) -> bytes:
        return hmac.new(self._key, user_code.encode(), sha256).digest()
