"""SQL that makes demo readers: an account, a customer and what it holds, each once."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account to make."""

    unique_id: UUID
    password_hash: str | None
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    department_name: str | None
    created_at: datetime
    disabled_at: datetime | None


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer to make."""

    partner_id: int
    customer_number: int
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    department_name: str | None
    created_at: datetime


class NewSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription to give, with all of it as its one period. The other times follow from state, start and end."""

    product_code: str
    category_code: str | None
    coupon_code: str | None
    coupon_number: int | None
    state: str
    start_time: datetime
    end_time: datetime | None
    paid_until: datetime | None
    renew_at: datetime | None
    change_at: datetime | None
    pause_from: datetime | None


class NewAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address to give."""

    partner_id: int
    customer_number: int
    care_of: str | None
    street: str | None
    street_number: int | None
    entrance: str | None
    postal_code: str | None
    postal_place: str | None
    country_code: str
    postal_address: str | None
    postal_address_postal_code: str | None
    postal_address_postal_place: str | None
    valid_from: date
    created_at: datetime


class NewAccess(msgspec.Struct, frozen=True):
    """Access to one thing to give."""

    kind: str
    code: str
    start_time: datetime
    end_time: datetime


async def find_accounts(connection: Connection, credentials: list[str]) -> dict[str, UUID]:
    """The accounts that credentials belong to, by credential."""
    rows = await connection.fetch(
        "select credential, unique_id from user_credential where credential = any($1::text[])", credentials
    )
    return {row["credential"]: row["unique_id"] for row in rows}


async def add_account(connection: Connection, account: NewAccount) -> None:
    """Add an account without credentials."""
    await connection.execute(
        """
        insert into user_account (unique_id, password_hash, first_name, middle_name, last_name, company_name,
            department_name, created_at, disabled_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *msgspec.structs.astuple(account),
    )


async def add_credentials(
    connection: Connection, unique_id: UUID, credentials: Sequence[tuple[str, str, str]], now: datetime
) -> None:
    """Give an account credentials: (stored form, type letter, verification level)."""
    await connection.executemany(
        """
        insert into user_credential (credential, credential_type, unique_id, verification_level, created_at)
        values ($2, $3, $1, $4, $5)
        """,
        [(unique_id, *credential, now) for credential in credentials],
    )


async def add_contacts(
    connection: Connection, unique_id: UUID, phone_numbers: Sequence[tuple[str, str]], emails: list[str]
) -> None:
    """Give an account contact data: phone numbers with their types, and e-mail addresses."""
    await connection.executemany(
        "insert into user_phone_number (unique_id, phone_number, phone_number_type) values ($1, $2, $3)",
        [(unique_id, *phone_number) for phone_number in phone_numbers],
    )
    await connection.executemany(
        "insert into user_email (unique_id, email) values ($1, $2)", [(unique_id, email) for email in emails]
    )


async def add_customer(connection: Connection, customer: NewCustomer) -> bool:
    """Add a customer; False when the partner has the number already, or had it until it was merged into another."""
    status = await connection.execute(
        """
        insert into customer (partner_id, customer_number, first_name, middle_name, last_name, company_name,
            department_name, created_at)
        select $1::smallint, $2::bigint, $3, $4, $5, $6, $7, $8
        where not exists (select from customer_merge where partner_id = $1 and merged_number = $2)
        on conflict do nothing
        """,
        *msgspec.structs.astuple(customer),
    )
    return status == "INSERT 0 1"


async def link_customer(
    connection: Connection, unique_id: UUID, partner_id: int, customer_number: int, now: datetime
) -> bool:
    """Make an account the user of a customer, or of the one that it was merged into.

    False when it is one's at this partner already.
    """
    status = await connection.execute(
        """
        insert into user_customer (unique_id, partner_id, customer_number, linked_at)
        values ($1, $2, coalesce((
            select customer_number from customer_merge where partner_id = $2 and merged_number = $3
        ), $3), $4)
        on conflict do nothing
        """,
        unique_id,
        partner_id,
        customer_number,
        now,
    )
    return status == "INSERT 0 1"


async def add_subscriptions(
    connection: Connection, partner_id: int, customer_number: int, subscriptions: list[NewSubscription]
) -> None:
    """Give a customer subscriptions, each with its period."""
    await connection.executemany(
        """
        with added as (
            insert into subscription (partner_id, customer_number, product_code, category_code, coupon_code,
                coupon_number, state, start_time, end_time, paid_until, renew_at, change_at, pause_from)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            returning partner_id, customer_number, subscription_id, start_time, end_time
        )
        insert into subscription_period (partner_id, customer_number, subscription_id, period_number, start_time,
            end_time)
        select partner_id, customer_number, subscription_id, 1, start_time, end_time from added
        """,
        [(partner_id, customer_number, *msgspec.structs.astuple(row)) for row in subscriptions],
    )


async def add_address(connection: Connection, address: NewAddress) -> None:
    """Give a customer an address."""
    await connection.execute(
        """
        insert into customer_address (partner_id, customer_number, care_of, street, street_number, entrance,
            postal_code, postal_place, country_code, postal_address, postal_address_postal_code,
            postal_address_postal_place, valid_from, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        *msgspec.structs.astuple(address),
    )


async def add_emails(connection: Connection, partner_id: int, customer_number: int, emails: list[str]) -> None:
    """Give a customer e-mail addresses, in their order."""
    await connection.execute(
        """
        insert into customer_email (partner_id, customer_number, email, position)
        select $1, $2, email, position from unnest($3::text[]) with ordinality as given (email, position)
        """,
        partner_id,
        customer_number,
        emails,
    )


async def add_phone_numbers(
    connection: Connection, partner_id: int, customer_number: int, phone_numbers: Sequence[tuple[str, str]]
) -> None:
    """Give a customer phone numbers with their types, in their order."""
    await connection.execute(
        """
        insert into customer_phone_number (partner_id, customer_number, phone_number, phone_number_type, position)
        select $1, $2, phone_number, phone_number_type, position
        from unnest($3::text[], $4::text[]) with ordinality as given (phone_number, phone_number_type, position)
        """,
        partner_id,
        customer_number,
        [number for number, _ in phone_numbers],
        [kind for _, kind in phone_numbers],
    )


async def add_accesses(
    connection: Connection, partner_id: int, customer_number: int, accesses: list[NewAccess]
) -> None:
    """Give a customer access to single things."""
    await connection.executemany(
        """
        insert into customer_access (partner_id, customer_number, kind, code, start_time, end_time)
        values ($1, $2, $3, $4, $5, $6)
        """,
        [(partner_id, customer_number, *msgspec.structs.astuple(row)) for row in accesses],
    )


async def add_privacy_permissions(
    connection: Connection,
    partner_id: int,
    customer_number: int,
    permissions: list[tuple[str, str, str]],
    now: datetime,
) -> None:
    """Set what a customer permits: (enterprise, order type or '', purpose)."""
    await connection.executemany(
        """
        insert into privacy_permission (partner_id, customer_number, enterprise_code, order_type, purpose, changed_at)
        values ($1, $2, $4, $5, $6, $3)
        """,
        [(partner_id, customer_number, now, *row) for row in permissions],
    )


async def add_marketing_permissions(
    connection: Connection,
    partner_id: int,
    customer_number: int,
    permissions: list[tuple[str, str, str, str]],
    now: datetime,
) -> None:
    """Set permissions and shields: (enterprise or '', order type or '', channel, PERMISSION or SHIELD)."""
    await connection.executemany(
        """
        insert into marketing_permission (partner_id, customer_number, enterprise_code, order_type, channel,
            permission, changed_at)
        values ($1, $2, $4, $5, $6, $7, $3)
        """,
        [(partner_id, customer_number, now, *row) for row in permissions],
    )
