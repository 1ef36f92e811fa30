"""All SQL of recent sign-ins and of wrong passwords."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kolofon.identity.origins import Origin
from kolofon.identity.queries import Session
from kolofon.platform.database import Connection, rows_changed


class SignInNote(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in of the last months."""

    occurred_at: datetime
    credential: str
    authentication_methods: list[str]
    remembered: bool
    client_id: str | None
    browser: str | None
    system: str | None
    network: str | None


class WrongPasswords(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong passwords of a day."""

    last_at: datetime
    tries: int


async def add_sign_in(
    connection: Connection, sign_in_id: UUID, session: Session, origin: Origin, remembered: bool, now: datetime
) -> None:
    """Note that somebody signed in."""
    await connection.execute(
        """
        insert into sign_in (unique_id, sign_in_id, occurred_at, credential, authentication_methods, remembered,
            client_id, browser, system, network)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        session.unique_id,
        sign_in_id,
        now,
        session.credential,
        session.authentication_methods,
        remembered,
        origin.client_id,
        origin.browser,
        origin.system,
        origin.network,
    )


async def list_sign_ins(connection: Connection, unique_id: UUID, since: datetime, most: int) -> list[SignInNote]:
    """A reader's sign-ins, newest first."""
    rows = await connection.fetch(
        """
        select occurred_at, credential, authentication_methods, remembered, client_id, browser, system, network
        from sign_in
        where unique_id = $1 and occurred_at > $2
        order by occurred_at desc
        limit $3
        """,
        unique_id,
        since,
        most,
    )
    return [SignInNote(**row) for row in rows]


async def note_wrong_password(connection: Connection, credential_hash: bytes, now: datetime) -> None:
    """Count a wrong password on its day."""
    await connection.execute(
        """
        insert into wrong_password (credential_hash, day, tries, last_at)
        values ($1, $2, 1, $3)
        on conflict (credential_hash, day) do update
        set tries = wrong_password.tries + 1, last_at = excluded.last_at
        """,
        credential_hash,
        now.date(),
        now,
    )


async def list_wrong_passwords(
    connection: Connection, credential_hashes: Sequence[bytes], since: datetime
) -> list[WrongPasswords]:
    """The days on which wrong passwords were typed for some credentials, newest first."""
    rows = await connection.fetch(
        """
        select max(last_at) as last_at, sum(tries)::integer as tries
        from wrong_password
        where credential_hash = any($1::bytea[]) and day >= $2
        group by day
        order by day desc
        """,
        credential_hashes,
        since.date(),
    )
    return [WrongPasswords(**row) for row in rows]


async def sweep_sign_ins(connection: Connection, sign_ins_before: datetime, wrong_before: datetime) -> int:
    """Remove old notes and return their number."""
    removed = 0
    for statement, before in (
        ("delete from sign_in where occurred_at < $1", sign_ins_before),
        ("delete from wrong_password where day < $1", wrong_before.date()),
    ):
        removed += rows_changed(await connection.execute(statement, before))
    return removed
