"""All SQL of how a customer is named and reached."""

from typing import Literal
from uuid import UUID

import msgspec

from kolofon.platform.database import Connection, Reader

PhoneNumberType = Literal["personal", "company", "home", "mobile"]


class Phone(msgspec.Struct, frozen=True, array_like=True):
    """A phone number in E.164."""

    phone_number: str
    phone_number_type: PhoneNumberType


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer is named and reached. What is sent by e-mail goes to the first address."""

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    department_name: str | None = None
    invoice_email: str | None = None
    phone_numbers: list[Phone] = []
    emails: list[str] = []


class UserCredential(msgspec.Struct, frozen=True, array_like=True):
    """A credential of a user, its type as a letter."""

    credential: str
    credential_type: str
    verification_level: str


class AttachedUser(msgspec.Struct, frozen=True, array_like=True):
    """A user who is this customer, with all of its credentials."""

    unique_id: UUID
    credentials: list[UserCredential]


class CustomerContact(msgspec.Struct, frozen=True):
    """A customer's contact data, and the users who are this customer and can sign in."""

    contact: Contact
    users: list[AttachedUser]


async def find_contact(database: Reader, partner_id: int, customer_number: int) -> CustomerContact | None:
    """How a customer is named and reached, with the users who are this customer; None when there is no such customer.

    Users whose account is closed are left out. National identity numbers are never read.
    """
    row = await database.fetchrow(
        """
        select c.first_name, c.middle_name, c.last_name, c.company_name, c.department_name, c.invoice_email,
            (
                select coalesce(jsonb_agg(jsonb_build_array(p.phone_number, p.phone_number_type)
                    order by p.position, p.phone_number), '[]')
                from customer_phone_number p
                where p.partner_id = c.partner_id and p.customer_number = c.customer_number
            ) as phone_numbers,
            array(
                select e.email
                from customer_email e
                where e.partner_id = c.partner_id and e.customer_number = c.customer_number
                order by e.position, e.email
            ) as emails,
            (
                select coalesce(jsonb_agg(jsonb_build_array(l.unique_id, (
                    select coalesce(jsonb_agg(jsonb_build_array(k.credential, k.credential_type, k.verification_level)
                        order by k.created_at, k.credential), '[]')
                    from user_credential k
                    where k.unique_id = l.unique_id
                )) order by l.linked_at, l.unique_id), '[]')
                from user_customer l
                join user_account a on a.unique_id = l.unique_id and a.disabled_at is null
                where l.partner_id = c.partner_id and l.customer_number = c.customer_number
            ) as users
        from customer c
        where c.partner_id = $1 and c.customer_number = $2
        """,
        partner_id,
        customer_number,
    )
    if row is None:
        return None
    members = dict(row)
    users = msgspec.convert(members.pop("users"), list[AttachedUser])
    return CustomerContact(msgspec.convert(members, Contact), users)


async def write_names(connection: Connection, partner_id: int, customer_number: int, contact: Contact) -> None:
    """Replace a customer's names and where its invoices are sent; what else its row holds stays."""
    await connection.execute(
        """
        update customer set first_name = $3, middle_name = $4, last_name = $5, company_name = $6,
            department_name = $7, invoice_email = $8
        where partner_id = $1 and customer_number = $2
        """,
        partner_id,
        customer_number,
        contact.first_name,
        contact.middle_name,
        contact.last_name,
        contact.company_name,
        contact.department_name,
        contact.invoice_email,
    )


async def write_emails(connection: Connection, partner_id: int, customer_number: int, emails: list[str]) -> None:
    """Replace a customer's e-mail addresses, in this order."""
    await connection.execute(
        "delete from customer_email where partner_id = $1 and customer_number = $2 and email <> all($3::text[])",
        partner_id,
        customer_number,
        emails,
    )
    await connection.execute(
        """
        insert into customer_email (partner_id, customer_number, email, position)
        select $1, $2, told.email, told.position
        from unnest($3::text[]) with ordinality as told (email, position)
        on conflict (partner_id, customer_number, email) do update set position = excluded.position
        """,
        partner_id,
        customer_number,
        emails,
    )


async def write_phone_numbers(connection: Connection, partner_id: int, customer_number: int, told: list[Phone]) -> None:
    """Replace a customer's phone numbers, in this order."""
    numbers = [phone.phone_number for phone in told]
    await connection.execute(
        """
        delete from customer_phone_number
        where partner_id = $1 and customer_number = $2 and phone_number <> all($3::text[])
        """,
        partner_id,
        customer_number,
        numbers,
    )
    await connection.execute(
        """
        insert into customer_phone_number (partner_id, customer_number, phone_number, phone_number_type, position)
        select $1, $2, told.phone_number, told.phone_number_type, told.position
        from unnest($3::text[], $4::text[]) with ordinality as told (phone_number, phone_number_type, position)
        on conflict (partner_id, customer_number, phone_number)
            do update set phone_number_type = excluded.phone_number_type, position = excluded.position
        """,
        partner_id,
        customer_number,
        numbers,
        [phone.phone_number_type for phone in told],
    )
