"""SQL behind the commands that administer clients."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection


class ClientListing(msgspec.Struct, frozen=True):
    """A client as the list shows it."""

    client_id: str
    partner_code: str
    name: str
    public: bool
    disabled: bool


class LockedClient(msgspec.Struct, frozen=True):
    """A client that is being changed."""

    partner_id: int
    public: bool


async def find_partner_id(connection: Connection, partner_code: str) -> int | None:
    """The id of a partner by its code."""
    partner_id: int | None = await connection.fetchval(
        "select partner_id from partner where partner_code = $1", partner_code
    )
    return partner_id


async def list_clients(connection: Connection, partner_code: str | None) -> list[ClientListing]:
    """All clients, or those of one partner, in the order of their ids."""
    rows = await connection.fetch(
        """
        select c.client_id, p.partner_code, c.name, c.public, c.disabled
        from client c
        join partner p on p.partner_id = c.partner_id
        where $1::text is null or p.partner_code = $1
        order by c.client_id
        """,
        partner_code,
    )
    return [ClientListing(*row) for row in rows]


async def add_client(
    connection: Connection,
    client_id: str,
    partner_id: int,
    name: str,
    public: bool,
    redirect_uris: list[str],
    grant_types: list[str],
) -> None:
    """Add a client with the default limits and lifetimes."""
    await connection.execute(
        """
        insert into client (client_id, partner_id, name, public, redirect_uris, grant_types)
        values ($1, $2, $3, $4, $5, $6)
        """,
        client_id,
        partner_id,
        name,
        public,
        redirect_uris,
        grant_types,
    )


async def lock_client(connection: Connection, client_id: str) -> LockedClient | None:
    """The client, locked against other changes until the transaction ends."""
    row = await connection.fetchrow("select partner_id, public from client where client_id = $1 for update", client_id)
    return LockedClient(*row) if row is not None else None


async def add_secret(connection: Connection, client_id: str, secret_hash: bytes, now: datetime) -> None:
    """Store the hash of a secret."""
    await connection.execute(
        "insert into client_secret (client_id, secret_hash, created_at) values ($1, $2, $3)",
        client_id,
        secret_hash,
        now,
    )


async def expire_secrets(connection: Connection, client_id: str, expires_at: datetime) -> None:
    """Give the client's secrets an end, unless they end sooner."""
    await connection.execute(
        "update client_secret set expires_at = $2 where client_id = $1 and (expires_at is null or expires_at > $2)",
        client_id,
        expires_at,
    )


async def announce(connection: Connection) -> None:
    """Tell every process, at commit, that the catalogue has changed."""
    await connection.execute("select pg_notify('kolofon_catalogue', '')")
