"""SQL that brings together what both of two customers have: contacts, addresses, permissions, and the like."""

from collections.abc import Mapping, Set
from typing import Any

import msgspec

from kolofon.engine.customers.merging.queries import Both
from kolofon.engine.customers.merging.rules import ChannelKey, PurposeKey
from kolofon.platform.database import Connection, rows_changed

_CONTACTS = {
    # Behind those of who stays: what is sent goes to the first. So many that their order is lost have nobody.
    "customer_email": """
        with gone as (
            delete from customer_email where partner_id = $1 and customer_number = $2 returning email, position
        )
        insert into customer_email (partner_id, customer_number, email, position)
        select $1, $3, email, least(position + (
            select coalesce(max(e.position), 0) from customer_email e where e.partner_id = $1 and e.customer_number = $3
        ), 32767)
        from gone
        on conflict do nothing
    """,
    "customer_phone_number": """
        with gone as (
            delete from customer_phone_number where partner_id = $1 and customer_number = $2
            returning phone_number, phone_number_type, position
        )
        insert into customer_phone_number (partner_id, customer_number, phone_number, phone_number_type, position)
        select $1, $3, phone_number, phone_number_type, least(position + (
            select coalesce(max(p.position), 0)
            from customer_phone_number p
            where p.partner_id = $1 and p.customer_number = $3
        ), 32767)
        from gone
        on conflict do nothing
    """,
    "customer_category": """
        with gone as (
            delete from customer_category where partner_id = $1 and customer_number = $2
            returning category_code, free_value, changed_at
        )
        insert into customer_category as kept (partner_id, customer_number, category_code, free_value, changed_at)
        select $1, $3, category_code, free_value, changed_at from gone
        on conflict (partner_id, customer_number, category_code)
            do update set free_value = excluded.free_value, changed_at = excluded.changed_at
            where kept.free_value is null and excluded.free_value is not null
    """,
    # Of each system one identifier counts; the others lead to who stays all the same.
    "customer_external_reference": """
        with gone as (
            delete from customer_external_reference t where t.partner_id = $1 and t.customer_number = $2
            returning t as whole
        )
        insert into customer_external_reference
        select moved.*
        from gone, jsonb_populate_record(gone.whole, jsonb_build_object(
            'customer_number', $3::bigint,
            'former', (gone.whole).former or exists (
                select from customer_external_reference r
                where r.partner_id = $1 and r.customer_number = $3 and not r.former
                    and r.reference_code = (gone.whole).reference_code
            ))) as moved
    """,
    # What a client keeps of who stays is what it goes by.
    "customer_metadata": """
        with gone as (
            delete from customer_metadata t where t.partner_id = $1 and t.customer_number = $2 returning t as whole
        )
        insert into customer_metadata
        select moved.*
        from gone, jsonb_populate_record(gone.whole, jsonb_build_object('customer_number', $3::bigint)) as moved
        on conflict (partner_id, customer_number, client_id) do nothing
    """,
}
# There is one home address for every day: that of who stays, if it has any. A temporary change moves along unless one
# of the same product is there on one of its days. What does not count any more is kept.
_ADDRESSES = """
with gone as (
    delete from customer_address t where t.partner_id = $1 and t.customer_number = $2 returning t as whole
), judged as (
    select gone.whole, (gone.whole).dropped is null and exists (
        select from customer_address a
        where a.partner_id = $1 and a.customer_number = $3 and a.dropped is null and case
            when (gone.whole).product_code is null then a.product_code is null
            else a.product_code = (gone.whole).product_code
                and daterange(a.valid_from, a.valid_until)
                    && daterange((gone.whole).valid_from, (gone.whole).valid_until)
        end
    ) as is_dropped
    from gone
), added as (
    insert into customer_address overriding system value
    select moved.*
    from judged, jsonb_populate_record(judged.whole, jsonb_build_object('customer_number', $3::bigint)
        || case when is_dropped then '{"dropped": "merged"}'::jsonb else '{}' end) as moved
    returning address_id, dropped
)
select count(*) as moved, array_agg(added.address_id) filter (where is_dropped) as dropped
from added
join judged on (judged.whole).address_id = added.address_id
"""


async def move_contacts(connection: Connection, both: Both) -> dict[str, int]:
    """Move what stands beside what is there already; how many rows of each table were not there."""
    return {
        table: rows_changed(await connection.execute(statement, *msgspec.structs.astuple(both)))
        for table, statement in _CONTACTS.items()
    }


async def move_addresses(connection: Connection, both: Both) -> tuple[int, list[int]]:
    """Move addresses; returns how many, and the ids of those that count no more."""
    row = await connection.fetchrow(_ADDRESSES, *msgspec.structs.astuple(both))
    return (row["moved"], row["dropped"] or []) if row is not None else (0, [])


async def list_let_go(connection: Connection, both: Both) -> dict[str, list[dict[str, Any]]]:
    """What is there twice and will be let go of the customer that goes: free values of categories, and metadata."""
    categories = await connection.fetch(
        """
        select m.category_code, m.free_value
        from customer_category m
        join customer_category k on k.partner_id = $1 and k.customer_number = $3 and k.category_code = m.category_code
        where m.partner_id = $1 and m.customer_number = $2 and m.free_value <> k.free_value
        order by m.category_code
        """,
        *msgspec.structs.astuple(both),
    )
    metadata = await connection.fetch(
        """
        select m.client_id, m.metadata
        from customer_metadata m
        join customer_metadata k on k.partner_id = $1 and k.customer_number = $3 and k.client_id = m.client_id
        where m.partner_id = $1 and m.customer_number = $2 and m.metadata <> k.metadata
        order by m.client_id
        """,
        *msgspec.structs.astuple(both),
    )
    return {
        "categories": [{"categoryCode": row[0], "freeValue": row[1]} for row in categories],
        "metadata": [{"clientId": row[0], "metadata": row[1]} for row in metadata],
    }


async def list_purposes(connection: Connection, partner_id: int, customer_number: int) -> set[PurposeKey]:
    """The purposes that a customer permits."""
    rows = await connection.fetch(
        """
        select enterprise_code, order_type, purpose from privacy_permission
        where partner_id = $1 and customer_number = $2
        """,
        partner_id,
        customer_number,
    )
    return {(row[0], row[1], row[2]) for row in rows}


async def list_permissions(connection: Connection, partner_id: int, customer_number: int) -> dict[ChannelKey, str]:
    """The permissions and shields of a customer."""
    rows = await connection.fetch(
        """
        select enterprise_code, order_type, channel, permission from marketing_permission
        where partner_id = $1 and customer_number = $2
        """,
        partner_id,
        customer_number,
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def has_changed(
    connection: Connection, partner_id: int, customer_number: int, actions: list[str], let_go: str
) -> bool:
    """Whether a customer, or one that was merged into it, has ever changed something, as the audit log tells.

    A merge has, if it let some of it go.
    """
    return bool(
        await connection.fetchval(
            """
            select exists (
                select from audit_log
                where partner_id = $1
                    and (action = any($3::text[]) or (action = 'customerMerge' and after -> 'letGo' ? $4))
                    and subject = any(
                        array(
                            select 'customer:' || number
                            from (
                                select $2::bigint
                                union all
                                select merged_number from customer_merge
                                where partner_id = $1 and customer_number = $2
                            ) as known (number)
                        )
                    )
            )
            """,
            partner_id,
            customer_number,
            actions,
            let_go,
        )
    )


async def merge_purposes(connection: Connection, both: Both, kept: Set[PurposeKey]) -> None:
    """Leave the purposes that are kept with who stays, each with the time it was permitted."""
    key = msgspec.structs.astuple(both)
    columns = [[each[place] for each in sorted(kept)] for place in range(3)]
    await connection.execute(
        """
        delete from privacy_permission
        where partner_id = $1 and customer_number = $2 and (enterprise_code, order_type, purpose) not in (
            select * from unnest($3::text[], $4::text[], $5::text[])
        )
        """,
        both.partner_id,
        both.into_number,
        *columns,
    )
    await connection.execute(
        """
        with gone as (
            delete from privacy_permission where partner_id = $1 and customer_number = $2
            returning enterprise_code, order_type, purpose, changed_at
        )
        insert into privacy_permission (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
        select $1, $3, enterprise_code, order_type, purpose, changed_at
        from gone
        join unnest($4::text[], $5::text[], $6::text[]) as kept (enterprise_code, order_type, purpose)
            using (enterprise_code, order_type, purpose)
        on conflict do nothing
        """,
        *key,
        *columns,
    )


async def merge_permissions(connection: Connection, both: Both, kept: Mapping[ChannelKey, str]) -> None:
    """Leave the permissions and shields that are kept with who stays, each with the time it was given."""
    keys = sorted(kept)
    columns = [[each[place] for each in keys] for place in range(3)]
    states = [kept[key] for key in keys]
    await connection.execute(
        """
        delete from marketing_permission
        where partner_id = $1 and customer_number = $2 and (enterprise_code, order_type, channel) not in (
            select * from unnest($3::text[], $4::text[], $5::text[])
        )
        """,
        both.partner_id,
        both.into_number,
        *columns,
    )
    await connection.execute(
        """
        with gone as (
            delete from marketing_permission where partner_id = $1 and customer_number = $2
            returning enterprise_code, order_type, channel, permission, changed_at
        )
        insert into marketing_permission as known
            (partner_id, customer_number, enterprise_code, order_type, channel, permission, changed_at)
        select $1, $3, enterprise_code, order_type, channel, permission, changed_at
        from gone
        join unnest($4::text[], $5::text[], $6::text[], $7::text[])
            as kept (enterprise_code, order_type, channel, permission)
            using (enterprise_code, order_type, channel, permission)
        on conflict (partner_id, customer_number, enterprise_code, order_type, channel)
            do update set permission = excluded.permission, changed_at = excluded.changed_at
            where known.permission <> excluded.permission
        """,
        *msgspec.structs.astuple(both),
        *columns,
        states,
    )
