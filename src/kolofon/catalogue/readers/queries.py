"""SQL that makes demo readers: an account, a customer and what it holds, each once."""

from collections.abc import Sequence
from datetime import datetime
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


class NewSubscription(msgspec.Struct, frozen=True):
    """A subscription to give."""

    product_code: str
    category_code: str | None
    state: str
    start_time: datetime
    end_time: datetime | None
    paid: bool


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
    """Add a customer; False when the partner has the number already."""
    status = await connection.execute(
        """
        insert into customer (partner_id, customer_number, first_name, middle_name, last_name, company_name,
            department_name, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        """,
        *msgspec.structs.astuple(customer),
    )
    return status == "INSERT 0 1"


async def link_customer(
    connection: Connection, unique_id: UUID, partner_id: int, customer_number: int, now: datetime
) -> bool:
    """Make an account the user of a customer; False when it is one's at this partner already."""
    status = await connection.execute(
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
    return status == "INSERT 0 1"


async def add_subscriptions(
    connection: Connection, partner_id: int, customer_number: int, subscriptions: list[NewSubscription]
) -> None:
    """Give a customer subscriptions."""
    await connection.executemany(
        """
        insert into subscription (partner_id, customer_number, product_code, category_code, state, start_time,
            end_time, paid)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [(partner_id, customer_number, *msgspec.structs.astuple(row)) for row in subscriptions],
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
