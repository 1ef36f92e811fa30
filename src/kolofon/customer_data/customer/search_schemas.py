"""Wire shapes of Search customer."""

from typing import Annotated

from msgspec import Meta

from kolofon.customer_data.customer.schemas import EmailAddress, Name, PartOfName, PhoneNumber
from kolofon.engine.customers.searching.service import MOST_FOUND
from kolofon.platform.schemas import Answer, CustomerNumber, RequestBody


class CustomerSearch(RequestBody):
    """What is known of a customer; at least one member. All of them have to be true of a customer that is found.

    Case, accents, spaces and forms of writing do not matter, and words of three letters or more may be beginnings.
    """

    customer_number: CustomerNumber | None = None
    first_name: Annotated[PartOfName, Meta(description="First or middle names.")] | None = None
    last_name: Annotated[PartOfName, Meta(description="Last or middle names.")] | None = None
    company_name: Annotated[PartOfName, Meta(description="Company or department.")] | None = None
    company_registration_number: (
        Annotated[str, Meta(max_length=20, description="Organisation number, with or without spaces.")] | None
    ) = None
    phone_number: (
        Annotated[
            str,
            Meta(max_length=40, description="In any form, of the partner's country unless said; or five digits of it."),
        ]
        | None
    ) = None
    email: (
        Annotated[
            str,
            Meta(
                max_length=255,
                description="E-mail address, or three letters of its beginning.",
                extra_json_schema={"format": "email"},
            ),
        ]
        | None
    ) = None
    street_address: Annotated[str, Meta(max_length=40, description="Street or box, with or without number.")] | None = (
        None
    )
    street_number: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number in the street.")] | None = None
    entrance: Annotated[str, Meta(max_length=12, description="Entrance at that number.")] | None = None
    postal_code: Annotated[str, Meta(max_length=10, description="Postal code, with or without spaces.")] | None = None
    postal_place: Annotated[str, Meta(max_length=30, description="Name of the place.")] | None = None
    country_code: Annotated[str, Meta(max_length=3, description="Two letters of ISO 3166.")] | None = None
    external_id: Annotated[str, Meta(max_length=16, description="What another system calls the customer.")] | None = (
        None
    )
    reference_code: (
        Annotated[str, Meta(max_length=40, description="Which system; without it externalId is of any.")] | None
    ) = None
    text: (
        Annotated[
            str,
            Meta(
                max_length=255,
                description="Up to ten words, each a name, e-mail address, phone number, street, place or number.",
            ),
        ]
        | None
    ) = None


class CustomerFound(Answer, kw_only=True):
    """A customer that was found."""

    customer_number: CustomerNumber
    name: Name
    phone_numbers: Annotated[list[PhoneNumber], Meta(description="In the order they were given in.")]
    emails: Annotated[list[EmailAddress], Meta(description="The first is where post goes.")]


class CustomersFound(Answer):
    """The customers that were found."""

    customers: Annotated[
        list[CustomerFound], Meta(max_length=MOST_FOUND, description="The best first; empty when there are none.")
    ]
