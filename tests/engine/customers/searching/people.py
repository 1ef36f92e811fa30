"""Customers to be found, written into the tables as any writer might."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from kolofon.platform.database import Connection

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A customer with all it can be found by, by the columns of the tables."""

    names: dict[str, str] = {}
    emails: list[str] = []
    phone_numbers: list[str] = []
    addresses: list[dict[str, Any]] = []
    references: dict[str, str] = {}


KARI = Person(
    names={"first_name": "Kari Anne", "last_name": "Sørensen"},
    emails=["kari@example.no", "kari.jobb@example.com"],
    phone_numbers=["+4791234567", "+4722000000"],
    addresses=[
        {
            "street": "Storgata",
            "street_number": 5,
            "entrance": "B",
            "postal_code": "0155",
            "postal_place": "Oslo",
            "country_code": "NO",
        }
    ],
    references={"CRM": "AB-17"},
)
NORDFORLAG = Person(
    names={
        "first_name": "Åse",
        "last_name": "Lie",
        "company_name": "Nordforlag AS",
        "department_name": "Økonomi",
        "company_registration_number": "923 609 016",
        "invoice_email": "faktura@nordforlag.example",
    },
    addresses=[
        {
            "street": "Kongens gate",
            "street_number": 1,
            "postal_code": "7010",
            "postal_place": "Trondheim",
            "country_code": "NO",
            "postal_address": "Postboks 123 Sentrum",
            "postal_address_postal_code": "7400",
            "postal_address_postal_place": "Trondheim",
        }
    ],
)


async def add_person(connection: Connection, number: int, person: Person, partner_id: int = 1) -> None:
    """Write a customer: its own row first, then each of the other tables."""
    await _insert(connection, "customer", partner_id, number, person.names | {"created_at": NOW})
    for position, email in enumerate(person.emails):
        await _insert(connection, "customer_email", partner_id, number, {"email": email, "position": position})
    for position, phone in enumerate(person.phone_numbers):
        values = {"phone_number": phone, "position": position}
        await _insert(connection, "customer_phone_number", partner_id, number, values)
    for address in person.addresses:
        values = {"valid_from": date(2026, 1, 1), "created_at": NOW} | address
        await _insert(connection, "customer_address", partner_id, number, values)
    for code, identifier in person.references.items():
        values = {"reference_code": code, "external_id": identifier, "registered_at": NOW}
        await _insert(connection, "customer_external_reference", partner_id, number, values)


async def _insert(connection: Connection, table: str, partner_id: int, number: int, values: dict[str, Any]) -> None:
    columns = {"partner_id": partner_id, "customer_number": number} | values
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await connection.execute(f"insert into {table} ({', '.join(columns)}) values ({places})", *columns.values())


async def stale(connection: Connection) -> list[int]:
    """The numbers of customers whose row is not what it would be if it were made from scratch; or that have none."""
    rows = await connection.fetch(
        """
        select coalesce(t.customer_number, s.customer_number) as customer_number
        from partner p
        cross join lateral customer_terms(p.partner_id, array(
            select customer_number from customer where partner_id = p.partner_id
        )) t
        full join customer_search s on s.partner_id = p.partner_id and s.customer_number = t.customer_number
        where t.terms is distinct from s.terms
        order by 1
        """
    )
    return [row["customer_number"] for row in rows]
