"""SQL that brings a partner and its codes to what a publisher file says.

In what an upsert returns, xmax is 0 for a row that was inserted and something else for one that was updated.
"""

from kolofon.catalogue.changes import Missing, Written
from kolofon.catalogue.publisher_file.publisher import (
    Enterprise,
    MarketingChannel,
    Orders,
    Partner,
    PrivacyPurpose,
    Staff,
)
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection


async def find_partner_id(connection: Connection, partner_code: str) -> int | None:
    """The id of a partner by its code."""
    partner_id: int | None = await connection.fetchval(
        "select partner_id from partner where partner_code = $1", partner_code
    )
    return partner_id


async def put_partner(connection: Connection, partner: Partner, staff: Staff, orders: Orders) -> list[Written]:
    """Add or change the partner, who its staff is, and how long things take."""
    rows = await connection.fetch(
        """
        insert into partner (partner_code, name, country_code, currency, time_zone, staff_email_domains,
            staff_credentials, staff_second_factor, preliminary_hours, renewal_days, due_days, stop_days, sandbox)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (partner_code) do update
        set name = excluded.name, country_code = excluded.country_code, currency = excluded.currency,
            time_zone = excluded.time_zone, staff_email_domains = excluded.staff_email_domains,
            staff_credentials = excluded.staff_credentials, staff_second_factor = excluded.staff_second_factor,
            preliminary_hours = excluded.preliminary_hours, renewal_days = excluded.renewal_days,
            due_days = excluded.due_days, stop_days = excluded.stop_days, sandbox = excluded.sandbox
        where (partner.name, partner.country_code, partner.currency, partner.time_zone, partner.staff_email_domains,
                partner.staff_credentials, partner.staff_second_factor, partner.preliminary_hours,
                partner.renewal_days, partner.due_days, partner.stop_days,
                partner.sandbox)
            is distinct from (excluded.name, excluded.country_code, excluded.currency, excluded.time_zone,
                excluded.staff_email_domains, excluded.staff_credentials, excluded.staff_second_factor,
                excluded.preliminary_hours, excluded.renewal_days, excluded.due_days, excluded.stop_days,
                excluded.sandbox)
        returning partner_code as code, xmax = 0 as added
        """,
        partner.code,
        partner.name,
        partner.country,
        partner.currency,
        partner.time_zone,
        sorted({domain.lower() for domain in staff.email_domains}),
        sorted({normalised_credential(text, partner.country)[0] for text in staff.credentials}),
        staff.second_factor == "required",
        orders.preliminary_hours,
        orders.renewal_days,
        orders.due_days,
        orders.stop_days,
        partner.sandbox,
    )
    return [Written(*row) for row in rows]


async def put_enterprises(
    connection: Connection, partner_id: int, enterprises: tuple[Enterprise, ...]
) -> list[Written]:
    """Add or change enterprises, without their order types."""
    rows = await connection.fetch(
        """
        insert into enterprise (partner_id, enterprise_code, name)
        select $1, wanted.enterprise_code, wanted.name
        from unnest($2::text[], $3::text[]) as wanted (enterprise_code, name)
        on conflict (partner_id, enterprise_code) do update
        set name = excluded.name
        where enterprise.name is distinct from excluded.name
        returning enterprise_code as code, xmax = 0 as added
        """,
        partner_id,
        [enterprise.code for enterprise in enterprises],
        [enterprise.name for enterprise in enterprises],
    )
    return [Written(*row) for row in rows]


async def remove_enterprises(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove enterprises that are not wanted, unless they have order types or permissions."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from enterprise e
            where e.partner_id = $1 and e.enterprise_code <> all($2::text[])
                and not exists (
                    select from order_type o
                    where o.partner_id = e.partner_id and o.enterprise_code = e.enterprise_code
                )
                and not exists (
                    select from privacy_permission p
                    where p.partner_id = e.partner_id and p.enterprise_code = e.enterprise_code
                )
                and not exists (
                    select from marketing_permission m
                    where m.partner_id = e.partner_id and m.enterprise_code = e.enterprise_code
                )
            returning e.enterprise_code
        )
        select e.enterprise_code as code, r.enterprise_code is not null as removed
        from enterprise e
        left join removed r on r.enterprise_code = e.enterprise_code
        where e.partner_id = $1 and e.enterprise_code <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]


async def put_order_types(
    connection: Connection, partner_id: int, enterprises: tuple[Enterprise, ...]
) -> list[Written]:
    """Add or change the order types of enterprises."""
    entries = [(enterprise.code, entry) for enterprise in enterprises for entry in enterprise.order_types]
    rows = await connection.fetch(
        """
        insert into order_type (partner_id, enterprise_code, order_type, name)
        select $1, wanted.enterprise_code, wanted.order_type, wanted.name
        from unnest($2::text[], $3::text[], $4::text[]) as wanted (enterprise_code, order_type, name)
        on conflict (partner_id, enterprise_code, order_type) do update
        set name = excluded.name
        where order_type.name is distinct from excluded.name
        returning enterprise_code || '/' || order_type as code, xmax = 0 as added
        """,
        partner_id,
        [enterprise_code for enterprise_code, _ in entries],
        [entry.code for _, entry in entries],
        [entry.name for _, entry in entries],
    )
    return [Written(*row) for row in rows]


async def remove_order_types(
    connection: Connection, partner_id: int, enterprises: tuple[Enterprise, ...]
) -> list[Missing]:
    """Remove order types that no enterprise of the file has, unless there are permissions for them."""
    wanted = [f"{enterprise.code}/{entry.code}" for enterprise in enterprises for entry in enterprise.order_types]
    rows = await connection.fetch(
        """
        with removed as (
            delete from order_type o
            where o.partner_id = $1 and o.enterprise_code || '/' || o.order_type <> all($2::text[])
                and not exists (
                    select from privacy_permission p
                    where p.partner_id = o.partner_id and p.enterprise_code = o.enterprise_code
                        and p.order_type = o.order_type
                )
                and not exists (
                    select from marketing_permission m
                    where m.partner_id = o.partner_id and m.enterprise_code = o.enterprise_code
                        and m.order_type = o.order_type
                )
            returning o.enterprise_code, o.order_type
        )
        select o.enterprise_code || '/' || o.order_type as code, r.order_type is not null as removed
        from order_type o
        left join removed r on r.enterprise_code = o.enterprise_code and r.order_type = o.order_type
        where o.partner_id = $1 and o.enterprise_code || '/' || o.order_type <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]


async def put_privacy_purposes(
    connection: Connection, partner_id: int, purposes: tuple[PrivacyPurpose, ...]
) -> list[Written]:
    """Add or change privacy purposes."""
    rows = await connection.fetch(
        """
        insert into privacy_purpose (partner_id, purpose, name)
        select $1, wanted.purpose, wanted.name
        from unnest($2::text[], $3::text[]) as wanted (purpose, name)
        on conflict (partner_id, purpose) do update
        set name = excluded.name
        where privacy_purpose.name is distinct from excluded.name
        returning purpose as code, xmax = 0 as added
        """,
        partner_id,
        [purpose.code for purpose in purposes],
        [purpose.name for purpose in purposes],
    )
    return [Written(*row) for row in rows]


async def remove_privacy_purposes(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove purposes that are not wanted, unless a customer permits them."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from privacy_purpose x
            where x.partner_id = $1 and x.purpose <> all($2::text[]) and not exists (
                select from privacy_permission p where p.partner_id = x.partner_id and p.purpose = x.purpose
            )
            returning x.purpose
        )
        select x.purpose as code, r.purpose is not null as removed
        from privacy_purpose x
        left join removed r on r.purpose = x.purpose
        where x.partner_id = $1 and x.purpose <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]


async def put_marketing_channels(
    connection: Connection, partner_id: int, channels: tuple[MarketingChannel, ...]
) -> list[Written]:
    """Add or change marketing channels."""
    rows = await connection.fetch(
        """
        insert into marketing_channel (partner_id, channel, name)
        select $1, wanted.channel, wanted.name
        from unnest($2::text[], $3::text[]) as wanted (channel, name)
        on conflict (partner_id, channel) do update
        set name = excluded.name
        where marketing_channel.name is distinct from excluded.name
        returning channel as code, xmax = 0 as added
        """,
        partner_id,
        [channel.code for channel in channels],
        [channel.name for channel in channels],
    )
    return [Written(*row) for row in rows]


async def remove_marketing_channels(connection: Connection, partner_id: int, wanted: list[str]) -> list[Missing]:
    """Remove channels that are not wanted, unless a customer permits or shields them."""
    rows = await connection.fetch(
        """
        with removed as (
            delete from marketing_channel x
            where x.partner_id = $1 and x.channel <> all($2::text[]) and not exists (
                select from marketing_permission p where p.partner_id = x.partner_id and p.channel = x.channel
            )
            returning x.channel
        )
        select x.channel as code, r.channel is not null as removed
        from marketing_channel x
        left join removed r on r.channel = x.channel
        where x.partner_id = $1 and x.channel <> all($2::text[])
        """,
        partner_id,
        wanted,
    )
    return [Missing(*row) for row in rows]
