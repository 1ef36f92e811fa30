"""All SQL of Privacy."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader


class PermissionLevel(msgspec.Struct, frozen=True):
    """Whose permissions on which level; order_type '' is the enterprise level."""

    partner_id: int
    customer_number: int
    enterprise_code: str
    order_type: str


async def list_purposes(database: Reader, level: PermissionLevel) -> list[str]:
    """The permitted purposes, in the order of their codes, which must not depend on the database's language."""
    rows = await database.fetch(
        """
        select purpose
        from privacy_permission
        where partner_id = $1 and customer_number = $2 and enterprise_code = $3 and order_type = $4
        order by purpose collate "C"
        """,
        *msgspec.structs.astuple(level),
    )
    return [row["purpose"] for row in rows]


async def replace_purposes(connection: Connection, level: PermissionLevel, purposes: list[str], now: datetime) -> None:
    """Permit exactly these purposes; what stays keeps its time."""
    await connection.execute(
        """
        delete from privacy_permission
        where partner_id = $1 and customer_number = $2 and enterprise_code = $3 and order_type = $4
            and purpose <> all($5::text[])
        """,
        *msgspec.structs.astuple(level),
        purposes,
    )
    await connection.execute(
        """
        insert into privacy_permission
            (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
        select $1, $2, $3, $4, purpose, $6
        from unnest($5::text[]) as purpose
        on conflict do nothing
        """,
        *msgspec.structs.astuple(level),
        purposes,
        now,
    )
