"""How a customer is named and reached, and which users are this customer."""

from typing import Any

import msgspec

from kolofon.engine.customers import contact_queries
from kolofon.engine.customers.contact_queries import Contact
from kolofon.platform.database import Connection

NO_NAME = "-"


async def change_contact(
    connection: Connection, partner_id: int, customer_number: int, wanted: Contact
) -> tuple[Contact, Contact] | None:
    """Replace a customer's contact data as a whole; returns it before and after, None when nothing is different.

    A customer without last and company name is called `-`. Who calls holds the customer's row.
    """
    if wanted.last_name is None and wanted.company_name is None:
        wanted = msgspec.structs.replace(wanted, last_name=NO_NAME)
    found = await contact_queries.find_contact(connection, partner_id, customer_number)
    if found is None or found.contact == wanted:
        return None
    before = found.contact
    await contact_queries.write_names(connection, partner_id, customer_number, wanted)
    if wanted.emails != before.emails:
        await contact_queries.write_emails(connection, partner_id, customer_number, wanted.emails)
    if wanted.phone_numbers != before.phone_numbers:
        await contact_queries.write_phone_numbers(connection, partner_id, customer_number, wanted.phone_numbers)
    return before, wanted


def contact_in_audit(contact: Contact) -> dict[str, Any]:
    """Contact data as the audit log has it, by the names of the API."""
    return {
        "name": {
            "firstName": contact.first_name,
            "middleName": contact.middle_name,
            "lastName": contact.last_name,
            "companyName": contact.company_name,
            "departmentName": contact.department_name,
        },
        "phoneNumbers": [
            {"phoneNumber": phone.phone_number, "phoneNumberType": phone.phone_number_type}
            for phone in contact.phone_numbers
        ],
        "emails": contact.emails,
        "invoiceEmailAddress": contact.invoice_email,
    }
