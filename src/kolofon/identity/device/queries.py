"""All SQL of devices that sign in."""

from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.device.rfc8628 import StoredDevice
from kolofon.identity.oauth.queries import Grant
from kolofon.identity.oauth.rfc6749 import SignIn
from kolofon.platform.database import Connection, rows_changed


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device's request to store, under the hashes of its codes."""

    device_hash: bytes
    user_code_hash: bytes
    client_id: str
    scope: str
    created_at: datetime
    expires_at: datetime
    interval_seconds: int


class WaitingDevice(msgspec.Struct, frozen=True):
    """A device that waits for a reader's word."""

    device_hash: bytes
    client_id: str
    scope: str
    expires_at: datetime


async def add_device(connection: Connection, device: NewDevice) -> bool:
    """Store a request; False when another one has this user code."""
    status = await connection.execute(
        """
        insert into device_authorization
            (device_hash, user_code_hash, client_id, scope, created_at, expires_at, interval_seconds)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (user_code_hash) do nothing
        """,
        *msgspec.structs.astuple(device),
    )
    return status == "INSERT 0 1"


async def lock_device(connection: Connection, device_hash: bytes) -> StoredDevice | None:
    """The request with its grant; a second poll, and the reader's word, wait here until this is done."""
    row = await connection.fetchrow(
        """
        select d.client_id, d.expires_at, d.interval_seconds, d.polled_at, d.decided_at is not null as is_decided,
            d.used_at, g.grant_id, g.unique_id, g.credential, g.created_at, g.expires_at as grant_expires_at, g.scope,
            g.authenticated_at, g.authentication_methods,
            coalesce(g.revoked_at is not null or a.disabled_at is not null, false) as is_revoked
        from device_authorization d
        left join oauth_grant g on g.grant_id = d.grant_id
        left join user_account a on a.unique_id = g.unique_id
        where d.device_hash = $1
        for update of d
        """,
        device_hash,
    )
    if row is None:
        return None
    grant = None
    if row["grant_id"] is not None:
        grant = Grant(
            grant_id=row["grant_id"],
            client_id=row["client_id"],
            unique_id=row["unique_id"],
            credential=row["credential"],
            created_at=row["created_at"],
            expires_at=row["grant_expires_at"],
            scope=row["scope"],
            sign_in=SignIn(row["authenticated_at"], None, row["authentication_methods"]),
        )
    return StoredDevice(
        client_id=row["client_id"],
        expires_at=row["expires_at"],
        interval_seconds=row["interval_seconds"],
        polled_at=row["polled_at"],
        is_decided=row["is_decided"],
        used_at=row["used_at"],
        grant=grant,
        is_revoked=row["is_revoked"],
    )


async def note_poll(connection: Connection, device_hash: bytes, now: datetime, slower_by: int, longest: int) -> None:
    """Note that the device has asked, and how much longer it has to wait from now on."""
    await connection.execute(
        """
        update device_authorization
        set polled_at = $2, interval_seconds = least(interval_seconds + $3::integer, $4::integer)
        where device_hash = $1
        """,
        device_hash,
        now,
        slower_by,
        longest,
    )


async def use_device(connection: Connection, device_hash: bytes, now: datetime) -> None:
    """Note that the request has given its tokens."""
    await connection.execute("update device_authorization set used_at = $2 where device_hash = $1", device_hash, now)


async def find_by_user_code(connection: Connection, user_code_hash: bytes, now: datetime) -> WaitingDevice | None:
    """The device that waits with this code, to show; None when there is none, or no longer."""
    row = await connection.fetchrow(
        """
        select device_hash, client_id, scope, expires_at from device_authorization
        where user_code_hash = $1 and decided_at is null and expires_at > $2
        """,
        user_code_hash,
        now,
    )
    return WaitingDevice(*row) if row is not None else None


async def find_waiting(connection: Connection, device_hash: bytes, now: datetime) -> WaitingDevice | None:
    """The device, if it still waits, to show."""
    row = await connection.fetchrow(_FIND_WAITING, device_hash, now)
    return WaitingDevice(*row) if row is not None else None


async def lock_waiting(connection: Connection, device_hash: bytes, now: datetime) -> WaitingDevice | None:
    """The device, if it still waits; of two words of readers the second finds nothing."""
    row = await connection.fetchrow(_FIND_WAITING + " for update", device_hash, now)
    return WaitingDevice(*row) if row is not None else None


_FIND_WAITING = """
    select device_hash, client_id, scope, expires_at from device_authorization
    where device_hash = $1 and decided_at is null and expires_at > $2
"""


async def note_decision(
    connection: Connection, device_hash: bytes, unique_id: UUID, grant_id: UUID | None, now: datetime
) -> None:
    """Note a reader's word; without a grant it was no."""
    await connection.execute(
        "update device_authorization set decided_at = $4, unique_id = $2, grant_id = $3 where device_hash = $1",
        device_hash,
        unique_id,
        grant_id,
        now,
    )


async def sweep_devices(connection: Connection, before: datetime) -> int:
    """Forget requests that ended before then; returns their number."""
    status = await connection.execute("delete from device_authorization where expires_at < $1", before)
    return rows_changed(status)
