"""All SQL of finding and making customers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a customer besides its own columns, each as rows by the columns of its table."""

    emails: list[str]
    phone_numbers: list[str]
    categories: list[dict[str, Any]]
    permissions: list[dict[str, Any]]
    purposes: list[dict[str, Any]]
    address: list[dict[str, Any]]  # one at most

    @property
    def is_empty(self) -> bool:
        """Whether nothing is told."""
        return not any(msgspec.structs.astuple(self))


async def add_customer(
    connection: Connection, partner_id: int, columns: dict[str, Any], unique_id: UUID | None, now: datetime
) -> int | None:
    """Make a customer, tied to the user; returns its number, None when the next number is taken.

    One that was merged into another is taken for ever.
    """
    number: int | None = await connection.fetchval(
        """
        with next as materialized (
            select nextval('customer_number') as number
        ), made as (
            insert into customer
                (partner_id, customer_number, created_at, first_name, middle_name, last_name, company_name,
                department_name, company_registration_number, department, sealed_national_id, birth_date, sex,
                invoice_email)
            select $1, next.number, $2, t.first_name, t.middle_name, t.last_name, t.company_name,
                t.department_name, t.company_registration_number, t.department, t.sealed_national_id, t.birth_date,
                t.sex, t.invoice_email
            from jsonb_populate_record(null::customer, $3) t
            cross join next
            where not exists (
                select from customer_merge m where m.partner_id = $1 and m.merged_number = next.number
            )
            on conflict do nothing
            returning customer_number
        ), link as (
            insert into user_customer (unique_id, partner_id, customer_number, linked_at)
            select $4, $1, made.customer_number, $2 from made where $4::uuid is not null
        )
        select customer_number from made
        """,
        partner_id,
        now,
        columns,
        unique_id,
    )
    return number


async def fill_columns(connection: Connection, partner_id: int, customer_number: int, columns: dict[str, Any]) -> bool:
    """Write what is told into the columns that are empty; returns whether there were any."""
    return bool(
        await connection.fetchval(
            """
            update customer c set
                first_name = coalesce(c.first_name, t.first_name),
                middle_name = coalesce(c.middle_name, t.middle_name),
                last_name = coalesce(c.last_name, t.last_name),
                company_name = coalesce(c.company_name, t.company_name),
                department_name = coalesce(c.department_name, t.department_name),
                company_registration_number = coalesce(c.company_registration_number, t.company_registration_number),
                department = coalesce(c.department, t.department),
                sealed_national_id = coalesce(c.sealed_national_id, t.sealed_national_id),
                birth_date = coalesce(c.birth_date, t.birth_date),
                sex = coalesce(c.sex, t.sex),
                invoice_email = coalesce(c.invoice_email, t.invoice_email)
            from jsonb_populate_record(null::customer, $3) t
            where c.partner_id = $1 and c.customer_number = $2 and (
                (c.first_name is null and t.first_name is not null)
                or (c.middle_name is null and t.middle_name is not null)
                or (c.last_name is null and t.last_name is not null)
                or (c.company_name is null and t.company_name is not null)
                or (c.department_name is null and t.department_name is not null)
                or (c.company_registration_number is null and t.company_registration_number is not null)
                or (c.department is null and t.department is not null)
                or (c.sealed_national_id is null and t.sealed_national_id is not null)
                or (c.birth_date is null and t.birth_date is not null)
                or (c.sex is null and t.sex is not null)
                or (c.invoice_email is null and t.invoice_email is not null)
            )
            returning true
            """,
            partner_id,
            customer_number,
            columns,
        )
    )


_ADD_DETAILS = """
with emails as (
    insert into customer_email (partner_id, customer_number, email, position)
    -- Behind those that are known: what is sent goes to the first. So many that their order is lost have nobody.
    select $1, $2, told.email, least(told.position + (
        select coalesce(max(e.position), 0) from customer_email e where e.partner_id = $1 and e.customer_number = $2
    ), 32767)
    from unnest($5::text[]) with ordinality as told (email, position)
    on conflict do nothing returning 1
), phone_numbers as (
    insert into customer_phone_number (partner_id, customer_number, phone_number, position)
    select $1, $2, told.phone_number, least(told.position + (
        select coalesce(max(p.position), 0)
        from customer_phone_number p
        where p.partner_id = $1 and p.customer_number = $2
    ), 32767)
    from unnest($6::text[]) with ordinality as told (phone_number, position)
    on conflict do nothing returning 1
), categories as (
    insert into customer_category (partner_id, customer_number, category_code, free_value, changed_at)
    select $1, $2, told.category_code, told.free_value, $3
    from jsonb_to_recordset($7) as told (category_code text, free_value text)
    join category_code k on k.partner_id = $1 and k.category_code = told.category_code
    on conflict do nothing returning 1
), permissions as (
    insert into marketing_permission
        (partner_id, customer_number, enterprise_code, order_type, channel, permission, changed_at)
    select $1, $2, told.enterprise_code, told.order_type, told.channel, told.permission, $3
    from jsonb_to_recordset($8)
        as told (enterprise_code text, order_type text, channel text, permission text)
    join marketing_channel k on k.partner_id = $1 and k.channel = told.channel
    -- A shield is put up over a permission; nothing that an order says takes one down.
    on conflict (partner_id, customer_number, enterprise_code, order_type, channel)
        do update set permission = excluded.permission, changed_at = excluded.changed_at
        where excluded.permission = 'SHIELD' and marketing_permission.permission <> 'SHIELD'
    returning 1
), purposes as (
    insert into privacy_permission
        (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
    select $1, $2, told.enterprise_code, told.order_type, told.purpose, $3
    from jsonb_to_recordset($9) as told (enterprise_code text, order_type text, purpose text)
    join privacy_purpose k on k.partner_id = $1 and k.purpose = told.purpose
    join enterprise e on e.partner_id = $1 and e.enterprise_code = told.enterprise_code
    on conflict do nothing returning 1
), address as (
    insert into customer_address
        (partner_id, customer_number, care_of, street, street_number, entrance, floor_type, floor, suite,
        postal_code, postal_place, country_code, postal_address, postal_address_postal_code,
        postal_address_postal_place, valid_from, created_at)
    select $1, $2, t.care_of, t.street, t.street_number, t.entrance, t.floor_type, t.floor, t.suite,
        t.postal_code, t.postal_place, t.country_code, t.postal_address, t.postal_address_postal_code,
        t.postal_address_postal_place, $4, $3
    from jsonb_populate_recordset(null::customer_address, $10) t
    where not exists (
        select from customer_address a
        where a.partner_id = $1 and a.customer_number = $2 and a.product_code is null and a.dropped is null
    )
    returning 1
)
select exists (select from emails) or exists (select from phone_numbers)
    or exists (select from categories) or exists (select from permissions)
    or exists (select from purposes) or exists (select from address)
"""


async def add_details(
    connection: Connection, partner_id: int, customer_number: int, told: Details, now: datetime, today: date
) -> bool:
    """Add what a customer does not have yet, all in one statement; returns whether there was anything.

    An address only when there is no home address: who calls holds the customer's row, so that it stays the only one.
    Codes that have left the catalogue since the order are passed over.
    """
    return bool(
        await connection.fetchval(
            _ADD_DETAILS,
            partner_id,
            customer_number,
            now,
            today,
            *msgspec.structs.astuple(told),
        )
    )


async def skip_taken_numbers(connection: Connection, partner_id: int) -> None:
    """Let the numbers go on behind those in a row that the partner brought along, however many these are.

    One that was merged into another ends the row: the next number is behind it anyway.

    Two may do this at once and one of them turn the sequence back: then a number is found taken once more.
    """
    await connection.fetchval(
        """
        select setval('customer_number', greatest(s.last_value, (
            select c.customer_number
            from customer c
            where c.partner_id = $1 and c.customer_number >= s.last_value and not exists (
                select from customer n where n.partner_id = $1 and n.customer_number = c.customer_number + 1
            )
            order by c.customer_number
            limit 1
        )))
        from customer_number s
        where exists (select from customer k where k.partner_id = $1 and k.customer_number = s.last_value)
        """,
        partner_id,
    )


async def lock_user_at_partner(connection: Connection, partner_id: int, unique_id: UUID) -> None:
    """Let one order at a time make a user a customer of the partner, until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"customer {partner_id} {unique_id.hex}"
    )


async def link_user(
    connection: Connection, partner_id: int, unique_id: UUID, customer_number: int, now: datetime
) -> None:
    """Tie a user to a customer, if it is tied to none of the partner yet."""
    await connection.execute(
        """
        insert into user_customer (unique_id, partner_id, customer_number, linked_at)
        values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        unique_id,
        partner_id,
        customer_number,
        now,
    )


async def find_by_credentials(
    connection: Connection, partner_id: int, credentials: list[str], levels: tuple[str, ...]
) -> tuple[int, str] | None:
    """The customer of the first credential that is verified and of a user who is a customer; and which one it is."""
    row = await connection.fetchrow(
        """
        select l.customer_number, wanted.credential
        from unnest($2::text[]) with ordinality as wanted (credential, position)
        join user_credential c on c.credential = wanted.credential and c.verification_level = any($3::text[])
        join user_account a on a.unique_id = c.unique_id and a.disabled_at is null
        join user_customer l on l.unique_id = c.unique_id and l.partner_id = $1
        order by wanted.position
        limit 1
        """,
        partner_id,
        credentials,
        levels,
    )
    return (row["customer_number"], row["credential"]) if row is not None else None
