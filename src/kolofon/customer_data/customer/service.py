"""List and change what is known of a customer."""

from typing import Literal

from kolofon.customer_data.customer.rules import checked_contact
from kolofon.customer_data.customer.schemas import (
    AttachedCredential,
    AttachedUser,
    CustomerInfo,
    CustomerInfoAnswer,
    CustomerInfoChange,
    Name,
    PhoneNumber,
)
from kolofon.engine.calls import Read, Write
from kolofon.engine.customers import contact_queries
from kolofon.engine.customers.contact_queries import Contact, find_contact
from kolofon.engine.customers.contacts import change_contact, contact_in_audit
from kolofon.engine.customers.searching.criteria import FoundCustomer
from kolofon.engine.customers.service import customer_of, customer_to_change, no_such_customer
from kolofon.events.feed.service import Event, publish
from kolofon.platform import audit
from kolofon.platform.callers import ClientCaller, UserCaller
from kolofon.platform.credentials import EMAIL, PHONE
from kolofon.platform.ids import unique_id_text
from kolofon.platform.problems import Problems

# Only these are told of: other types of credentials are what somebody else calls the user.
_CREDENTIAL_TYPES: dict[str, Literal["A_EMAIL_ADDRESS", "B_SMS_PHONE"]] = {
    EMAIL: "A_EMAIL_ADDRESS",
    PHONE: "B_SMS_PHONE",
}
# As this operation spells them: the first and the last are of the reference, the others in the manner of the last.
_LEVELS = {
    "notVerified": "Not verified",
    "notRepeatedCredential": "Not_repeated_credential",
    "repeatedCredential": "Repeated_credential",
    "verificationLink": "Verification_link",
    "verificationCode": "Verification_code",
    "enteredPassword": "Entered_password",
    "externallyVerified": "Externally_verified",
}


async def list_users_info(call: Read[UserCaller]) -> CustomerInfo:
    """What is known of the logged-in customer. Raises NotFound."""
    return await list_info(call, await customer_of(call.database, call.caller))


async def list_info(call: Read[ClientCaller], customer_number: int) -> CustomerInfo:
    """What is known of a customer. Raises NotFound."""
    found = await find_contact(call.database, call.caller.partner_id, customer_number)
    if found is None:
        raise await no_such_customer(call.database, call.caller.partner_id, customer_number)
    contact = found.contact
    return CustomerInfo(
        customer_number=customer_number,
        name=name_of(contact),
        phone_numbers=[
            PhoneNumber(phone_number=phone.phone_number, phone_number_type=phone.phone_number_type)
            for phone in contact.phone_numbers
        ],
        emails=contact.emails,
        invoice_email_address=contact.invoice_email,
        attached_users=[_attached(user) for user in found.users],
    )


async def change_info(call: Write[UserCaller], request: CustomerInfoChange) -> CustomerInfoAnswer:
    """Replace names, phone numbers, e-mail addresses and where invoices go. Raises InvalidRequest, NotFound.

    What the request cannot say stays: national identity number, birth date, sex, organisation number, department
    code, address. So do the credentials of the customer's users, which they change themselves.
    """
    problems = Problems()
    wanted = checked_contact(request, call.partner.offers.country_code, problems)
    problems.refuse()
    customer_number = await customer_to_change(call.transaction, call.caller)
    changed = await change_contact(call.transaction, call.caller.partner_id, customer_number, wanted)
    if changed is not None:
        await _tell(call, customer_number, *changed)
    return CustomerInfoAnswer(success=True)


async def _tell(call: Write[UserCaller], customer_number: int, before: Contact, after: Contact) -> None:
    change = audit.Change(
        action="changeCustomerInfo",
        subject=f"customer:{customer_number}",
        before=contact_in_audit(before),
        after=contact_in_audit(after),
    )
    await audit.record(call.transaction, call.clock, call.caller, change)
    event = Event("customer", "update", {"customerNumber": customer_number})
    await publish(call.transaction, call.caller.partner_id, call.clock.now(), [event])


def name_of(contact: Contact | FoundCustomer) -> Name:
    """How a customer is named."""
    return Name(
        first_name=contact.first_name,
        middle_name=contact.middle_name,
        last_name=contact.last_name,
        company_name=contact.company_name,
        department_name=contact.department_name,
    )


def _attached(user: contact_queries.AttachedUser) -> AttachedUser:
    return AttachedUser(
        unique_id=unique_id_text(user.unique_id),
        credentials=[
            AttachedCredential(
                credential=credential.credential,
                credential_type=_CREDENTIAL_TYPES[credential.credential_type],
                verification_level=_LEVELS[credential.verification_level],
            )
            for credential in user.credentials
            if credential.credential_type in _CREDENTIAL_TYPES
        ],
    )
