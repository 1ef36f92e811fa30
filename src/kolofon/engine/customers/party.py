"""Payer, receiver, recruiter: a person or company as an order tells of it, on the wire and as it is kept."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kolofon.engine.customers.national_id import KEY_PURPOSE, seal_national_id
from kolofon.platform.schemas import CustomerNumber, RequestBody
from kolofon.platform.sealing import Secrets

DateOrTime = (
    Annotated[int, Meta(ge=-(2**53), le=2**53, description="Milliseconds since 1970-01-01 00:00 UTC.")]
    | Annotated[str, Meta(max_length=40, description="ISO 8601: a date, or a time with or without an offset.")]
)
Digits = (
    Annotated[int, Meta(ge=0, le=99999, description="A number.")]
    | Annotated[str, Meta(pattern="^ *[0-9]{0,5} *$", description="The same in digits, as older clients send it.")]
)
ChannelCode = Annotated[str, Meta(max_length=12, description="Code of a channel, e.g. DM or TM.")]
EnterpriseCode = Annotated[str, Meta(max_length=12, description="Code of an enterprise.")]
OrderTypeCode = Annotated[str, Meta(max_length=12, description="Code of an order type; none: the whole enterprise.")]
Email = Annotated[str, Meta(max_length=255, description="An e-mail address.")]
PhoneNumber = Annotated[str, Meta(max_length=40, description="E.164, or a number of the party's country.")]


class PartyCategory(RequestBody, omit_defaults=True, kw_only=True):
    """A customer category to set."""

    address_category: Annotated[str, Meta(max_length=12, description="Code of the category.")] | None = None
    free_value: Annotated[str, Meta(max_length=255, description="Text that belongs to it.")] | None = None


class PartyPermission(RequestBody, omit_defaults=True, kw_only=True):
    """A marketing permission or shield to record."""

    enterprise_code: EnterpriseCode | None = None
    order_type_code: OrderTypeCode | None = None
    channels: Annotated[list[ChannelCode], Meta(max_length=50, description="Several channels at once.")] | None = None
    channel_code: ChannelCode | None = None
    permission_type: (
        Annotated[Literal["permission", "shield"], Meta(description="Whether the channel is allowed or shielded.")]
        | None
    ) = None


class PartyPrivacy(RequestBody, omit_defaults=True, kw_only=True):
    """A purpose that the party permits its data to be used for."""

    enterprise_code: EnterpriseCode | None = None
    order_type_code: OrderTypeCode | None = None
    purpose: Annotated[str, Meta(max_length=20, description="Code of the purpose.")] | None = None


class Party(RequestBody, omit_defaults=True, kw_only=True):
    """A person or company. As it is kept it has been checked, and the national identity number is sealed."""

    customer_number: CustomerNumber | None = None
    company_registration_number: (
        Annotated[str, Meta(max_length=40, description="Organisation number of a company.")] | None
    ) = None
    company_name: Annotated[str, Meta(max_length=255, description="This or lastName is needed.")] | None = None
    department: Annotated[str, Meta(max_length=255, description="The company's code of a department.")] | None = None
    department_name: Annotated[str, Meta(max_length=255, description="Name of that department.")] | None = None
    persons_social_security_number: (
        Annotated[str, Meta(max_length=200, description="National identity number; sealed, never given back.")] | None
    ) = None
    first_name: Annotated[str, Meta(max_length=255, description="First name.")] | None = None
    middle_name: Annotated[str, Meta(max_length=255, description="Middle name.")] | None = None
    last_name: Annotated[str, Meta(max_length=255, description="This or companyName is needed.")] | None = None
    co_address: Annotated[str, Meta(max_length=255, description="Older name of careOfAddress.")] | None = None
    care_of_address: Annotated[str, Meta(max_length=255, description="The c/o line.")] | None = None
    street: Annotated[str, Meta(max_length=255, description="Name of the street.")] | None = None
    street_number: Digits | None = None
    entrance: Annotated[str, Meta(max_length=20, description="Letter of the house's entrance.")] | None = None
    floor_type: Annotated[str, Meta(max_length=1, description="Letter of the kind of floor.")] | None = None
    floor: Digits | None = None
    suite: Annotated[str, Meta(max_length=20, description="Flat or suite.")] | None = None
    postal_code: Annotated[str, Meta(max_length=10, description="Postal code; a payer needs one.")] | None = None
    postal_place: Annotated[str, Meta(max_length=255, description="Postal place.")] | None = None
    postal_address: Annotated[str, Meta(max_length=255, description="Another address for post: a box.")] | None = None
    postal_address_postal_code: Annotated[str, Meta(max_length=10, description="Its postal code.")] | None = None
    postal_address_postal_place: Annotated[str, Meta(max_length=255, description="Its postal place.")] | None = None
    country_code: (
        Annotated[str, Meta(max_length=3, description="ISO 3166 alpha-2; none: the partner's country.")] | None
    ) = None
    birth_date: DateOrTime | None = None
    sex: Annotated[Literal["male", "female"], Meta(description="Sex of a person.")] | None = None
    emails: (
        Annotated[list[Email], Meta(max_length=10, description="A payer needs one of these or of phoneNumbers.")] | None
    ) = None
    phone_numbers: (
        Annotated[list[PhoneNumber], Meta(max_length=10, description="A payer needs one of these or of emails.")] | None
    ) = None
    invoice_email_address: (
        Annotated[str, Meta(max_length=60, description="Where invoices are sent by e-mail.")] | None
    ) = None
    categories: (
        Annotated[list[PartyCategory], Meta(max_length=50, description="Customer categories to set.")] | None
    ) = None
    permissions: (
        Annotated[list[PartyPermission], Meta(max_length=50, description="Permissions and shields to record.")] | None
    ) = None
    privacy: Annotated[list[PartyPrivacy], Meta(max_length=50, description="Purposes that are permitted.")] | None = (
        None
    )


def sealed(party: Party, secrets: Secrets) -> Party:
    """A checked party as it may be kept: its national identity number can be read by nobody without the key."""
    number = party.persons_social_security_number
    if number is None:
        return party
    text = seal_national_id(number, secrets.key(KEY_PURPOSE))
    return msgspec.structs.replace(party, persons_social_security_number=text)
