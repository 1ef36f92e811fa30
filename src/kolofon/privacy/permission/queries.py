"""All SQL of Permission/Shield."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection, Reader
from kolofon.privacy.permission.rules import Setting


class SettingLevel(msgspec.Struct, frozen=True):
    """Whose settings on which level; both codes '' is the global level."""

    partner_id: int
    customer_number: int
    enterprise_code: str = ""
    order_type: str = ""


async def list_settings(database: Reader, level: SettingLevel) -> dict[str, str]:
    """The permissions and shields of one level, by channel."""
    rows = await database.fetch(
        """
        select channel, permission
        from marketing_permission
        where partner_id = $1 and customer_number = $2 and enterprise_code = $3 and order_type = $4
        """,
        *msgspec.structs.astuple(level),
    )
    return {row["channel"]: row["permission"] for row in rows}


async def list_applying_settings(database: Reader, level: SettingLevel) -> list[Setting]:
    """The settings of a level and of all wider ones."""
    rows = await database.fetch(
        """
        select enterprise_code, order_type, channel, permission
        from marketing_permission
        where partner_id = $1 and customer_number = $2
            and enterprise_code in ('', $3) and order_type in ('', $4)
        """,
        *msgspec.structs.astuple(level),
    )
    return [Setting(*row) for row in rows]


async def change_settings(connection: Connection, level: SettingLevel, wanted: dict[str, str], now: datetime) -> None:
    """Set the state of the named channels; NONE removes it."""
    key = msgspec.structs.astuple(level)
    await connection.execute(
        """
        delete from marketing_permission
        where partner_id = $1 and customer_number = $2 and enterprise_code = $3 and order_type = $4
            and channel = any($5::text[])
        """,
        *key,
        [channel for channel, state in wanted.items() if state == "NONE"],
    )
    kept = {channel: state for channel, state in wanted.items() if state != "NONE"}
    await connection.execute(
        """
        insert into marketing_permission
            (partner_id, customer_number, enterprise_code, order_type, channel, permission, changed_at)
        select $1, $2, $3, $4, channel, permission, $7
        from unnest($5::text[], $6::text[]) as wanted (channel, permission)
        on conflict (partner_id, customer_number, enterprise_code, order_type, channel)
            do update set permission = excluded.permission, changed_at = excluded.changed_at
            where marketing_permission.permission <> excluded.permission
        """,
        *key,
        list(kept),
        list(kept.values()),
        now,
    )
